"""Our candidates against others, fitted in the same time on the same group-aware outer folds."""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from scripts.bench import measure as bench
from spaceship.cli.main import prepare

FOLDS = 5
OWN = ("blend", "catboost", "lgbm", "tune", "hist_gradient_boosting defaults", "catboost defaults")
OTHERS = ("flaml raw", "flaml full", "autogluon raw", "autogluon full")
INSTALLS = {
    "flaml": ["flaml[automl]"],
    "autogluon": ["autogluon.tabular[catboost,lightgbm,xgboost]"],
}
"""What each other project's environment holds; of AutoGluon, no torch models."""
METRICS = ("accuracy", "roc_auc", "log_loss", "brier", "ece")

Folds = dict[str, dict[str, Any]]
"""What a contestant did by `seed/fold`: metrics, seconds, memory and the chances it gave."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Let every contestant learn every fold; print the table as it stands after each."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, required=True, help="Kaggle's files")
    parser.add_argument("--contestants", type=bench.names, default=",".join((*OWN, *OTHERS)))
    parser.add_argument("--seeds", type=bench.names, default="42,123", help="of the outer folds")
    parser.add_argument("--budget", type=int, default=300, help="seconds a fit may take")
    parser.add_argument("--results", type=Path, default=bench.ROOT / "outputs" / "accuracy.json")
    asked = parser.parse_args(arguments)
    prepare()
    known: dict[str, Folds] = read(asked.results)
    pythons = {name: environment(name) for name in needed(asked.contestants)}
    for contestant in asked.contestants:
        folds = known.setdefault(f"{contestant} in {asked.budget} s", {})
        python = pythons.get(contestant.split()[0], sys.executable)
        for key, fold in outer_folds(asked.data, [int(seed) for seed in asked.seeds]):
            if key not in folds:
                folds[key] = learn(python, contestant, fold, asked.budget, int(key.split("/")[0]))
                asked.results.parent.mkdir(parents=True, exist_ok=True)
                asked.results.write_text(json.dumps(known))
                told = {name: round(folds[key][name], 4) for name in (*METRICS, "seconds")}
                print(f"{contestant} {key}: {told}", file=sys.stderr, flush=True)
    print(bench.machine())
    for name, python in pythons.items():
        print(f"{name} {installed(python, INSTALLS[name][0].partition('[')[0])}, of its own")
    print(f"\nBudget of a fit: {asked.budget} s\n")
    chosen = {one: known[f"{one} in {asked.budget} s"] for one in asked.contestants}
    head = ["contestant", *METRICS, "ece, pooled", "seconds a fit", "peak, MB"]
    print(bench.table(head, (level_row(name, folds) for name, folds in chosen.items())))
    if "blend" in chosen:
        head = ["blend less …", *(f"{metric} ± SE" for metric in METRICS)]
        others = {name: folds for name, folds in chosen.items() if name != "blend"}
        rows = (difference_row(name, chosen["blend"], folds) for name, folds in others.items())
        print(bench.table(head, rows))


def read(path: Path) -> dict[str, Folds]:
    """Return what an earlier run has measured, so that a cut one goes on."""
    return json.loads(path.read_text()) if path.is_file() else {}


def needed(contestants: Sequence[str]) -> list[str]:
    """Return the other projects whose environment is needed."""
    return [name for name in INSTALLS if any(one.startswith(name) for one in contestants)]


def environment(name: str) -> str:
    """Return the Python of another project's environment, made on first use."""
    folder = bench.ROOT / "outputs" / "environments" / name
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"Installing {name} in {folder}", file=sys.stderr)
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
    """Return the folds by `seed/fold`: who learns, who is asked, and the data."""
    from spaceship.data.local import LocalData
    from spaceship.split.folds import group_folds
    from spaceship.task.spaceship_titanic.columns import ID, LABEL

    frame = LocalData(data).load().train
    return [
        (f"{seed}/{number}", {"frame": frame, "learn": train, "ask": test})
        for seed in seeds
        for number, (train, test) in enumerate(
            group_folds(frame[ID], frame[LABEL].to_numpy(), n_splits=FOLDS, seed=seed)
        )
    ]


def learn(
    python: str, contestant: str, fold: dict[str, Any], budget: int, seed: int
) -> dict[str, Any]:
    """Return the scores of a contestant on one fold, and what the process took."""
    from spaceship.evaluation.metrics import score
    from spaceship.task.spaceship_titanic.columns import LABEL

    train, ask = (fold["frame"].iloc[fold[name]] for name in ("learn", "ask"))
    truth = ask[LABEL].to_numpy(dtype=bool)
    if contestant.endswith(" full"):
        train, ask = featured(train, ask)
    else:
        ask = ask.drop(columns=LABEL)
    with tempfile.TemporaryDirectory() as place:
        train.to_csv(Path(place, "learn.csv"), index=False)
        ask.to_csv(Path(place, "ask.csv"), index=False)
        script = str(Path(__file__).with_name("bench_rivals.py"))
        command = [python, script, contestant, place, "--budget", str(budget), "--seed", str(seed)]
        measured = bench.measure(command).expect("")
        chances = [float(line) for line in Path(place, "chance.txt").read_text().split()]
    cost = {"seconds": measured.wall, "peak": measured.peak}
    return score(truth, chances) | cost | {"truth": truth.tolist(), "chances": chances}


def featured(train: Any, ask: Any) -> tuple[Any, Any]:
    """Return our `full` features of both parts, learnt from the first, beside id and label."""
    from spaceship.config.build import build
    from spaceship.task.spaceship_titanic.columns import ID, LABEL

    features = build(bench.composed("features=full").features)
    known = features.fit_transform(train, train[LABEL].to_numpy(dtype=bool))
    asked = features.transform(ask)
    beside = train[[ID, LABEL]]
    return known.assign(**{name: beside[name] for name in beside}), asked.assign(**{ID: ask[ID]})


def level_row(name: str, folds: Folds) -> list[str]:
    """Return a contestant's means over all folds and what a fit took."""
    means = (f"{fmean(fold[metric] for fold in folds.values()):.4f}" for metric in METRICS)
    seconds = bench.spread((fold["seconds"] for fold in folds.values()), 0)
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
        truth = np.concatenate([fold["truth"] for fold in own])
        errors.append(calibration_error(truth, np.concatenate([fold["chances"] for fold in own])))
    return fmean(errors)


def difference_row(name: str, mine: Folds, theirs: Folds) -> list[str]:
    """Return the paired differences over folds; folds of different seeds share passengers."""
    cells = []
    for metric in METRICS:
        pairs = [mine[key][metric] - theirs[key][metric] for key in mine if key in theirs]
        error = stdev(pairs) / math.sqrt(len(pairs)) if len(pairs) > 1 else math.nan
        cells.append(f"{fmean(pairs):+.4f} ± {error:.4f}")
    return [name, *cells]


if __name__ == "__main__":
    main()
