"""One contestant of `accuracy.py`: learns from one CSV file, predicts the rows of another.

It also runs in the environments of other projects, so it imports nothing of this one at the top.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LABEL, ID = "Transported", "PassengerId"
TUNING = 0.6
"""Share of a budget after which `mode=tune` starts no further trial; the rest is for its blend."""

NEEDED: dict[str, dict[str, Any]] = {
    "hist_gradient_boosting": {"categorical_features": "from_dtype"},
    "catboost": {"logging_level": "Silent", "allow_writing_files": False},
}
"""Arguments that a library's defaults need to take the columns, and to write no files."""


def main() -> None:
    """Write the probability of True for each row to predict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant")
    parser.add_argument("folder", type=Path, help="holds learn.csv and predict.csv")
    parser.add_argument("--budget", type=int, required=True, help="seconds")
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    name = given.contestant.partition(" ")[0]
    if name in {"flaml", "autogluon"}:
        probabilities = {"flaml": flaml, "autogluon": autogluon}[name](*frames(given), given.budget)
    elif name == "tune":
        probabilities = tune(given.folder, given.budget, given.seed)
    else:
        probabilities = own(given.contestant, given.folder, given.seed)
    text = "\n".join(repr(float(value)) for value in probabilities)
    (given.folder / "probabilities.txt").write_text(text)


def frames(given: argparse.Namespace) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the tables that a user of another tool would read from the files, without ids."""
    import pandas as pd

    learn, test = (pd.read_csv(given.folder / f"{name}.csv") for name in ("learn", "predict"))
    return learn.drop(columns=ID), test.drop(columns=ID)


def flaml(learn: "pd.DataFrame", test: "pd.DataFrame", budget: int) -> Any:
    """Let FLAML search for the budget."""
    from flaml import AutoML

    automl = AutoML()
    labels = learn.pop(LABEL).astype(int)
    automl.fit(
        learn, labels, task="classification", metric="log_loss", time_budget=budget, verbose=0
    )
    return automl.predict_proba(test)[:, 1]


def autogluon(learn: "pd.DataFrame", test: "pd.DataFrame", budget: int) -> Any:
    """Let AutoGluon bag and stack for the budget, without torch and in this process."""
    from autogluon.tabular import TabularPredictor

    with tempfile.TemporaryDirectory() as place:
        predictor = TabularPredictor(LABEL, eval_metric="log_loss", path=place, verbosity=0)
        predictor.fit(
            learn,
            time_limit=budget,
            presets="best_quality",
            excluded_model_types=["NN_TORCH", "FASTAI"],
            dynamic_stacking=False,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        )
        return predictor.predict_proba(test)[True].to_numpy()


def own(contestant: str, folder: Path, seed: int) -> Any:
    """Fit one of this project's candidates, or a library's defaults on the feature set `raw`."""
    from scripts.bench.measure import experiment
    from spaceship.evaluation.cross_validation import predict

    defaults = contestant.endswith(" defaults")
    name = contestant.removesuffix(" defaults")
    features = "raw" if defaults else "full"
    job = experiment(f"model={name}", f"features={features}", f"seed={seed}")
    pipeline = job.pipeline(job.recipe())
    learn = checked_rows(folder / "learn.csv", labelled=True)
    if defaults:
        plain: dict[str, Any] = (
            {"categorical_features": "from_dtype"} if name.startswith("hist") else {}
        )
        if name == "catboost":
            plain = {"logging_level": "Silent", "allow_writing_files": False}
        pipeline.set_params(estimator=type(pipeline[-1])(**plain))
    fitted, rows = pipeline.fit(learn, learn[LABEL].to_numpy()), folder / "predict.csv"
    return predict(fitted, checked_rows(rows, labelled=False), job.task)


def tune(folder: Path, budget: int, seed: int) -> Any:
    """Run `mode=tune` on the learning rows as a user would; return its champion's probabilities."""
    from scripts.bench.measure import experiment, run
    from spaceship.evaluation.cross_validation import predict
    from spaceship.registry import packaging

    place = folder / "kaggle"
    place.mkdir(exist_ok=True)
    shutil.copy(folder / "learn.csv", place / "train.csv")
    shutil.copy(folder / "predict.csv", place / "test.csv")
    options = ["data=local", f"data.dir={place}", f"paths.outputs={folder / 'outputs'}"]
    sweep = ["mode=tune", f"seed={seed}", f"hydra.sweeper.sampler.seed={seed}"]
    sweep += [f"hydra.sweeper.timeout={TUNING * budget:.0f}", "hydra.sweeper.n_trials=1000"]
    subprocess.run([*run(*sweep), *options], check=True, stdout=sys.stderr)
    job = experiment(*options)
    champion = packaging.load_version(job.registry, job.registry.champion()).pipeline
    rows = checked_rows(folder / "predict.csv", labelled=False)
    return predict(champion, rows, job.task)


def checked_rows(path: Path, *, labelled: bool) -> "pd.DataFrame":
    """Return the rows of a file, checked and typed."""
    from scripts.bench.measure import experiment
    from spaceship.data._base import Table
    from spaceship.data.checks import check
    from spaceship.data.csv_reader import read_csv

    return check(Table(read_csv(path), path.name), experiment().task, labelled=labelled)


if __name__ == "__main__":
    main()
