"""Target encoding of categories with many levels: shrunk mean label per level, out-of-fold.

An encoding is the distance of a level's mean label from the mean of all rows, so that a level never
seen is 0 whatever the fold, and no column gives away which fold a row was in.
"""

import json
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from spaceship.task.arrays import Floats, Positions, Values
from spaceship.task.feature_set import State
from spaceship.task.label import Problem

_FOLDS = 5
_MOST_CLASSES = 10  # columns of a multiclass label: those of the commonest classes
_ROWS_OF_PRIOR = (1.0, 1000.0)  # least and most rows that the mean of all rows counts for
_DEFAULT_ROWS = 10.0  # where the labels do not allow an estimate


def label_columns(y: object, problem: Problem) -> tuple[Floats, list[str]]:
    """Return labels as numbers (n_rows, n_columns), and the class of each column of several.

    >>> label_columns([True, False], Problem.BINARY)[0].tolist()
    [[1.0], [0.0]]
    """
    values = np.asarray(y)
    if problem is not Problem.MULTICLASS:
        return values.astype(np.float64).reshape(-1, 1), []
    classes, counts = np.unique(values, return_counts=True)
    commonest = np.sort(np.argsort(-counts, kind="stable")[:_MOST_CLASSES])
    chosen = classes[commonest]
    return (values[:, None] == chosen).astype(np.float64), [str(one) for one in chosen]


def fold_numbers(groups: pd.Series) -> Positions:
    """Return the fold of each row, `(n_rows,)`; rows of one group share a fold.

    All rows of a single group are in fold 0.
    """
    codes, found = pd.factorize(groups, sort=True)
    order = np.random.default_rng(0).permutation(len(found))
    return (order % _FOLDS)[codes]


def learn(column: pd.Series, labels: Floats | None, smoothing: float | None) -> State:
    """Return the levels of a category, their counts and encodings, as a stored model holds them."""
    codes, levels = pd.factorize(column)
    if labels is None:
        labels = np.empty((len(column), 0))
    return {
        "levels": json.dumps(levels.tolist()),  # one text: 100,000 would slow a stored model down
        "counts": np.bincount(codes[codes >= 0], minlength=len(levels)).astype(np.float64),
        "means": _shrunk_means(codes, len(levels), labels, smoothing),
    }


def encode(column: pd.Series, state: State) -> tuple[Floats, Floats]:
    """Return encodings `(n_rows, n_columns)` and counts; missing where the category is.

    A level that was not seen in training has the encoding 0 and the count 0.
    """
    return _look_up(_index(state["levels"]).get_indexer(pd.Index(column)), column, state)


def encode_out_of_fold(
    column: pd.Series, labels: Floats, folds: Positions, smoothing: float | None
) -> Floats:
    """Return encodings of training rows, each learnt from the rows of the other folds.

    Missing throughout if there is one fold only.
    """
    codes, levels = pd.factorize(column)
    encoded = np.full(labels.shape, np.nan)
    present = np.unique(folds)
    for fold in present if len(present) > 1 else []:
        inside = folds == fold
        means = _shrunk_means(codes[~inside], len(levels), labels[~inside], smoothing)
        encoded[inside] = means[codes[inside]]
    encoded[codes < 0] = np.nan
    return encoded


def _look_up(codes: Positions, column: pd.Series, state: State) -> tuple[Floats, Floats]:
    means, counts = state["means"], state["counts"]
    encoded = np.vstack([means, np.zeros((1, means.shape[1]))])[codes]  # unseen: -1, the last
    seen = np.append(counts, 0.0)[codes]
    missing = column.isna().to_numpy()
    encoded[missing], seen[missing] = np.nan, np.nan
    return encoded, seen


@lru_cache(maxsize=64)
def _index(levels: str) -> Any:
    found: list[str] = json.loads(levels)
    return pd.Index(found, dtype="str")


def _shrunk_means(
    codes: Positions, n_levels: int, labels: Floats, smoothing: float | None
) -> Floats:
    """Return each level's mean label less the mean of all, shrunk the more the fewer its rows."""
    known = codes >= 0
    codes, labels = codes[known], labels[known]
    counts = np.bincount(codes, minlength=n_levels).astype(np.float64)
    means = np.zeros((n_levels, labels.shape[1]))
    for place in range(labels.shape[1]) if len(codes) else ():
        distances = labels[:, place] - labels[:, place].mean()
        sums = np.bincount(codes, distances, minlength=n_levels).astype(np.float64)
        prior = smoothing if smoothing is not None else _rows_of_prior(distances, sums, counts)
        means[:, place] = np.divide(sums, counts + prior, where=counts > 0, out=means[:, place])
    return means


def _rows_of_prior(distances: Floats, sums: Floats, counts: Values) -> float:
    """Return the variance within levels over that between levels (Bühlmann's credibility)."""
    scale = np.abs(distances).max()
    seen = counts > 0
    n_rows, n_levels = len(distances), int(seen.sum())
    if scale == 0 or n_levels < 2 or n_rows <= n_levels:  # noqa: PLR2004
        return _DEFAULT_ROWS
    between = float((np.square(sums[seen] / scale) / counts[seen]).sum())
    within = max(float(np.square(distances / scale).sum()) - between, 0.0) / (n_rows - n_levels)
    rows_per_level = (n_rows - np.square(counts).sum() / n_rows) / (n_levels - 1)
    spread = (between / (n_levels - 1) - within) / rows_per_level
    least, most = _ROWS_OF_PRIOR
    return most if spread * most <= within else max(within / spread, least)
