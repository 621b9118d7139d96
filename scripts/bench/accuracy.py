"""Accuracy of our candidates and of other projects on the same group-aware outer folds."""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from scripts.bench.measure import (
    ROOT,
    Measured,
    experiment,
    kaggle_data,
    kaggle_parser,
    machine,
    measure,
    names,
    numbers,
    progress,
    spread,
    table,
)
from spaceship.cli.main import prepare

FOLDS = 5
OWN = ("blend", "catboost", "lgbm", "tune", "hist_gradient_boosting defaults", "catboost defaults")
OTHERS = ("flaml raw", "flaml full", "autogluon raw", "autogluon full")
INSTALLS = {
    "flaml": ["flaml[automl]"],
    "autogluon": ["autogluon.tabular[catboost,lightgbm,xgboost]"],
}
"""Packages of each other project's environment; of AutoGluon, no torch models."""
ENVIRONMENTS = ROOT / "outputs" / "environments"
METRICS = ("accuracy", "roc_auc", "log_loss", "brier", "ece")

Folds = dict[str, dict[str, Any]]
"""By `seed/fold` of a contestant: metrics, seconds, memory and its probabilities."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Let every contestant learn every fold; print the table."""
    options = kaggle_parser(__doc__)
    options.add_argument("--contestants", type=names, default=",".join((*OWN, *OTHERS)))
    options.add_argument("--seeds", type=numbers, default="42,123", help="of the outer folds")
    options.add_argument("--budget", type=int, default=300, help="seconds a fit may take")
    options.add_argument("--results", type=Path, default=ROOT / "outputs" / "accuracy.json")
    given = options.parse_args(arguments)
    prepare()
    earlier = json.loads(given.results.read_text()) if given.results.is_file() else {}
    known: dict[str, Folds] = earlier  # a run that was cut off goes on
    pythons = {name: environment(name) for name in needed(given.contestants)}
    for contestant in given.contestants:
        folds = known.setdefault(f"{contestant} in {given.budget} s", {})
        python = pythons.get(contestant.split()[0], sys.executable)
        for key, fold in outer_folds(given.data, given.seeds):
            if key not in folds:
                folds[key] = learn(python, contestant, fold, given.budget, int(key.split("/")[0]))
                given.results.parent.mkdir(parents=True, exist_ok=True)
                given.results.write_text(json.dumps(known))
                figures = {name: round(folds[key][name], 4) for name in (*METRICS, "seconds")}
                progress(f"{contestant} {key}: {figures}")
    print(machine())
    for name, python in pythons.items():
        print(f"{name} {installed(python, INSTALLS[name][0].partition('[')[0])}, of its own")
    print(f"\nBudget of a fit: {given.budget} s\n")
    chosen = {one: known[f"{one} in {given.budget} s"] for one in given.contestants}
    head = ["contestant", *METRICS, "ece, pooled", "seconds a fit", "peak, MB"]
    print(table(head, (level_row(name, folds) for name, folds in chosen.items())))
    if "blend" in chosen:
        head = ["blend less …", *(f"{metric} ± SE" for metric in METRICS)]
        others = {name: folds for name, folds in chosen.items() if name != "blend"}
        rows = (difference_row(name, chosen["blend"], folds) for name, folds in others.items())
        print(table(head, rows))


def needed(contestants: Sequence[str]) -> list[str]:
    """Return the other projects whose environment is needed."""
    return [name for name in INSTALLS if any(one.startswith(name) for one in contestants)]


