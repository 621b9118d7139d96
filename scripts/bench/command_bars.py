"""Bars of commands, services and trials beside their floors, for `scripts.bench.scale`.

Costs are those of whole processes, on passengers in CSV files, but for the served rows.
"""

import sys
from functools import partial

from scripts.bench import scoring, serving, startup, sweep
from scripts.bench.bars import FOLDS, MATRIX, Bar, Pairs, Rows, Step, Turns
from scripts.bench.measure import RUN, measure, run

_TRAIN = ("mode=train", "model=lgbm")
_TRIALS = 20


def command(*words: str, used: bool = True) -> Step:
    """Return a step that runs a command in a used folder of outputs, or a new one."""

    def step(rows: Rows) -> float:
        outputs = rows.trained if used else rows.new_folder()
        return (
            measure(run(*words, *rows.files, outputs=outputs), OMP_NUM_THREADS="1").expect("").peak
        )

    return step


def script(*words: str) -> Step:
    """Return a step that runs Python with some words and the folder of the files."""

    def step(rows: Rows) -> float:
        given = [sys.executable, *words, str(rows.kaggle)]
        return measure(given, rows.folder, OMP_NUM_THREADS="1").expect("").peak

    return step


def fit_seven_times(rows: Rows) -> None:
    """Fit LightGBM on a ready matrix as often as `mode=train` does, on as many rows."""
    n_rows = len(rows.frame)
    training = int(0.8 * n_rows)
    rows.fit_alone(*[slice(int(0.8 * training))] * FOLDS, slice(training), slice(n_rows))


def start(which: int) -> Step:
    """Return a step that prints the config of a minimal Hydra app (0) or of the project (1)."""

    def step(rows: Rows) -> float:
        scripts = (startup.write_app(rows.folder / "app"), RUN)
        return startup.answer(startup.QUERIES[1], scripts, which).peak

    return step


def streamed(rows: Rows, turns: int) -> Turns:
    """Return the costs of scoring a Parquet file, and of the bare booster on its matrix."""
    folder = rows.new_folder()
    folder.mkdir(parents=True)
    found = scoring.costs(folder, len(rows.frame), turns, wall=False)
    return found.own, found.booster, found.peaks[0]


def served(size: int, way: str, rows: Rows, turns: int) -> Turns:
    """Return CPU seconds of rows served at once, and of the trees alone."""
    folder = rows.new_folder()
    asked = serving.save_model(folder, "model=lgbm", "features=full", *rows.overrides)
    ways, trees = serving.ways_to_answer(folder, asked[:size])
    times = serving.CALLS[size]
    calls = [call for call in (ways[way], trees) if call]
    costs = [[serving.cpu(call, times) for call in calls] for _ in range(turns)]
    own, least = ([pair[at] for pair in costs] for at in (0, 1))
    return own, least, float("nan")


def trials(rows: Rows, turns: int) -> Turns:
    """Return the costs of trials whose fits cost nothing, and of those of a plain Optuna loop."""
    kept, _ = sweep.trial_costs(rows.kaggle, _TRIALS * turns)
    own, floor = ([ms / 1e3 for ms in kept[kind]] for kind in ("sweep", "plain"))
    return own, floor, float("nan")


def _both(pairs: Pairs, most: str, quick: tuple[int, ...] = (), *needs: str) -> Bar:
    """Return a bar that measures both of its costs by itself."""

    def nothing(_: Rows) -> None: ...

    return Bar(nothing, nothing, needs, most, quick, 1, pairs)


_PLAIN, _BOTH = ("-m", "scripts.bench.plain"), ("trained", "trained_plainly")
_SMALL = (3_000,)
COMMAND_BARS = {
    "mode=train over a plain script": Bar(
        command(*_TRAIN), script(*_PLAIN, "train"), _BOTH, "1.10", _SMALL, 1
    ),
    "mode=train over a plain script that logs to MLflow": Bar(
        command(*_TRAIN), script(*_PLAIN, "train_logged"), _BOTH, "-"
    ),
    "mode=train over its seven fits": Bar(
        command(*_TRAIN, "features=raw", used=False),
        fit_seven_times,
        (*MATRIX, "kaggle"),
        "1.5 and 1.5 GB at 10⁶",
    ),
    "mode=train in a new folder over a used one": Bar(
        command(*_TRAIN, used=False), command(*_TRAIN), ("trained",), "+0.5 s"
    ),
    "mode=history over importing mlflow": Bar(
        command("mode=history"), script("-c", "import mlflow"), ("trained",), "1.3", _SMALL, 2
    ),
    "mode=inference over a joblib script": Bar(
        command("mode=inference"), script(*_PLAIN, "infer"), _BOTH, "1.15", _SMALL, 1
    ),
    "--cfg job over a minimal Hydra app": Bar(start(1), start(0), (), "1.6", _SMALL, 2),
    "trials over a plain Optuna loop": _both(trials, "1.0; 20 ms", _SMALL, "kaggle"),
    "a batch of served rows over its trees": _both(
        partial(served, serving.BATCH, "request to answer"), "0.02 s", _SMALL
    ),
    "one served row over its trees": _both(partial(served, 1, "values to answers"), "0.003 s"),
    "long files over the bare booster": _both(streamed, "1.25; 600 MB", (100_000,)),
}
