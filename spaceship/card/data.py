"""Data of a card: the columns of the training part, their values, and columns that go together."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from pandas.api import types

from spaceship.task.arrays import Floats, Positions
from spaceship.task.task import Task
from spaceship.task.written import shown, written

_MOST_COLUMNS, _MOST_ROWS = 60, 20_000  # that figures are computed of
_PAIRS, _FIRST, _COMMON = 20, 5, 3  # pairs of columns, rows and values of a column that are listed
_BARS, _CLASSES = 20, 10
_COMMON_SHARE = 0.01  # of the rows; values that are rarer have no class of their own


@dataclass(frozen=True)
class DataColumn:
    """One column; shares are of all rows, `bars` of the highest one."""

    name: str
    kind: str
    missing: float
    distinct: int
    numbers: tuple[float, ...]  # mean, standard deviation, least, median, most; else empty
    common: tuple[tuple[str, float], ...]  # values that are no numbers, with their shares
    bars: tuple[float, ...]  # rows by equal steps of numbers or times, or of the commonest values


class DataPair(NamedTuple):
    """Two columns, Cramér's V of their classes and, of two numbers, Pearson's correlation."""

    first: str
    second: str
    cramer: float
    pearson: float | None


@dataclass(frozen=True)
class DataPage:
    """Figures of the training part, as a report shows them."""

    rows: int
    used: int  # rows that the figures are of
    left_out: int  # columns
    columns: tuple[DataColumn, ...]
    pairs: tuple[DataPair, ...]  # the closest first
    first: tuple[dict[str, str], ...]  # rows, by column


def data_page(training: pd.DataFrame, task: Task) -> DataPage:
    """Return figures of the typed rows that a model learnt from, their labels included.

    Of very many columns the first ones are shown, of very many rows some are drawn.

    >>> page = data_page(people.train, task)
    >>> page.columns[-1].name == task.label, page.columns[-1].missing
    (True, 0.0)
    """
    names = [*dict.fromkeys([*task.raw, task.label])]
    used = training[names[:_MOST_COLUMNS]]
    if len(used) > _MOST_ROWS:
        used = used.sample(_MOST_ROWS, random_state=0).sort_index()
    first = used.head(_FIRST).to_dict("records")
    return DataPage(
        len(training),
        len(used),
        len(names) - used.shape[1],
        tuple(_column(used[name], task) for name in used),
        tuple(sorted(_pairs(used), key=lambda pair: -pair.cramer)[:_PAIRS]),
        tuple({str(key): _text(one, str(key), task) for key, one in row.items()} for row in first),
    )


def _column(values: pd.Series, task: Task) -> DataColumn:
    name, known = str(values.name), values.dropna()
    counts = known.value_counts()
    numbers: tuple[float, ...] = ()
    common: tuple[tuple[str, float], ...] = ()
    bars = counts.to_numpy(float)[:_CLASSES]
    if _is_ordered(values):
        bars = np.histogram(_floats(known), _BARS)[0].astype(float)
    else:
        often = counts[counts > 1].head(_COMMON) / len(values)
        common = tuple((_text(one, name, task), float(share)) for one, share in often.items())
    if _is_number(values) and len(known):
        exact = _floats(known)
        figures = (exact.mean(), exact.std(), exact.min(), np.median(exact), exact.max())
        numbers = tuple(map(float, figures))
    return DataColumn(
        name,
        task.raw[name].type.value if name in task.raw else "label",
        float(values.isna().mean()),
        len(counts),
        numbers,
        common,
        tuple(float(one) for one in bars / max(bars.max(initial=0), 1)),
    )


def _pairs(frame: pd.DataFrame) -> Iterator[DataPair]:
    names = [str(name) for name in frame]
    numbers = [name for name in names if _is_number(frame[name])]
    pearson = frame[numbers].corr() if len(numbers) > 1 else pd.DataFrame()
    classes = {name: _classes(frame[name]) for name in names}
    for one, other in combinations(names, 2):
        known = one in pearson and other in pearson and np.isfinite(pearson[one][other])
        both = float(pearson[one][other]) if known else None
        yield DataPair(one, other, _cramer(classes[one], classes[other]), both)


def _classes(values: pd.Series) -> Positions:
    """Return the class of each row: parts of numbers, common values, one of the rest, missing."""
    if _is_ordered(values):
        known, codes = values.notna().to_numpy(), np.zeros(len(values), np.intp)
        exact = _floats(values.dropna())
        if len(exact):
            edges = np.unique(np.quantile(exact, np.arange(1, _CLASSES) / _CLASSES))
            codes[known] = 1 + np.searchsorted(edges, exact)
        return codes
    codes, levels = pd.factorize(values)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    often = np.argsort(-counts, kind="stable")[: _CLASSES - 1]
    often = often[counts[often] >= _COMMON_SHARE * len(values)]
    ranks = np.full(len(levels) + 1, _CLASSES)
    ranks[often], ranks[-1] = 1 + np.arange(len(often)), 0  # the code of missing values is -1
    return ranks[codes]


def _cramer(one: Positions, other: Positions) -> float:
    """Return Cramér's V, from 0 to 1: how far the classes of one column tell those of the other."""
    width = int(other.max(initial=0)) + 1
    counts = np.bincount(one * width + other, minlength=width * (int(one.max(initial=0)) + 1))
    table = counts.reshape(-1, width).astype(float)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    least = min((rows > 0).sum(), (columns > 0).sum()) - 1
    if least < 1:
        return 0.0
    squares = (table**2 / np.maximum(np.outer(rows, columns), 1)).sum() - 1
    return float(np.sqrt(max(squares, 0) / least))


def _is_number(values: pd.Series) -> bool:
    return bool(types.is_numeric_dtype(values) and not types.is_bool_dtype(values))


def _is_ordered(values: pd.Series) -> bool:
    return _is_number(values) or types.is_datetime64_any_dtype(values)


def _floats(values: pd.Series) -> Floats:
    return values.to_numpy("datetime64[s]" if not _is_number(values) else float).astype(float)


def _text(value: object, name: str, task: Task) -> str:
    return shown(written(value, task.raw.get(name)))
