"""Differences of two data sets: rows by id, cells by column, drift."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spaceship.comparison.compared_run import ComparedRun
from spaceship.data._base import Dataset
from spaceship.data.digest import table_digest
from spaceship.drift.profile import SCORE, take_profile
from spaceship.drift.psi import Drift, compare

_EXAMPLES = 5  # ids of each kind


@dataclass(frozen=True)
class RowChanges:
    """Labelled rows that were added, removed or changed, by id.

    >>> RowChanges.between(pd.Series([1, 2], [*"ab"]), pd.Series([1, 3], [*"bc"])).changed_ids
    ['b']
    """

    old: int  # number of rows
    new: int
    added: int
    removed: int
    changed: int  # of the rows in both, those with another value
    reordered: bool  # whether the rows in both stand in another order
    added_ids: Sequence[str]  # the first ones
    removed_ids: Sequence[str]
    changed_ids: Sequence[str]

    @classmethod
    def between(cls, old: pd.Series, new: pd.Series) -> "RowChanges":
        """Return the changes between hashes of rows by id."""
        shared = old.index.intersection(new.index, sort=False)
        added, removed = new.index.difference(shared), old.index.difference(shared)
        changed = shared[(old.loc[shared].to_numpy() != new.loc[shared].to_numpy())]
        order = new.index[new.index.isin(shared)]
        return cls(
            old=len(old),
            new=len(new),
            added=len(added),
            removed=len(removed),
            changed=len(changed),
            reordered=not order.equals(shared),
            added_ids=_first(added),
            removed_ids=_first(removed),
            changed_ids=_first(changed),
        )


@dataclass(frozen=True)
class ColumnChange:
    """One column of the labelled rows that differs.

    >>> ColumnChange("fee", rows=3).only
    ''
    """

    column: str
    only: str = ""  # `old` or `new`: the other data set does not have it
    rows: int | None = None  # of those in both, with another value; None: not counted


@dataclass(frozen=True)
class DataChanges:
    """All that differs between two data sets.

    >>> DataChanges(None, [ColumnChange("fee")], "200 rows → 210 rows", []).columns[0].column
    'fee'
    """

    rows: RowChanges | None  # None: no record of the rows
    columns: Sequence[ColumnChange]
    test: str  # the rows to predict: `200 rows → 210 rows`; empty: the same, or not known
    drift: Sequence[Drift]  # of the labelled rows, beyond chance, the farthest first


def data_changes(old: ComparedRun, new: ComparedRun) -> DataChanges | None:
    """Return what differs between the data of two runs of one task; None: nothing, or not known.

    >>> run = experiment.store.client.get_run(experiment.store.start_run("a job", {}))
    >>> one = ComparedRun.fetch(experiment, run, "a job", tmp_path)
    >>> data_changes(one, one)
    """
    tagged = old.digest and new.digest
    mine, theirs = (one.digest if tagged else one.typed_digests for one in (old, new))
    if not mine or not theirs or mine == theirs:
        return None
    rows, columns, drift = None, list[ColumnChange](), list[Drift]()
    if old.rows is not None and new.rows is not None:
        values = old.rows["typed"], new.rows["typed"]
        named = old.has_ids and new.has_ids
        rows = RowChanges.between(*(values if named else map(by_contents, values)))
        rows = rows if named else replace(rows, added_ids=(), removed_ids=())
    if old.typed is not None and new.typed is not None:
        columns = _cells(old.typed, new.typed) if old.has_ids and new.has_ids else []
        drift = _drift(old.typed, new.typed)
    else:
        columns = _digests(old, new, whole=rows is not None and not rows.added + rows.removed)
    made = DataChanges(rows, columns, _test(old, new), drift)
    differs = rows is None or rows.added or rows.removed or rows.changed or rows.reordered
    return made if differs or columns or made.test else None


def _first(ids: pd.Index) -> list[str]:
    return [str(one) for one in ids[:_EXAMPLES]]


def by_contents(hashes: pd.Series) -> pd.Series:
    """Return hashes of rows without ids by themselves, equal rows numbered.

    >>> [*by_contents(pd.Series([7, 7])).index]
    ['7-0', '7-1']
    """
    plain = hashes.reset_index(drop=True)
    return plain.set_axis(plain.astype("str") + "-" + plain.groupby(plain).cumcount().astype("str"))


def _cells(old: Dataset, new: Dataset) -> list[ColumnChange]:
    """Return the columns in which rows of the same id have other values, counted."""
    before, now = (one.train.set_axis(one.task.names(one.train)) for one in (old, new))
    shared = before.index.intersection(now.index)
    mine, theirs = before.loc[shared], now.loc[shared]
    found = [ColumnChange(str(name), "old") for name in before if name not in now]
    found += [ColumnChange(str(name), "new") for name in now if name not in before]
    for name in [one for one in before if one in now]:
        (_, values), (_, others) = (table_digest(one[[name]]) for one in (mine, theirs))
        count = int((values != others).sum())
        found += [ColumnChange(str(name), rows=count)] if count else []
    return found


def _digests(old: ComparedRun, new: ComparedRun, *, whole: bool) -> list[ColumnChange]:
    """Return the columns whose digests differ; of other rows (not `whole`) all would."""
    mine, theirs = (_columns(one) for one in (old, new))
    found = [ColumnChange(name, "old") for name in mine if name not in theirs]
    found += [ColumnChange(name, "new") for name in theirs if name not in mine]
    both = (name for name in mine if name in theirs and mine[name] != theirs[name])
    return found + ([ColumnChange(name) for name in both] if whole else [])


def _columns(run: ComparedRun) -> dict[str, str]:
    return run.typed_digests["train"].columns if "train" in run.typed_digests else {}


def _test(old: ComparedRun, new: ComparedRun) -> str:
    """Return how many rows to predict there were and are, if they differ."""
    if not old.typed_digests or not new.typed_digests:
        return ""
    mine, theirs = (one.typed_digests.get("test") for one in (old, new))
    if mine == theirs:
        return ""
    counts = [f"{one.rows:,} rows" if one is not None else "none" for one in (mine, theirs)]
    same = counts[0] == counts[1]
    return f"{counts[0]}, others" if same else " → ".join(counts)


def _drift(old: Dataset, new: Dataset) -> list[Drift]:
    """Return the drift of the columns of one task that is more than chance."""
    frames = old.train, new.train
    if any(name not in one for name in old.task.features for one in frames):
        return []
    zeros = [np.zeros(len(one)) for one in frames]  # instead of predictions
    before = take_profile(frames[0], old.task, zeros[0])
    found = compare(before, take_profile(frames[1], old.task, zeros[1], before))
    return [one for one in found if one.exceeds(0.0) and one.column != SCORE]
