"""One contestant of `accuracy.py` or `foreign.py`: learns from a CSV file, predicts another's rows.

It also runs in the environments of other projects, so it imports nothing of this one at the top.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

TUNING = 0.6
"""Share of a budget after which `mode=tune` starts no further trial; the rest is for its blend."""
NO_TORCH = {"excluded_model_types": ["NN_TORCH", "FASTAI"], "dynamic_stacking": False}
"""Arguments of AutoGluon that keep to models without torch."""
NEEDED: dict[str, dict[str, Any]] = {
    "hist_gradient_boosting": {"categorical_features": "from_dtype"},
    "catboost": {"logging_level": "Silent", "allow_writing_files": False},
}
"""Arguments that a library's defaults need to take the columns, and to write no files."""


@dataclass(frozen=True)
class Problem:
    """Contents of `known.json`: what the columns of `learn.csv` and `predict.csv` mean."""

    kind: str  # binary, multiclass or regression
    target: list[float]  # the number of each learnt row's class, or its number
    label: str  # the column of the labels
    left_out: list[str]  # further columns that no other tool learns from: id, group
    told: list[str]  # overrides that choose this project's task and data
    n_classes: int = 2

    @property
    def classes(self) -> bool:
        """Whether classes are predicted."""
        return self.kind != "regression"

    def write(self, folder: Path) -> None:
        """Write it to a folder."""
        (folder / "known.json").write_text(json.dumps(self.__dict__))


@dataclass(frozen=True)
class Given:
    """Arguments of a fit."""

    folder: Path  # holds learn.csv, predict.csv and known.json
    budget: int  # seconds
    seed: int
    problem: Problem

    def frames(self) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """Return the columns that a user of another tool would learn from and predict."""
        import pandas as pd

        apart = [*self.problem.left_out, self.problem.label]
        learn, test = (pd.read_csv(self.folder / f"{one}.csv") for one in ("learn", "predict"))
        return tuple(one.drop(columns=apart, errors="ignore") for one in (learn, test))  # type: ignore[return-value]

    @property
    def y(self) -> "np.ndarray":
        """The learnt rows' classes as whole numbers, or their numbers, `(n_rows,)`."""
        import numpy as np

        return np.array(self.problem.target, dtype=int if self.problem.classes else float)


