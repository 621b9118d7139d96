"""Protocol of an evaluation: the hold-out, and the folds of the training part."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Literal, Self

import numpy as np
import pandas as pd

from spaceship.errors import DataError, expected
from spaceship.split.dealing import DEALING
from spaceship.split.folds import Fold, group_folds
from spaceship.split.holdout import group_codes, holdout_mask
from spaceship.split.time import before, row_times, time_folds, time_holdout, time_order
from spaceship.task.arrays import Mask, Values
from spaceship.task.label import Problem
from spaceship.task.task import Task

log = logging.getLogger(__name__)
Moment = float | str
"""A time in JSON: a number, or ISO 8601 text."""


@dataclass(frozen=True)
class Protocol:
    """The split that every figure of a report uses.

    >>> shops = Task.read({"problem": "regression", "label": "sales", "columns": {"m2": "number"}})
    >>> frame = pd.DataFrame({"m2": np.arange(100.0), "sales": 1.0})
    >>> training, holdout = Protocol(0.2, "spaceship", n_folds=5, seed=1).split(frame, shops)
    >>> len(training) + len(holdout), len(Protocol(0.2, "a", 5, 1).folds(training, shops))
    (100, 5)
    """

    holdout_fraction: float  # share of groups or, in time, of rows that no model is selected on
    salt: str | None  # chooses these groups; in time unused
    n_folds: int  # folds of the cross-validation inside the training part
    seed: int  # seed of the folds; in time unused
    kind: Literal["hash", "time"] = "hash"
    gap: float = 0.0  # in time: days, or units of the column, left out before what is tested
    # The rest is what the data decided, filled in by `on`:
    by: str | None = None  # what names a group; in time the column of times
    held: str | None = None  # digest of the names of the held-out groups
    by_rank: bool = False  # whether these were few, and the lowest hashes taken
    cut: Moment | None = None  # in time: earliest time of a held-out group, that of its last row
    earliest: Moment | None = None  # in time: earliest time of a held-out row
    dealing: int | None = None  # version of the dealing of groups to folds; unknown: an earlier one

    @property
    def settings(self) -> tuple[object, ...]:
        """The settings of the hold-out, for any data: kind, fraction, salt and gap."""
        salt = self.salt if self.kind == "hash" else None
        return self.kind, self.holdout_fraction, salt, self.gap

    @property
    def words(self) -> str:
        """The settings and the number of folds in words: scores compare where these are the same.

        >>> Protocol(0.2, "a", n_folds=5, seed=1).words
        'hash 0.2, salt a, 5 folds'
        """
        more = f"salt {self.salt}" if self.kind == "hash" else f"gap {self.gap:g}"
        return f"{self.kind} {self.holdout_fraction:g}, {more}, {self.n_folds} folds"

    def split(self, frame: pd.DataFrame, task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the training part and the hold-out of typed rows; the index is kept.

        In time, rows less than `gap` before the hold-out are in neither.
        """
        if self.kind == "hash":
            held, _ = self._hash(task.group_names(frame), task)
            return frame.loc[~held], frame.loc[held]
        order = time_order(frame, task)
        held = time_holdout(order, task, fraction=self.holdout_fraction)
        kept = before(order, order[held].min(), self.gap)
        if not kept.any():
            wanted = f"{task.nouns} to train on, at least {self.gap:g} before the hold-out"
            raise DataError(expected(wanted, "none", "lower split.gap"))
        return frame.loc[kept], frame.loc[held]

    def folds(self, training: pd.DataFrame, task: Task) -> list[Fold]:
        """Return the folds of the training part as row positions."""
        if self.kind == "hash":
            keys, _ = group_codes(task.group_names(training), task)
        else:
            keys = time_order(training, task).to_numpy()
        rows = _Rows(self.kind, _bytes(keys), _bytes(task.target(training)), task.problem, task)
        return _folds(rows, self.n_folds, self.seed, self.gap)

    def on(self, frame: pd.DataFrame, task: Task) -> Self:
        """Return the protocol completed by typed labelled rows; log if groups are few.

        >>> shops = Task.read({"problem": "regression", "label": "s", "columns": {"m": "number"}})
        >>> Protocol(0.2, "a", 2, 1).on(pd.DataFrame({"m": [1.0, 2.0, 3.0]}), shops).by_rank
        True
        """
        groups = task.group_names(frame)
        if self.kind == "time":
            order, times = time_order(frame, task), row_times(frame, task)
            held = time_holdout(order, task, fraction=self.holdout_fraction)
            cut, earliest = _plain(order[held].min()), _plain(times[held].min())
            known = replace(self, by=task.time, cut=cut, earliest=earliest)
            return replace(known, held=_digest(groups[held]))
        held, by_rank = self._hash(groups, task)
        if by_rank:
            message = "The hash of so few %s holds out too little or too much; those of the lowest "
            message += "hashes are held out until the share is reached: %d of %d, %.1f %% of the %s"
            numbers = groups[held].nunique(), groups.nunique(), 100 * held.mean()
            _say_once(message % (task.groups, *numbers, task.nouns))
        known = replace(self, by=_namer(task), held=_digest(groups[held]), by_rank=by_rank)
        return replace(known, dealing=DEALING)

    def may_have_seen_holdout_of(self, other: "Protocol") -> bool:
        """Return whether this protocol's training part may contain hold-out rows of the other.

        True if it cannot be excluded: another kind of split or of groups, or groups taken by rank
        among other data. In time, a hold-out begins with its earliest row: a group that is held
        out may have rows from before the cut.

        >>> Protocol(0.1, "a", 5, 1).may_have_seen_holdout_of(Protocol(0.2, "a", 5, 1))
        True
        """
        if self.kind != other.kind or (self.by and other.by and self.by != other.by):
            return True
        if self.held is not None and self.held == other.held:
            return False
        if self.kind == "time":
            return not _no_later(self.cut, other.earliest)
        if self.by_rank or other.by_rank:
            return True
        return other.holdout_fraction > self.holdout_fraction or other.salt != self.salt

    def _hash(self, groups: pd.Series, task: Task) -> tuple[Mask, bool]:
        return holdout_mask(groups, task, fraction=self.holdout_fraction, salt=self.salt or "")


