"""Profile of a data set: the distribution of each column and of a model's scores, in bins."""

from collections import Counter
from dataclasses import dataclass, field, replace
from operator import add
from typing import Self

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats
from spaceship.task.column_types import Kind
from spaceship.task.task import Task

PROFILE_FILE = "profile.json"
GROUP_SIZE = "GroupSize"  # name of the sizes of groups among the columns, kept in profiles
_EPOCH, _DAY = pd.Timestamp(1970, 1, 1), pd.Timedelta(days=1)
SCORE = "score"  # name of the predicted probabilities among the columns
N_BINS = 10
MAX_LEVELS = 50  # categories of a column with a bin of their own; rarer ones share one
_MOST_LEVELS = 10_000  # categories that are counted one by one
_SCORE_EDGES = tuple(step / N_BINS for step in range(1, N_BINS))


@dataclass(frozen=True)
class Column:
    """The distribution of one column; shares are of all rows, missing ones included."""

    rows: float  # number of independent rows that the shares rest on
    missing: float  # share of rows without a value
    shares: tuple[float, ...]  # share of each bin
    edges: tuple[float, ...] | None = None  # numbers: upper end, included, of all bins but the last
    levels: tuple[str, ...] = ()  # categories: the name of each bin
    other: float = 0.0  # share of rows of a category that has no bin


@dataclass(frozen=True)
class Profile:
    """The distributions of one frame's columns; a record, kept as `profile.json`."""

    rows: int  # number of rows
    columns: dict[str, Column]  # column by name; `score` is the predicted probability


@dataclass(frozen=True)
class Counts:
    """The rows of one column in each bin, or of each category; those of parts add up.

    >>> (Counts(3, 1, levels={"basic": 2}) + Counts(2, 0, levels={"basic": 1, "pro": 1})).levels
    {'basic': 3, 'pro': 1}
    """

    rows: int
    missing: int
    bins: tuple[int, ...] = ()  # numbers: rows in each bin
    edges: tuple[float, ...] | None = None  # of the bins; None: categories
    levels: dict[str, int] = field(default_factory=dict)  # categories: rows of each
    rest: int = 0  # rows of categories that are not counted one by one
    groups: bool = False  # whether a group, and not a row, counts once

    def __add__(self, other: Self) -> "Counts":
        """Return the counts of two parts; of very many categories the rarest are not told apart."""
        levels = Counter(self.levels)
        levels.update(other.levels)
        kept = dict(levels.most_common(_MOST_LEVELS)) if len(levels) > _MOST_LEVELS else {**levels}
        return Counts(
            self.rows + other.rows,
            self.missing + other.missing,
            tuple(map(add, self.bins, other.bins)),
            self.edges,
            kept,
            self.rest + other.rest + sum(levels.values()) - sum(kept.values()),
            self.groups,
        )

    def column(self, like: Column | None, alike: float) -> Column:
        """Return the shares of bins, or of categories: those of `like` first, then the commonest.

        `alike` is the size of the mean row's group.
        """
        known = () if like is None else like.levels
        others = sorted(self.levels.keys() - {*known}, key=lambda one: (-self.levels[one], one))
        levels = (*known, *others[:MAX_LEVELS])
        counted = (
            self.bins if self.edges is not None else [self.levels.get(one, 0) for one in levels]
        )
        rest = self.rest + sum(self.levels[one] for one in others[MAX_LEVELS:])
        missing, other, *shares = (
            one / max(self.rows, 1) for one in (self.missing, rest, *counted)
        )
        named = levels if self.edges is None else ()
        return Column(self.rows / alike, missing, tuple(shares), self.edges, named, other)


@dataclass(frozen=True)
class Tally:
    """The counts of some rows, whole groups: a record; the tallies of all parts add up.

    >>> Tally(1, 1, {}) + Tally(2, 4, {})
    Tally(rows=3, alike=5, columns={})
    """

    rows: int
    alike: int  # sum over rows of the size of the row's group
    columns: dict[str, Counts]

    def __add__(self, other: Self) -> "Tally":
        """Return the tally of the rows of both, of the same columns in the same bins."""
        columns = {name: one + other.columns[name] for name, one in self.columns.items()}
        return Tally(self.rows + other.rows, self.alike + other.alike, columns)

    def profile(self, like: Profile | None = None) -> Profile:
        """Return the profile of the counted rows, categories in the order of `like`.

        Rows of one group are much alike, so they count for no more independent rows than if they
        were copies: their number over the size of the mean row's group (Kish, "Survey Sampling",
        1965).
        """
        alike = self.alike / self.rows if self.rows else 1.0
        known = {} if like is None else like.columns
        columns = {
            name: one.column(known.get(name), 1.0 if one.groups else alike)
            for name, one in self.columns.items()
        }
        return Profile(self.rows, columns)