def environment(name: str, environments: Path = ENVIRONMENTS) -> str:
    """Return the Python of another project's environment, made in a folder on first use."""
    folder = environments / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        progress(f"Installing {name} in {folder}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *INSTALLS[name]], check=True)
        (folder / "ready").touch()
    return str(python)


def installed(python: str, package: str) -> str:
    """Return the version of a package in an environment."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def outer_folds(data: Path, seeds: Sequence[int]) -> list[tuple[str, dict[str, Any]]]:
    """Return the folds by `seed/fold`: rows to learn from, rows to predict, and the data."""
    from spaceship.split.folds import group_folds

    people = kaggle_data(data)
    frame, task = people.train, people.task
    groups, labels = task.group_names(frame), task.target(frame)
    return [
        (f"{seed}/{number}", {"frame": frame, "learn": train, "predict": test})
        for seed in seeds
        for number, (train, test) in enumerate(
            group_folds(groups, labels, task, n_splits=FOLDS, seed=seed)
        )
    ]


def learn(
    python: str, contestant: str, fold: dict[str, Any], budget: int, seed: int
) -> dict[str, Any]:
    """Return the scores of a contestant on one fold, and the cost of its process."""
    from scripts.bench.rivals import Problem
    from spaceship.evaluation.metrics import score
    from spaceship.task.spaceship_titanic.columns import ID, LABEL

    train, test = (fold["frame"].iloc[fold[name]] for name in ("learn", "predict"))
    target, truth = (part[LABEL].to_numpy(dtype=bool) for part in (train, test))
    if contestant.endswith(" full"):
        train, test = featured(train, test)
    problem = Problem("binary", target.tolist(), LABEL, [ID], ["data=local"])
    fitted = fit(python, (contestant, train, test, problem), budget, seed)
    fitted.cost.expect("")
    cost = {"seconds": fitted.cost.wall, "peak": fitted.cost.peak}
    predicted = {"truth": truth.tolist(), "probabilities": fitted.values}
    return score(truth, fitted.values) | cost | predicted


@dataclass(frozen=True)
class Fitted:
    """The predictions of a contestant, and the cost of its process."""

    values: list[Any]
    cost: Measured


def fit(python: str, rows: Any, budget: int, seed: int, folder: Path | None = None) -> Fitted:
    """Let a contestant learn some rows and predict others, in a process and a folder."""
    contestant, train, test, problem = rows
    with tempfile.TemporaryDirectory() as place:
        train.to_csv(Path(place, "learn.csv"), index=False)
        test.drop(columns=problem.label, errors="ignore").to_csv(
            Path(place, "predict.csv"), index=False
        )
        problem.write(Path(place))
        script = str(Path(__file__).with_name("rivals.py"))
        command = [python, script, contestant, place, "--budget", str(budget), "--seed", str(seed)]
        cost = measure(command, folder)
        found = Path(place, "predicted.json")
        return Fitted(json.loads(found.read_text()) if found.exists() else [], cost)


def featured(train: Any, test: Any) -> tuple[Any, Any]:
    """Return our `full` features of both parts, learnt from the first, beside id and label."""
    from spaceship.config.build import build
    from spaceship.task.spaceship_titanic.columns import ID, LABEL

    features = build(experiment("features=full").nodes.resolved("features"))
    learnt = features.fit_transform(train, train[LABEL].to_numpy(dtype=bool))
    beside = {name: train[name] for name in (ID, LABEL)}
    return learnt.assign(**beside), features.transform(test).assign(**{ID: test[ID]})


def level_row(name: str, folds: Folds) -> list[str]:
    """Return a contestant's means over all folds and the cost of a fit."""
    means = (f"{fmean(fold[metric] for fold in folds.values()):.4f}" for metric in METRICS)
    seconds = spread((fold["seconds"] for fold in folds.values()), 0)
    peak = f"{median(fold['peak'] for fold in folds.values()):.0f}"
    return [name, *means, f"{pooled_ece(folds):.4f}", seconds, peak]


def pooled_ece(folds: Folds) -> float:
    """Return the calibration error over all rows of a seed's folds, mean of seeds.

    A fold alone is small: even true probabilities have an error of some 0.02 on its rows.
    """
    import numpy as np

    from spaceship.evaluation.metrics import calibration_error

    errors = []
    for seed in {key.split("/")[0] for key in folds}:
        own = [fold for key, fold in folds.items() if key.split("/")[0] == seed]
        truth, probabilities = (
            np.concatenate([fold[key] for fold in own]) for key in ("truth", "probabilities")
        )
        errors.append(calibration_error(truth, probabilities))
    return fmean(errors)


def difference_row(name: str, own: Folds, other: Folds) -> list[str]:
    """Return the paired differences over folds; folds of different seeds share passengers."""
    cells = []
    for metric in METRICS:
        pairs = [own[key][metric] - other[key][metric] for key in own if key in other]
        error = stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else math.nan
        cells.append(f"{fmean(pairs):+.4f} ± {error:.4f}")
    return [name, *cells]


if __name__ == "__main__":
    main()
