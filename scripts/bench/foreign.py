"""Our defaults and other frameworks on the 30 real tables: losses on outer folds not seen before.

Each fit is a process of its own that gets the rows to learn from and the rows to predict as CSV
files, without a limit of threads. Other frameworks get every column but label, id and group, and
run in environments of their own. A line is written for each fit, so that a run that was cut off
goes on. A table counts once all contestants have its folds; a contestant that fails is last there.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Any

from scripts.bench.accuracy import ENVIRONMENTS, INSTALLS, environment, fit, installed, needed
from scripts.bench.measure import ROOT, machine, names, parser, progress, table
from scripts.bench.rivals import Problem
from scripts.bench.table_tasks import TableTask, table_task
from scripts.bench.tables import TABLES, short
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    from spaceship.split.folds import Fold

OWN = ("lgbm_table", "blend", "tune")
OTHERS = (
    *("autogluon medium_quality", "autogluon best_quality", "flaml"),
    *("catboost plain", "hist_gradient_boosting plain"),
)
BASE = "blend"
"""The contestant whose losses the others' are divided by."""
FOLDS, SEED = 5, 42

Line = dict[str, Any]
"""A fit: table, contestant, seconds, fold, kind, loss, cpu, wall, peak, truth, values, error."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Let every contestant learn every table; print the Markdown tables."""
    options = parser(__doc__)
    options.add_argument("--tables", type=names, help="names of some of the tables")
    options.add_argument("--contestants", type=names, default=",".join((*OWN, *OTHERS)))
    options.add_argument("--seconds", type=int, default=60, help="a fit may take")
    options.add_argument("--outer", type=int, default=2, help=f"of {FOLDS} outer folds, at most")
    options.add_argument("--rows", type=int, default=10_000, help="of a table, at most")
    options.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="of the others")
    options.add_argument("--results", type=Path, default=ROOT / "outputs" / "foreign.jsonl")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    pythons = {one: environment(one, given.environments) for one in needed(given.contestants)}
    lines = read(given.results)
    known = {key(line) for line in lines}
    chosen = [one for one in TABLES if not given.tables or one.name in given.tables]
    for real in chosen:
        one = table_task(real, given.results.parent.absolute() / "tables", given.rows)
        for fold, rows in enumerate(one.folds(FOLDS, SEED)[: given.outer]):
            for contestant in given.contestants:
                place = (one.name, contestant, given.seconds, given.rows, fold)
                if place not in known:
                    python = pythons.get(contestant.split()[0], sys.executable)
                    line = dict(zip(KEY, place, strict=True)) | learnt(one, rows, python, place)
                    lines.append(line)
                    with given.results.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    told = line["error"] or short(line["loss"])
                    progress(f"{one.name} {contestant} {fold}: {told}, {line['wall']:.0f} s")
    print(machine())
    for name, python in pythons.items():
        print(f"{name} {installed(python, INSTALLS[name][0].partition('[')[0])}, of its own")
    wanted = {one.name for one in chosen}
    found = [line for line in lines if line["table"] in wanted and line["seconds"] == given.seconds]
    print(summary([one for one in found if one["rows"] == given.rows], given))


KEY = ("table", "contestant", "seconds", "rows", "fold")


def key(line: Line) -> tuple[Any, ...]:
    """Return what tells a fit from the others.

    >>> key({"table": "OJ", "contestant": "flaml", "seconds": 60, "rows": 10, "fold": 0, "cpu": 1})
    ('OJ', 'flaml', 60, 10, 0)
    """
    return tuple(line[name] for name in KEY)