def take_profile(
    frame: pd.DataFrame, task: Task, values: Floats, like: Profile | None = None
) -> Profile:
    """Return the profile of typed raw columns and of predictions, in the bins of `like`.

    >>> left = {"problem": "binary", "label": "left", "positive": "yes"}
    >>> churn = Task.read({**left, "columns": {"plan": "category"}})
    >>> frame = pd.DataFrame({"plan": ["basic", "basic", "pro"]}, dtype="str")
    >>> take_profile(frame, churn, np.zeros(3)).columns["plan"].levels
    ('basic', 'pro')
    """
    return take_tally(frame, task, values, like).profile(like)


def take_tally(
    frame: pd.DataFrame, task: Task, values: Floats, like: Profile | None = None
) -> Tally:
    """Return the counts of typed raw columns and of predictions, numbers in the bins of `like`.

    The sizes of the groups are a column of their own, in which each group counts once. A label is
    not used; the predictions may be of some of the rows only: of several classes, the largest
    probability counts.

    >>> halves = [people.test.head(20), people.test.iloc[20:]]
    >>> one, other = (take_tally(half, task, np.zeros(len(half))) for half in halves)
    >>> [*one.columns] == [*other.columns]
    True
    """
    categories, numbers = _columns(frame, task)
    score = values.max(axis=1) if values.ndim > 1 else values
    numbers[_free(SCORE, frame)] = pd.Series(score, name=SCORE)
    known = {} if like is None else like.columns
    counted = {name: _levels(one) for name, one in categories.items()}
    counted |= {name: _bins(one, known.get(name)) for name, one in numbers.items()}
    alike = len(frame)
    if task.group is not None:
        sizes = task.group_names(frame).value_counts()
        alike = int((sizes**2).sum())
        counted[_free(GROUP_SIZE, frame)] = replace(_levels(sizes), groups=True)
    return Tally(len(frame), alike, counted)


def profile_title(column: str, task: Task) -> str:
    """Return a column of a profile as a person names it: the sizes of groups have no column.

    >>> visits = Task.read({"problem": "regression", "label": "paid", "columns": {"day": "number"},
    ...     "group": "who", "noun": "visit", "group_noun": "customer"})
    >>> profile_title("GroupSize", visits), profile_title("day", visits)
    ('visits per customer', 'day')
    """
    sizes = f"{GROUP_SIZE}_" if GROUP_SIZE in task.raw else GROUP_SIZE
    of_groups = column == sizes and task.group is not None
    return f"{task.nouns} per {task.group_noun}" if of_groups else column


def _columns(frame: pd.DataFrame, task: Task) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Return the categories, those cut out of texts among them, and the numbers."""
    named = {Kind.CATEGORY, Kind.BOOLEAN}
    kinds = {name: column.type.kind for name, column in task.features.items()}
    categories = {name: frame[name] for name, kind in kinds.items() if kind in named}
    categories |= {
        name: task.part(frame, name)
        for name, part in task.parts.items()
        if part.type.kind is Kind.CATEGORY
    }
    numbers = {}
    for name, one in task.features.items():
        if one.type.kind is Kind.NUMBER:
            numbers[name] = frame[name]
        elif one.type.kind is Kind.TIME:
            numbers[name] = (frame[name] - _EPOCH) / _DAY
    return categories, numbers


def _levels(column: pd.Series) -> Counts:
    tally = column.value_counts(sort=False)
    levels = {str(level): int(count) for level, count in tally.items()}
    return Counts(len(column), len(column) - sum(levels.values()), levels=levels)


def _free(name: str, frame: pd.DataFrame) -> str:
    return f"{name}_" if name in frame.columns else name


def _bins(column: pd.Series, like: Column | None) -> Counts:
    """Return the number of rows of each bin, in the bins of the other profile if there is one."""
    values = column.dropna().to_numpy(np.float64)
    if like is not None and like.edges is not None:
        edges = like.edges
    else:
        chances = column.name == SCORE and bool(((values >= 0) & (values <= 1)).all())
        edges = _SCORE_EDGES if chances else _edges(values)
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    missing = len(column) - len(values)
    return Counts(len(column), missing, tuple(map(int, counts)), edges)


def _edges(values: Floats) -> tuple[float, ...]:
    """Return the deciles of the values, each once, and an edge just below the smallest.

    Zeros that would fill a bin get one of their own; the deciles are then those of the others.
    """
    if not len(values):
        return ()
    edges = {float(np.nextafter(values.min(), -np.inf))}
    if (values == 0).mean() > 1 / N_BINS:
        edges |= {float(np.nextafter(0.0, -1.0)), 0.0}
        values = values[values != 0]
    if len(values):
        inner = np.arange(1, N_BINS) / N_BINS
        edges |= set(np.quantile(values, inner, method="inverted_cdf").tolist())
    return tuple(sorted(edges))
