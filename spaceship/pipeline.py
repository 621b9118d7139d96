"""One estimator from raw passengers to probabilities: features, encoding, model."""

from typing import Any

from sklearn.pipeline import Pipeline

from spaceship.encoding import encoder


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
