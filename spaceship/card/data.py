"""Data of a card: skrub's report on the training part, an HTML page of its own."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from spaceship.task.task import Task

_MOST_BYTES = 1_000_000
_MOST_COLUMNS = (60, 20)
_MOST_ROWS = 20_000  # that distributions are drawn from


def data_html(training: pd.DataFrame, task: Task) -> str | None:
    """Return the page on typed rows that a model learnt from, their labels included.

    Plots and associations are left out where the page would grow too large; of very many columns
    the first ones are shown. None: even so it is too large.

    >>> task.label in str(data_html(people.train, task))
    True
    """
    shown = training[[*dict.fromkeys([*task.raw, task.label])]]
    if len(shown) > _MOST_ROWS:
        shown = shown.sample(_MOST_ROWS, random_state=0).sort_index()
    for columns, plots in ((_MOST_COLUMNS[0], True), *((one, False) for one in _MOST_COLUMNS)):
        with _quiet():
            text = _page(shown.iloc[:, :columns], plots=plots)
        if len(text.encode()) <= _MOST_BYTES:
            return text
    return None


def _page(shown: pd.DataFrame, *, plots: bool) -> str:
    from skrub import TableReport

    made = TableReport(
        shown,
        n_rows=5,
        verbose=0,
        open_tab="stats",
        plot_distributions=plots,
        compute_associations=plots,
    )
    return str(made.html())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib's settings, and from the screen what it says of columns of digits."""
    import matplotlib as mpl

    talk = logging.getLogger("matplotlib.category")
    before = talk.level
    talk.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings(), mpl.rc_context():
            warnings.simplefilter("ignore")
            yield
    finally:
        talk.setLevel(before)