@dataclass(frozen=True)
class _Rows:
    """Rows to split into folds, as a key of the cache; the task is there for messages."""

    kind: str
    keys: tuple[bytes, str]  # numbers of groups, or times
    target: tuple[bytes, str]
    problem: Problem
    task: Task = field(compare=False)


@lru_cache(maxsize=8)  # the trials of a sweep have the same folds
def _folds(rows: _Rows, n_folds: int, seed: int, gap: float) -> list[Fold]:
    keys, y = pd.Series(np.frombuffer(*rows.keys)), np.frombuffer(*rows.target)
    if rows.kind == "time":
        return time_folds(keys, y, rows.task, n_splits=n_folds, gap=gap)
    return group_folds(keys, y, rows.task, n_splits=n_folds, seed=seed)


def _bytes(values: Values) -> tuple[bytes, str]:
    return values.tobytes(), values.dtype.str


@cache
def _say_once(message: str) -> None:
    log.info("%s", message)


def _namer(task: Task) -> str:
    """Return what names a group: a column and its pattern, the id, or the contents of columns."""
    if task.group is not None:
        return f"{task.group.of} {task.group.pattern}".removesuffix(" (.*)")
    return task.id or f"contents of {_digest(task.raw)}"


def _digest(names: Iterable[str]) -> str:
    return blake2b("\0".join(sorted({*names})).encode(), digest_size=8).hexdigest()


def _plain(moment: float | pd.Timestamp) -> Moment:
    return moment.isoformat() if isinstance(moment, pd.Timestamp) else float(moment)


def _no_later(one: Moment | None, other: Moment | None) -> bool:
    """Return whether a moment is known to be no later than another one."""
    if isinstance(one, str) and isinstance(other, str):
        return pd.Timestamp(one) <= pd.Timestamp(other)
    return isinstance(one, float) and isinstance(other, float) and one <= other
