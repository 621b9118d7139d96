"""Profiles of passengers: what `mode=pp` shows of each column, and what drift is measured by."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.drift.psi import SCORE, Column, Profile
from spaceship.task.spaceship_titanic.columns import ID, NUMBERS
from spaceship.task.spaceship_titanic.features._cabin import split_cabin
from spaceship.task.spaceship_titanic.features._group import TravelGroups

GROUP_SIZE = "GroupSize"
"""What the sizes of travel groups, each counted once, are called among the columns."""

N_BINS = 10
MAX_LEVELS = 50
"""Categories of a column that are told apart; what is rarer counts as one more."""
_SCORE_EDGES = tuple(step / N_BINS for step in range(1, N_BINS))
_CATEGORIES = ("HomePlanet", "CryoSleep", "Deck", "Side", "Destination", "VIP")


def take_profile(
    frame: pd.DataFrame, chances: npt.NDArray[np.float64], like: Profile | None = None
) -> Profile:
    """Return how passengers are spread, and what a model predicts of them.

    A cabin counts as `Deck` and `Side`, an id as its group's `GroupSize`. Those who travel together
    are much alike, so the rows count for no more independent ones than if they were copies of each
    other: their number over the size of the mean passenger's group (Kish, "Survey Sampling", 1965).

    Args:
        frame: Typed raw columns `(n_rows, n_columns)`; a label is not looked at.
        chances: Predicted probability of True, of all passengers or of some of them `(n_scores,)`.
        like: The profile to be compared with, for its bins.

    """
    groups = TravelGroups.read(frame[ID])
    sizes = pd.Series(groups.size().astype(int))
    alike = float(sizes.mean()) if len(sizes) else 1.0
    columns = {**frame, **split_cabin(frame["Cabin"]), SCORE: pd.Series(chances, name=SCORE)}
    known = {} if like is None else like.columns
    profiled = {name: _category(columns[name], known.get(name), alike) for name in _CATEGORIES}
    profiled |= {name: _number(columns[name], known.get(name), alike) for name in (*NUMBERS, SCORE)}
    once = sizes[~pd.Series(groups.codes).duplicated()]
    profiled[GROUP_SIZE] = _category(once, known.get(GROUP_SIZE), 1.0)
    return Profile(len(frame), profiled)


def describe(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return one row per column of a typed, labelled frame.

    Returns:
        Columns dtype, missing (share), distinct, minimum, median, maximum (numbers only), top and
        top_share (commonest value), label_if_missing (share of True where the column is missing).

    """
    rows = {name: _describe(frame[name], frame[label]) for name in frame.columns}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("column")


def show(profile: pd.DataFrame) -> str:
    """Return the profile as a table for a terminal."""
    shown = profile[["missing", "distinct", "minimum", "median", "maximum", "top", "top_share"]]
    return shown.to_string(na_rep="", float_format=lambda value: f"{value:.4g}")


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
    if column.dtype == "float64":
        row |= {"minimum": column.min(), "median": column.median(), "maximum": column.max()}
    return row


def _category(column: pd.Series, like: Column | None, alike: float) -> Column:
    """Return the share of each category: first those of the other profile, then the commonest."""
    tally = column.dropna().astype("str").value_counts()
    counts = {str(level): int(count) for level, count in tally.items()}
    known = () if like is None else like.levels
    others = sorted(counts.keys() - set(known), key=lambda level: (-counts[level], level))
    levels = (*known, *others[:MAX_LEVELS])
    rest = sum(counts[level] for level in others[MAX_LEVELS:])
    n_rows = max(len(column), 1)
    return Column(
        rows=len(column) / alike,
        missing=float(column.isna().sum() / n_rows),
        shares=tuple(counts.get(level, 0) / n_rows for level in levels),
        levels=levels,
        other=rest / n_rows,
    )


def _number(column: pd.Series, like: Column | None, alike: float) -> Column:
    """Return the share of each bin, in the bins of the other profile if there is one."""
    values = column.dropna().to_numpy(np.float64)
    if like is not None and like.edges is not None:
        edges = like.edges
    else:
        edges = _SCORE_EDGES if column.name == SCORE else _edges(values)
    counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    n_rows = max(len(column), 1)
    return Column(
        rows=len(column) / alike,
        missing=float(column.isna().sum() / n_rows),
        shares=tuple((counts / n_rows).tolist()),
        edges=edges,
    )


def _edges(values: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Return the deciles of the values, each once, and an edge just below the smallest.

    Zeros that would fill a bin get it for themselves; the deciles are then those of the others.
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
