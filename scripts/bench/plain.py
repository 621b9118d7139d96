"""Plain scripts that train and predict without the framework: floors of `scripts.bench.scale`.

They do what `mode=train model=lgbm features=raw` and `mode=inference` do with Kaggle's files: the
same seven fits, their scores, a stored model, a file of predictions; nothing is checked or logged.
"""

import sys
from pathlib import Path
from typing import Any

FOLDS, LABEL, ID = 5, "Transported", "PassengerId"
SETTINGS: dict[str, Any] = {  # those of configs/model/lgbm.yaml
    "n_estimators": 400,
    "learning_rate": 0.04,
    "num_leaves": 16,
    "min_child_samples": 15,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "reg_lambda": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
    "random_state": 42,
    "n_jobs": 1,
}


def matrix(path: Path) -> Any:
    """Return the rows of a file as LightGBM takes them, with id and label."""
    import pandas as pd

    rows = pd.read_csv(path)
    parts = rows.pop("Cabin").str.split("/", expand=True)
    rows = rows.drop(columns="Name").assign(
        Deck=parts[0], CabinNumber=pd.to_numeric(parts[1]), Side=parts[2]
    )
    texts = [name for name in rows.select_dtypes(exclude="number") if name not in {ID, LABEL}]
    return rows.astype(dict.fromkeys(texts, "category"))


def train(folder: Path) -> None:
    """Score LightGBM by folds and on a hold-out, fit it on all rows and store it."""
    import joblib
    from lightgbm import LGBMClassifier
    from sklearn.metrics import accuracy_score, log_loss
    from sklearn.model_selection import GroupKFold, GroupShuffleSplit

    rows = matrix(folder / "train.csv")
    group, y = rows.pop(ID).str.split("_").str[0], rows.pop(LABEL).astype(bool)

    def scored(learn: Any, rest: Any) -> None:
        model = LGBMClassifier(**SETTINGS).fit(rows.iloc[learn], y.iloc[learn])
        chance = model.predict_proba(rows.iloc[rest])[:, 1]
        print(accuracy_score(y.iloc[rest], chance > 0.5), log_loss(y.iloc[rest], chance))  # noqa: PLR2004

    [(training, held)] = GroupShuffleSplit(1, test_size=0.2, random_state=42).split(rows, y, group)
    folds = GroupKFold(FOLDS).split(training, groups=group.iloc[training])
    for learn, rest in folds:
        scored(training[learn], training[rest])
    scored(training, held)
    joblib.dump(LGBMClassifier(**SETTINGS).fit(rows, y), folder / "model.joblib")


def predict(folder: Path) -> None:
    """Write the predictions of the stored model for the test file."""
    import joblib

    rows = matrix(folder / "test.csv")
    ids, model = rows.pop(ID), joblib.load(folder / "model.joblib")
    answers = ids.to_frame().assign(**{LABEL: model.predict(rows)})
    answers.to_csv(folder / "predictions.csv", index=False)


if __name__ == "__main__":
    {"train": train, "predict": predict}[sys.argv[1]](Path(sys.argv[2]))
