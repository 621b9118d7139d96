"""Bars of commands, services and trials beside their floors, for `scripts.bench.scale`.

Costs are those of whole processes, on passengers in CSV files, but for the served rows.
"""

import sys
from collections.abc import Callable
from functools import partial

from scripts.bench import scoring, serving, startup, sweep
from scripts.bench.bars import Bar, Rows, Turns
from scripts.bench.measure import RUN, measure, run

_JOB = ("model=lgbm", "features=raw", "report.of_jobs=false", "gate.floor.minimum=0.5")
_TRIALS = 20
_PREDICTED = "inference.output={}/predictions.csv"


def command(*words: str, used: bool = True) -> Callable[[Rows], float]:
    """Return a step that runs a command in a used folder of outputs, or a new one."""

    def step(rows: Rows) -> float:
        outputs = rows.trained if used else rows.new_folder()
        predicted = (_PREDICTED.format(outputs), "inference.overwrite=true")
        given = [*words, *rows.files, *(predicted if "mode=inference" in words else ())]
        return measure(run(*given, outputs=outputs), OMP_NUM_THREADS="1").expect("").peak

    return step


def script(*words: str) -> Callable[[Rows], float]:
    """Return a step that runs Python with some words and the folder of the files."""

    def step(rows: Rows) -> float:
        given = [sys.executable, *words, *([str(rows.kaggle)] if words[0] == "-m" else ())]
        return measure(given, OMP_NUM_THREADS="1").expect("").peak

    return step


def start(which: int) -> Callable[[Rows], float]:
    """Return a step that prints the config of a minimal Hydra app (0) or of the project (1)."""

    def step(rows: Rows) -> float:
        scripts = (startup.write_app(rows.folder / "app"), RUN)
        return startup.answer(startup.QUERIES[1], scripts, which).peak

    return step


def streamed(rows: Rows, turns: int) -> Turns:
    """Return the costs of scoring a Parquet file, and of the bare booster on its matrix."""
    folder = rows.new_folder()
    folder.mkdir(parents=True)
    found = scoring.costs(folder, rows.count, turns, wall=False)
    return found.own, found.booster, found.peaks[0]


def served(name: str, rows: Rows, turns: int) -> Turns:
    """Return CPU seconds of a line of the benchmark of serving, and of the trees alone."""
    folder = rows.folder / "served"
    asked = serving.save_model(folder, "model=lgbm", "features=full", "data.n_groups=4000")
    own, least = list[float](), list[float]()
    for _ in range(turns):
        [found] = (line for line in serving.in_process(folder, asked) if line[0] == name)
        for seconds, text in zip((own, least), found[1:3], strict=True):
            number = float(text.replace(",", ""))
            seconds.append(serving.BATCH / number if "rows/s" in name else number / 1e3)
    return own, least, float("nan")


def trials(rows: Rows, turns: int) -> Turns:
    """Return the costs of trials whose fits cost nothing, and of those of a plain Optuna loop."""
    kept, _ = sweep.trial_costs(rows.kaggle, _TRIALS * turns)
    own, floor = ([ms / 1e3 for ms in kept[kind]] for kind in ("sweep", "plain"))
    return own, floor, float("nan")


def nothing(_: Rows) -> None:
    """Do nothing: the step of a bar that measures both costs by itself."""


_ONE = "one row, ms: values to answers"
_BATCH = f"batches of {serving.BATCH:,}, rows/s: request to answer"
_PLAIN = ("-m", "scripts.bench.plain")
COMMAND_BARS = {
    "mode=train over a plain script": Bar(
        command("mode=train", *_JOB, used=False),
        script(*_PLAIN, "train"),
        ("kaggle",),
        "1.10",
        quick=(10_000,),
        turns=2,
    ),
    "mode=inference over a joblib script": Bar(
        command("mode=inference"),
        script(*_PLAIN, "predict"),
        ("trained", "stored_plainly"),
        "1.15",
        quick=(10_000,),
        turns=3,
    ),
    "mode=history over importing mlflow": Bar(
        command("mode=history"),
        script("-c", "import mlflow"),
        ("trained",),
        "1.3",
        quick=(10_000,),
        turns=3,
    ),
    "mode=pp in a new folder over a used one": Bar(
        command("mode=pp", "features=raw", used=False),
        command("mode=pp", "features=raw"),
        ("trained",),
        "+0.5 s",
        quick=(10_000,),
        turns=2,
    ),
    "--cfg job over a minimal Hydra app": Bar(start(1), start(0), (), "1.6", quick=(10_000,)),
    "trials over a plain Optuna loop": Bar(
        nothing, nothing, ("kaggle",), "1.0; 20 ms", quick=(10_000,), turns=1, pairs=trials
    ),
    "a batch of served rows over its trees": Bar(
        nothing,
        nothing,
        (),
        "0.02 s",
        quick=(10_000,),
        turns=1,
        pairs=partial(served, _BATCH),
    ),
    "one served row over its trees": Bar(
        nothing, nothing, (), "0.003 s", quick=(), turns=1, pairs=partial(served, _ONE)
    ),
    "long files over the bare booster": Bar(
        nothing, nothing, (), "1.25; 600 MB", quick=(100_000,), turns=1, pairs=streamed
    ),
}