def main() -> None:
    """Write what is predicted for each row: a probability of True, of each class, or a number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contestant")
    parser.add_argument("folder", type=Path, help="holds learn.csv, predict.csv, known.json")
    parser.add_argument("--budget", type=int, required=True, help="seconds")
    parser.add_argument("--seed", type=int, required=True)
    told = parser.parse_args()
    problem = Problem(**json.loads((told.folder / "known.json").read_text()))
    given = Given(told.folder.absolute(), told.budget, told.seed, problem)
    name, *words = told.contestant.split()
    if words == ["plain"]:
        values = plain(given, name)
    else:
        ways = {"flaml": flaml, "autogluon": autogluon, "tune": tune}
        values = ways[name](given, words) if name in ways else own(given, name, words)
    (given.folder / "predicted.json").write_text(json.dumps(values.tolist()))


def flaml(given: Given, words: Sequence[str]) -> "np.ndarray":
    """Let FLAML search for the budget."""
    from flaml import AutoML

    del words
    learn, test = given.frames()
    automl, classes = AutoML(), given.problem.classes
    kind, metric = ("classification", "log_loss") if classes else ("regression", "rmse")
    settings = {"task": kind, "metric": metric, "time_budget": given.budget, "verbose": 0}
    automl.fit(learn, given.y, seed=given.seed, **settings)
    return _values(automl, test, given) if classes else automl.predict(test)


def autogluon(given: Given, words: Sequence[str]) -> "np.ndarray":
    """Let AutoGluon learn for the budget with the preset of `words`, in this process."""
    import numpy as np
    from autogluon.tabular import TabularPredictor

    learn, test = given.frames()
    kind, label = given.problem.kind, "label to predict"
    presets = next((word for word in words if word.endswith("_quality")), "best_quality")
    bagged = (
        {}
        if presets == "medium_quality"
        else {"ag_args_ensemble": {"fold_fitting_strategy": "sequential_local"}}
    )
    with tempfile.TemporaryDirectory() as place:
        metric = "log_loss" if given.problem.classes else "root_mean_squared_error"
        predictor = TabularPredictor(
            label, problem_type=kind, eval_metric=metric, path=place, verbosity=0
        )
        rows = learn.assign(**{label: given.y})
        predictor.fit(rows, time_limit=given.budget, presets=presets, **NO_TORCH, **bagged)
        if not given.problem.classes:
            return np.asarray(predictor.predict(test), dtype=float)
        chances = predictor.predict_proba(test)
    return _by_class(chances.to_numpy(), [int(one) for one in chances.columns], given)


def plain(given: Given, name: str) -> "np.ndarray":
    """Fit a library with its defaults on the columns of the file, texts as categories."""
    from types import SimpleNamespace

    from scripts.bench.tables import plain as histograms

    learn, test = given.frames()
    if name == "hist_gradient_boosting":
        kind: Any = SimpleNamespace(is_classification=given.problem.classes)
        fitted = histograms(learn, given.y, kind)
    else:
        from catboost import CatBoostClassifier, CatBoostRegressor

        words = learn.select_dtypes(exclude=["number", "bool"]).columns.tolist()
        learn, test = (
            one.assign(**{word: one[word].astype("str").fillna("") for word in words})
            for one in (learn, test)
        )
        model = CatBoostClassifier if given.problem.classes else CatBoostRegressor
        fitted = model(cat_features=words, random_seed=given.seed, **NEEDED["catboost"])
        fitted.fit(learn, given.y)
    return _values(fitted, test, given) if given.problem.classes else fitted.predict(test)


def _values(fitted: Any, test: "pd.DataFrame", given: Given) -> "np.ndarray":
    return _by_class(fitted.predict_proba(test), [int(one) for one in fitted.classes_], given)


def _by_class(chances: "np.ndarray", classes: Sequence[int], given: Given) -> "np.ndarray":
    """Return the probability of True, or of each class; 0 of a class that no learnt row has."""
    import numpy as np

    whole = np.zeros((len(chances), given.problem.n_classes))
    whole[:, classes] = chances
    return whole[:, 1] if given.problem.kind == "binary" else whole


def own(given: Given, name: str, words: Sequence[str]) -> "np.ndarray":
    """Fit a model of this project, or (`defaults`) its library's defaults on `features=raw`."""
    from scripts.bench.measure import experiment
    from spaceship.evaluation.cross_validation import predict

    plain = ["features=raw"] if words == ["defaults"] else []
    job = experiment(*given.problem.told, f"model={name}", f"seed={given.seed}", *plain)
    pipeline = job.pipeline(job.recipe())
    if plain:
        pipeline.set_params(estimator=type(pipeline[-1])(**NEEDED.get(name, {})))
    target = given.y.astype(bool) if given.problem.kind == "binary" else given.y
    fitted = pipeline.fit(checked_rows(job, given.folder / "learn.csv"), target)
    return predict(fitted, checked_rows(job, given.folder / "predict.csv"), job.task)


def tune(given: Given, words: Sequence[str]) -> "np.ndarray":
    """Run `mode=tune` on the learning rows as a user would; return what its champion predicts.

    The gate is overruled: a table that hardly can be predicted would have no champion.
    """
    from scripts.bench.measure import experiment, run
    from spaceship.evaluation.cross_validation import predict
    from spaceship.registry import packaging

    del words
    told = [*given.problem.told, "data=local", f"data.train={given.folder / 'learn.csv'}"]
    told.append(f"paths.outputs={given.folder / 'outputs'}")
    sweep = ["mode=tune", f"seed={given.seed}", f"hydra.sweeper.sampler.seed={given.seed}"]
    sweep += [f"hydra.sweeper.timeout={TUNING * given.budget:.0f}", "hydra.sweeper.n_trials=1000"]
    sweep += ["gate.force=true", "reason=benchmark"]
    subprocess.run([*run(*sweep), *told], check=True, stdout=sys.stderr)
    job = experiment(*told)
    champion = packaging.load_version(job.registry, job.registry.champion()).pipeline
    return predict(champion, checked_rows(job, given.folder / "predict.csv"), job.task)


def checked_rows(job: Any, path: Path) -> "pd.DataFrame":
    """Return the rows of a file, checked and typed."""
    from spaceship.data._base import Table
    from spaceship.data.checks import check
    from spaceship.data.csv_reader import read_csv

    return check(Table(read_csv(path), path.name), job.task, labelled=path.stem == "learn")


if __name__ == "__main__":
    main()
