"""Plain scripts beside whole commands in `scripts.bench.scale`: seven fits, and predictions.

They do what a person would write without a framework, with pandas, scikit-learn and joblib, on the
project's features; `train_logged` logs to MLflow, too. Files are written into the working folder.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import pandas as pd

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

LABEL, ID = "Transported", "PassengerId"
_FOLDS, _MODEL = 5, "plain.joblib"
SETTINGS: dict[str, Any] = {  # those of configs/model/lgbm.yaml
    "n_estimators": 400,
    "learning_rate": 0.04,
    "num_leaves": 16,
    "min_child_samples": 15,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "reg_lambda": 10.0,
    "cat_smooth": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
    "random_state": 42,
    "n_jobs": 1,
}


def train(data: Path) -> dict[str, float]:
    """Cross-validate, score a hold-out, fit on all rows, keep the pipeline; return mean scores."""
    from sklearn.metrics import accuracy_score, brier_score_loss, log_loss, roc_auc_score
    from sklearn.model_selection import GroupKFold, GroupShuffleSplit

    frame = pd.read_csv(data / "train.csv")
    y, groups = frame.pop(LABEL).to_numpy(bool), frame[ID].str.partition("_")[0]
    kept, held = next(GroupShuffleSplit(1, test_size=0.2, random_state=0).split(frame, y, groups))
    parts = [
        (kept[learn], kept[test])
        for learn, test in GroupKFold(_FOLDS).split(kept, groups=groups.iloc[kept])
    ]
    scores = []
    for learn, test in [*parts, (kept, held)]:
        fitted = unfitted().fit(frame.iloc[learn], y[learn])
        chance = fitted.predict_proba(frame.iloc[test])[:, 1]
        losses = {
            m.__name__: m(y[test], chance) for m in (log_loss, roc_auc_score, brier_score_loss)
        }
        scores.append({"accuracy": accuracy_score(y[test], chance.round()), **losses})
    joblib.dump(unfitted().fit(frame, y), _MODEL)
    mean = pd.DataFrame(scores).mean()
    print(mean)
    return {str(name): float(value) for name, value in mean.items()}


def train_logged(data: Path) -> None:
    """Train, and log settings, scores and the model to a database of MLflow."""
    import mlflow

    mlflow.set_tracking_uri("sqlite:///plain.db")
    with mlflow.start_run():
        mlflow.log_metrics(train(data))
        mlflow.log_params(SETTINGS)
        kept = {"pip_requirements": ["lightgbm"], "serialization_format": "cloudpickle"}
        mlflow.sklearn.log_model(joblib.load(_MODEL), name="model", **kept)


def infer(data: Path) -> None:
    """Load the pipeline, predict the rows of the test file, write Kaggle's file."""
    rows = pd.read_csv(data / "test.csv")
    predicted = joblib.load(_MODEL).predict(rows)
    pd.DataFrame({ID: rows[ID], LABEL: predicted}).to_csv("plain.csv", index=False)


def unfitted() -> "Pipeline":
    """Return LightGBM on the features `full` with the settings of `model=lgbm`.

    >>> [name for name, _ in unfitted().steps]
    ['features', 'encoding', 'estimator']
    """
    from lightgbm import LGBMClassifier
    from sklearn.pipeline import Pipeline

    from spaceship.model.encoding import CategoryEncoder
    from spaceship.task.spaceship_titanic.features.full import FullFeatures

    blocks = ["cryo_logic", "spending", "no_spend", "place_score"]
    features, model = FullFeatures(blocks), LGBMClassifier(**SETTINGS)
    return Pipeline([("features", features), ("encoding", CategoryEncoder()), ("estimator", model)])


if __name__ == "__main__":
    {"train": train, "train_logged": train_logged, "infer": infer}[sys.argv[1]](Path(sys.argv[2]))
