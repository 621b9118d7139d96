"""Figures of a comparison as tables: metrics, costs and paired tests, named in words."""

from collections.abc import Iterator, Sequence

from spaceship.comparison.comparison import FigureChange
from spaceship.comparison.paired_tests import PairedTest
from spaceship.evaluation.metrics import metric_title
from spaceship.screen import Table
from spaceship.text import digits

Section = tuple[str, Table | str]
"""A title, and a table or a sentence."""


def figure_section(
    title: str, figures: Sequence[FigureChange], names: Sequence[str]
) -> Iterator[Section]:
    """Yield the table of the figures that differ, if there are any; `names` are of the two runs.

    >>> [*figure_section("Metrics", [], ("a1", "b2"))]
    []
    """
    main = "rmse" if any(one.name.endswith("rmse") for one in figures) else "accuracy"
    rows = [
        (
            _named(one.name, main),
            digits(one.old),
            digits(one.new),
            digits(None if one.old is None or one.new is None else one.new - one.old, sign="+"),
        )
        for one in figures
    ]
    if rows:
        yield title, Table(rows, ("", *names, "difference"), "<>", spared=("difference",))


def _named(metric: str, main: str) -> str:
    """Return a metric of MLflow's in words, given the main one, on which the gate works.

    >>> _named("cv_log_loss_std", "accuracy"), _named("holdout_rmse", "rmse")
    ('log loss, cross-validated: standard deviation over the folds', 'RMSE, held out')
    >>> _named("holdout_error", "rmse"), _named("fit_seconds", "rmse")
    ('RMSE, held out: standard error', 'seconds to fit the model')
    """
    bare, end = metric.removesuffix("_std"), ""
    if bare != metric:
        end = ": standard deviation over the folds"
    if bare in _OF_MAIN:
        return _OF_MAIN[bare].format(metric_title(main))
    for start, words in (("cv_", ", cross-validated"), ("holdout_", ", held out")):
        if bare.startswith(start):
            return f"{metric_title(bare.removeprefix(start))}{words}{end}"
    return _COSTS.get(bare, metric_title(bare)) + end


_OF_MAIN = {
    "holdout_error": "{}, held out: standard error",
    "holdout_dummy": "{} of the best constant guess, held out",
    "holdout_dummy_error": "{} of the best constant guess, held out: standard error",
}
_COSTS = {
    "fit_seconds": "seconds to fit the model",
    "predict_rows_per_second": "rows predicted per second",
    "model_mb": "size of the model, MB",
    "seconds": "seconds of the whole run",
}


def paired_table(tests: Sequence[PairedTest], names: Sequence[str]) -> Table:
    """Return a row a paired test, with the interval of the difference; `names` are of the runs.

    >>> paired_table([], ("a1", "b2")).rows
    []
    """
    rows = [
        (
            f"{metric_title(one.metric)}, {one.part}",
            f"{one.rows:,}",
            f"{one.groups:,}",
            digits(one.old),
            digits(one.new),
            f"{digits(one.low, sign='+')} to {digits(one.high, sign='+')}",
            f"{one.p:.2g}",
        )
        for one in tests
    ]
    head = ("", "rows", "groups", *names, "difference, 95 %", "p")
    return Table(rows, head, "<>", spared=("groups", "rows"))
