"""One estimator from raw passengers to probabilities: features, encoding, model."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from spaceship.model.blend import Blend
from spaceship.model.encoding import encoder


def build_pipeline(features: Any, encoding: str, estimator: Any) -> Pipeline:
    """Chain a feature set, an encoding and an estimator into one unfitted pipeline.

    Args:
        features: Transformer from raw columns to float64 and `str` columns.
        encoding: How the estimator wants its input, `native` or `onehot`.
        estimator: Classifier with `predict_proba`.

    Returns:
        Pipeline with the steps `features`, `encoding` and `estimator`, which takes raw columns.

    Raises:
        ConfigError: The encoding has no such name.

    """
    steps = [("features", features), ("encoding", encoder(encoding)), ("estimator", estimator)]
    return Pipeline(steps)


def build_blend(members: Sequence[tuple[str, Any, Any]], **settings: Any) -> Blend:
    """Put candidates side by side; those with the same columns share what prepares them.

    Args:
        members: Of each, a key that is the same for the same columns, what prepares these, and its
            estimator.
        **settings: Further arguments of `Blend`.

    Returns:
        An unfitted classifier which takes raw columns.

    """
    prepared = {key: steps for key, steps, _ in members}
    places = {key: place for place, key in enumerate(prepared)}
    pairs = [(places[key], estimator) for key, _, estimator in members]
    return Blend(list(prepared.values()), pairs, **settings)
