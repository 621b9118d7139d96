"""Profile of a data set: the distribution of each column and of a model's scores, in bins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.task.column_types import Kind
from spaceship.task.task import Task

PROFILE_FILE = "profile.json"
GROUP_SIZE = "GroupSize"  # name of the sizes of groups among the columns, kept in profiles
_EPOCH, _DAY = pd.Timestamp(1970, 1, 1), pd.Timedelta(days=1)
SCORE = "score"  # name of the predicted probabilities among the columns
N_BINS = 10
MAX_LEVELS = 50  # categories of a column with a bin of their own; rarer ones share one
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


def take_profile(
    frame: pd.DataFrame, task: Task, values: npt.NDArray[np.float64], like: Profile | None = None
) -> Profile:
    """Return the profile of typed raw columns and of predictions, in the bins of `like`.

    Rows of one group are much alike, so they count for no more independent rows than if they were
    copies: their number over the size of the mean row's group (Kish, "Survey Sampling", 1965). The
    sizes of the groups are a column of their own, in which each group counts once. A label is not
    used; the predictions may be of some of the rows only: of several classes, the largest
    probability counts.

    >>> left = {"problem": "binary", "label": "left", "positive": "yes"}
    >>> churn = Task.read({**left, "columns": {"plan": "category"}})
    >>> frame = pd.DataFrame({"plan": ["basic", "basic", "pro"]}, dtype="str")
    >>> take_profile(frame, churn, np.zeros(3)).columns["plan"].levels
    ('basic', 'pro')
    """
    categories, numbers = _columns(frame, task)
    score = values.max(axis=1) if values.ndim > 1 else values
    numbers[_free(SCORE, frame)] = pd.Series(score, name=SCORE)
    sizes = task.group_sizes(frame) if task.group is not None else pd.Series(1, frame.index)
    alike = float(sizes.mean()) if len(sizes) else 1.0
    known = {} if like is None else like.columns
    profiled = {name: _category(one, known.get(name), alike) for name, one in categories.items()}
    profiled |= {name: _number(one, known.get(name), alike) for name, one in numbers.items()}
    if task.group is not None:
        once = sizes[~task.group_names(frame).duplicated()]
        name = _free(GROUP_SIZE, frame)
        profiled[name] = _category(once, known.get(name), 1.0)
    return Profile(len(frame), profiled)


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


def _category(column: pd.Series, like: Column | None, alike: float) -> Column:
    """Return the share of each category: first those of the other profile, then the commonest."""
    tally = column.dropna().astype("str").value_counts()
    counts = {str(level): int(count) for level, count in tally.items()}
    known = () if like is None else like.levels
    others = sorted(counts.keys() - set(known), key=lambda level: (-counts[level], level))
    levels = (*known, *others[:MAX_LEVELS])
    rest = sum(counts[level] for level in others[MAX_LEVELS:])
    missing, *shares, other = _shares(column, [*(counts.get(level, 0) for level in levels), rest])
    return Column(len(column) / alike, missing, tuple(shares), levels=levels, other=other)


def _free(name: str, frame: pd.DataFrame) -> str:
    return f"{name}_" if name in frame.columns else name


def _number(column: pd.Series, like: Column | None, alike: float) -> Column:
    """Return the share of each bin, in the bins of the other profile if there is one."""
    values = column.dropna().to_numpy(np.float64)
    chances = column.name == SCORE and bool(((values >= 0) & (values <= 1)).all())
    own = _SCORE_EDGES if chances else _edges(values)
    edges = own if like is None or like.edges is None else like.edges
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    missing, *shares = _shares(column, counts.tolist())
    return Column(len(column) / alike, missing, tuple(shares), edges)


def _shares(column: pd.Series, counts: Sequence[int]) -> list[float]:
    """Return the share of missing rows, then that of each count."""
    return [count / max(len(column), 1) for count in (int(column.isna().sum()), *counts)]


def _edges(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
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
