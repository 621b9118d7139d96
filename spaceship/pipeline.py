"""One estimator from raw passengers to probabilities: features, encoding, model."""

from collections.abc import Sequence
from typing import Any

from sklearn.pipeline import Pipeline

from spaceship.encoding import encoder
from spaceship.model.blend import Blend


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


def build_blend(members: Sequence[tuple[str, Any, str, Any]], **settings: Any) -> Blend:
    """Put candidates side by side; those with the same columns share what prepares them.

    Args:
        members: Of each, a key that is the same for the same columns, its feature set, its
            encoding and its estimator.
        **settings: Further arguments of `Blend`.

    Returns:
        An unfitted classifier which takes raw columns.

    """
    keys = list(dict.fromkeys(key for key, *_ in members))
    built = {
        key: Pipeline([("features", features), ("encoding", encoder(encoding))])
        for key, features, encoding, _ in members
    }
    pairs = [(keys.index(key), estimator) for key, *_, estimator in members]
    return Blend([built[key] for key in keys], pairs, **settings)
