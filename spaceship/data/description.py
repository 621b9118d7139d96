"""Description of a data set's columns, which `mode=pp` stores and logs."""

import numpy as np
import pandas as pd

from spaceship.files import csv_text, harmless
from spaceship.screen import Table
from spaceship.task.task import Task

_RANGE = ("minimum", "median", "maximum")
_SHARES = ("missing", "top_share")
_SHOWN = ["missing", "distinct", *_RANGE, "top", "top_share"]


def describe(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return one row per column of a typed, labelled frame.

    It holds dtype, missing (share), distinct, minimum, median, maximum (numbers only), top and
    top_share (commonest value), label_if_missing (where the column is missing: share of True, or
    mean of the number to predict).

    >>> int(describe(people.train, task).loc[task.label, "distinct"])
    2
    """
    label = frame[task.label]
    target = pd.Series(np.nan, frame.index) if label.dtype == "str" else label.astype("float64")
    rows = {name: _describe(frame[name], target) for name in frame.columns}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("column")


def description_table(description: pd.DataFrame) -> Table:
    """Return a description as a table for a terminal.

    >>> description_table(describe(people.train, task)).head[:2]
    ['column', 'missing']
    """
    head = ["column", *(name.replace("_", " ") for name in _SHOWN)]
    cells = description[_SHOWN].map(_cell)
    shares = description[[*_SHARES]].map(_share)
    cells = cells.assign(**{name: shares[name] for name in _SHARES})
    rows = [[str(name), *row] for name, row in zip(cells.index, cells.to_numpy(), strict=True)]
    return Table(rows, head, "<>>>>><>", spared=("median", "maximum", "minimum"))


def description_csv(description: pd.DataFrame) -> str:
    """Return a description as CSV text, figures with every digit.

    >>> description_csv(describe(people.train, task)).partition(",missing")[0]
    'column,dtype'
    """
    return csv_text(description.reset_index().map(harmless))


def _share(value: float) -> str:
    return "" if np.isnan(value) else f"{100 * value:.1f} %"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4g}"
    return "" if value is None or value is pd.NaT else str(value)


def _describe(column: pd.Series, label: pd.Series) -> dict[str, object]:
    missing = column.isna()
    counts = column.value_counts()
    row: dict[str, object] = {
        "dtype": str(column.dtype),
        "missing": float(missing.mean()),
        "distinct": len(counts),
        "top": str(counts.index[0]) if len(counts) else "",
        "top_share": counts.iloc[0] / counts.sum() if len(counts) else float("nan"),
        "label_if_missing": float(label[missing].mean()),
    }
    found: tuple[object, ...] = (float("nan"),) * len(_RANGE)
    if column.dtype == "float64" or column.dtype.kind == "M":
        found = (column.min(), column.median(), column.max())
    return row | dict(zip(_RANGE, found, strict=True))