def read(file: Path) -> list[Line]:
    """Return the fits of an earlier run; a last line that was cut off is left out."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        return []
    whole = file.read_text()
    kept = whole[: whole.rfind("\n") + 1]
    if kept != whole:
        file.write_text(kept)
    return [json.loads(line) for line in kept.splitlines()]


def learnt(one: TableTask, rows: "Fold", python: str, place: Sequence[Any]) -> Line:
    """Return the loss and the cost of a contestant on an outer fold."""
    import numpy as np
    import pandas as pd

    _, contestant, seconds, _, fold = place
    task, y = one.task, one.y
    cells = pd.read_csv(one.file, dtype=str, keep_default_na=False)  # as they are written
    learn, test = (cells.iloc[part] for part in rows)
    apart = {task.id, task.group.of if task.group else None}
    left_out = [str(name) for name in cells if name in apart]
    target = [value.item() for value in y[rows[0]]]
    classes = max(2, len(task.classes))
    problem = Problem(task.problem, target, task.label, left_out, [one.told], classes)
    fitted = fit(python, (contestant, learn, test, problem), seconds, SEED + fold, one.folder)
    truth = [value.item() for value in y[rows[1]]]
    cost = {"cpu": fitted.cost.cpu, "wall": fitted.cost.wall, "peak": fitted.cost.peak}
    line = {"kind": str(task.problem), **cost, "truth": truth, "loss": math.inf, "error": None}
    if fitted.cost.status or len(fitted.values) != len(truth):
        error = fitted.cost.output.strip().rpartition("\n")[2] or "no predictions"
        return line | {"values": [], "error": error}
    values = np.asarray(fitted.values)
    return line | {"values": values.round(6).tolist(), "loss": loss(truth, values, task.problem)}


def loss(truth: Any, values: Any, kind: str) -> float:
    """Return the log loss of classes, or the root mean squared error."""
    from spaceship.evaluation.metrics import score
    from spaceship.task.label import Problem as Kind

    found = score(truth, values, problem=Kind(kind))
    return found["rmse"] if kind == Kind.REGRESSION else found["log_loss"]


def summary(lines: Sequence[Line], given: Any) -> str:
    """Return the tables in Markdown: a row a contestant, and a row a table."""
    fits: dict[str, dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if line["contestant"] in given.contestants and line["fold"] < given.outer:
            fits[line["table"]][line["contestant"]].append(line)
    whole = {
        name: {one: by[one] for one in given.contestants}
        for name, by in fits.items()
        if all(len(by[one]) >= min(given.outer, FOLDS) for one in given.contestants)
    }
    losses = {
        name: {one: fmean(fold["loss"] for fold in folds) for one, folds in by.items()}
        for name, by in whole.items()
    }
    kinds = {name: next(iter(by.values()))[0]["kind"] for name, by in whole.items()}
    head = ["contestant", "mean rank", *KINDS, "first", f"loss / {BASE}", "ece, pooled"]
    head += ["CPU s a fit", "s a fit", "most MB", "failed"]
    rows = [
        [one, *places(losses, kinds, one), *costs([by[one] for by in whole.values()])]
        for one in given.contestants
    ]
    first = f"{len(whole)} tables, {given.seconds} s a fit, {given.outer} outer folds, at most "
    first += f"{given.rows:,} rows\n\n"
    by_table = (
        [
            name,
            kinds[name],
            *(short(value) if value < math.inf else "failed" for value in by.values()),
        ]
        for name, by in losses.items()
    )
    return first + table(head, rows) + "\n" + table(["table", "kind", *given.contestants], by_table)


KINDS = ("binary", "multiclass", "regression")


def ranks(values: Mapping[str, float]) -> dict[str, float]:
    """Return ranks from 1, the least first; equal ones share the mean of theirs.

    >>> ranks({"a": 0.3, "b": 0.5, "c": 0.3})
    {'a': 1.5, 'b': 3.0, 'c': 1.5}
    """
    every = sorted(values.values())
    return {
        name: every.index(value) + (every.count(value) + 1) / 2 for name, value in values.items()
    }


def places(
    losses: Mapping[str, Mapping[str, float]], kinds: Mapping[str, str], contestant: str
) -> list[str]:
    """Return the cells of mean ranks, of tables where a contestant is first, and of its loss."""
    own = {name: ranks(by)[contestant] for name, by in losses.items()}
    parts = [[own[name] for name in own if kinds[name] == kind] for kind in KINDS]
    means = [f"{fmean(part):.2f}" if part else "-" for part in ([*own.values()], *parts)]
    first = sum(by[contestant] == min(by.values()) for by in losses.values())
    logs = [
        math.log(by[contestant] / by[BASE])
        for by in losses.values()
        if BASE in by and 0 < by[contestant] < math.inf and 0 < by[BASE] < math.inf
    ]
    if len(logs) < 2:  # noqa: PLR2004 - no error of one
        return [*means, str(first), "-"]
    error = stdev(logs) / math.sqrt(len(logs))
    return [*means, str(first), f"{math.exp(fmean(logs)):.3f} ± {error:.3f}"]


def costs(tables: Sequence[Sequence[Line]]) -> list[str]:
    """Return the cells of the calibration error, of the cost of a fit, and of fits that failed."""
    fits = [fold for folds in tables for fold in folds]
    if not fits:
        return ["-"] * 5
    errors = [pooled(folds) for folds in tables if folds[0]["kind"] != "regression"]
    known = [one for one in errors if one is not None]
    figures = (median(fit[name] for fit in fits) for name in ("cpu", "wall"))
    return [
        f"{fmean(known):.4f}" if known else "-",
        *(f"{one:.0f}" for one in figures),
        f"{max(fit['peak'] for fit in fits):.0f}",
        str(sum(fit["error"] is not None for fit in fits)),
    ]


def pooled(folds: Iterable[Line]) -> float | None:
    """Return the calibration error over the rows of all folds; None if a fit has failed."""
    import numpy as np

    from spaceship.evaluation.metrics import score
    from spaceship.task.label import Problem as Kind

    lines = [*folds]
    if any(line["error"] is not None for line in lines):
        return None
    truth, values = (np.concatenate([line[name] for line in lines]) for name in ("truth", "values"))
    return score(truth, values, problem=Kind(lines[0]["kind"]))["ece"]


if __name__ == "__main__":
    main()
