"""Rows that are copies of others under other ids: equal in every column, and not by chance.

Rows of few values repeat by chance, and then many others nearly repeat as well. So equal rows count
as copies if hardly any other row comes close to them: fewer than they are themselves differ from
them in one or two columns, and by the frequencies of their values alone less than one row in a
hundred tables would equal them. The whole table has to speak for copies: at least half of its
repeated rows, three of them or one that no other row comes close to and chance hardly ever gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.task.column_types import Kind
from spaceship.task.task import Task

_SHOWN = 5
_SEEN = 200  # repeated contents that are looked at
_ROWS = 100_000  # rows that they are compared with
_CELLS = 200_000_000  # comparisons of values, at most
_CLOSE = 2  # columns that may differ
_RARE = 0.01  # rows expected to be equal by the frequencies of the values
_FEWEST, _HALF = 3, 0.5
_CERTAIN = 1e-6  # … of a pair that is enough alone
_ORDER = {Kind.NUMBER: 0, Kind.TIME: 0, Kind.BOOLEAN: 0, Kind.CATEGORY: 1, Kind.TEXT: 2}
_Rows = npt.NDArray[np.int64]
_Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Copies:
    """Copies of rows: the number of copied contents, and the first of them by row positions."""

    count: int
    pairs: tuple[tuple[int, int], ...]  # a row and its copy


def find_copies(
    frame: pd.DataFrame, task: Task, groups: pd.Series, apart: Sequence[pd.Series]
) -> list[Copies]:
    """Return the copies among typed rows, one result for each column of names that set rows apart.

    Two rows count if their names differ; a row without a name (missing) counts for nothing. Rows of
    one group may be much alike.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> rows = pd.DataFrame({"m2": [1.5, 2.5, 1.5]})
    >>> names = pd.Series(["a", "b", "c"])
    >>> find_copies(rows, shops, names, [names])  # one column alone: by chance
    [Copies(count=0, pairs=())]
    """
    rows, keys = _repeated(frame, task)
    found = [_apart(rows, keys, names) for names in apart]
    relevant = np.unique(np.concatenate([keys[:0], *(pairs.index for pairs in found)]))
    if not len(relevant):
        return [Copies(0, ()) for _ in apart]
    judged = _judged(frame[[*task.features]], rows, keys, relevant, groups)
    made = []
    for pairs in found:
        kept = pairs[[bool(judged) and judged.get(key, True) for key in pairs.index]]
        shown = kept.head(_SHOWN).itertuples(index=False, name=None)
        made.append(Copies(len(kept), tuple(shown)))
    return made


def _repeated(frame: pd.DataFrame, task: Task) -> tuple[_Rows, _Keys]:
    """Return the positions of rows that equal others, and a hash of what they hold.

    Numbers come first, as they are quick to hash, and texts last, when hardly a row is left.
    """
    rows, keys = np.arange(len(frame)), np.zeros(len(frame), np.uint64)
    for stage in range(3):
        names = [name for name, one in task.features.items() if _ORDER[one.type.kind] == stage]
        for name in names:
            values = frame[name].iloc[rows].array if len(rows) < len(frame) else frame[name].array
            keys = keys * np.uint64(1_000_003) ^ pd.util.hash_array(_hashable(values))
        if names:
            again = pd.Series(keys).duplicated(keep=False).to_numpy()
            rows, keys = rows[again], keys[again]
    return rows, keys


def _hashable(values: pd.api.extensions.ExtensionArray) -> npt.NDArray[np.generic]:
    """Return values that pandas hashes fast; zero and minus zero are the same."""
    dtype = values.dtype
    if dtype.kind == "f":
        return np.asarray(values, np.float64) + 0.0
    if dtype.kind == "M":
        return np.asarray(values).view("i8")
    return values  # type: ignore[return-value]


def _apart(rows: _Rows, keys: _Keys, names: pd.Series) -> pd.DataFrame:
    """Return the first two rows of each content that stands under two names or more, by its key."""
    codes = pd.factorize(names.iloc[rows])[0]
    known = pd.DataFrame({"key": keys, "row": rows, "name": codes})[codes >= 0]
    once = known.drop_duplicates(["key", "name"]).sort_values("key", kind="stable")
    is_first = ~once["key"].duplicated().to_numpy()
    is_second = np.append(False, is_first[:-1]) & ~is_first
    second = once[is_second].set_index("key")["row"]
    first = once[is_first].set_index("key")["row"].reindex(second.index)
    return pd.DataFrame({"row": first, "copy": second}).sort_values("row", kind="stable")


def _judged(
    frame: pd.DataFrame, rows: _Rows, keys: _Keys, relevant: _Keys, groups: pd.Series
) -> dict[np.uint64, bool]:
    """Return whether each content looked at is a copy; nothing if the table repeats by chance."""
    n, width = frame.shape
    rng = np.random.default_rng(0)
    others = np.arange(n) if n <= _ROWS else np.sort(rng.choice(n, _ROWS, replace=False))
    most = max(min(_SEEN, _CELLS // (len(others) * width)), 10)
    seen = relevant if len(relevant) <= most else rng.choice(relevant, most, replace=False)
    firsts = [int(rows[np.argmax(keys == key)]) for key in seen]
    sample = frame.iloc[np.concatenate([others, firsts])]
    codes = [(pd.factorize(column)[0] + 1).astype(np.int32) for _, column in sample.items()]
    codes = [column for column in codes if column.min() < column.max()]
    if not codes:
        return {}
    shares = [np.bincount(column) / len(column) for column in codes]
    for share in shares:
        share[0] = 1.0  # a missing value is no evidence
    named = pd.factorize(pd.concat([groups.iloc[others], groups.iloc[rows]]))[0]
    of_rows, named = named[len(others) :], named[: len(others)]
    judged, certain = {}, False
    for at, key in enumerate(seen, start=len(others)):
        own = [share[column[at]] for share, column in zip(shares, codes, strict=True)]
        chance = n * np.prod(own)
        judged[key] = False
        if chance < _RARE:
            differing = np.sum([column[: len(others)] != column[at] for column in codes], axis=0)
            of_others = ~np.isin(named, of_rows[keys == key])
            near = of_others & (differing > 0) & (differing <= _CLOSE)
            close = near.sum() * n / len(others)
            judged[key] = bool(close < (keys == key).sum())
            certain |= judged[key] and not close and chance < _CERTAIN
    copied = sum(judged.values())
    enough = copied >= _HALF * len(seen) and (copied >= _FEWEST or certain)
    return judged if enough else {}
