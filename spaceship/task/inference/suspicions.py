"""Suspicions about a table: columns that give the label away, rows that contradict each other."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from spaceship.task.column_types import ColumnType, Kind, read
from spaceship.task.inference.columns import Finding
from spaceship.task.inference.label import Label
from spaceship.task.inference.profile import Profile
from spaceship.task.label import Problem
from spaceship.task.task import HUGE

SURE = 0.99
"""Out-of-fold AUC or R² of one column, above which it is suspected to hold the label."""
ROWS = 20_000
"""Rows that such figures are computed on, at most."""
_LEAST = 30  # rows, below which chance alone is sure
_FOLDS = 3
_NEAR = 0.97  # figure of a quick fit by the values of a column, above which folds are made
_LEAF = 5  # rows of a leaf
_DEPTH = 10
_CLASSES = 10  # commonest ones, each against the others


def leaks(
    frame: pd.DataFrame,
    findings: Mapping[str, Finding],
    label: tuple[str, Label],
    group: str | None = None,
) -> dict[str, str]:
    """Return the columns that predict the label alone, and the figure of out-of-fold predictions.

    >>> from spaceship.task.inference.columns import infer_column
    >>> from spaceship.task.inference.label import infer_label
    >>> from spaceship.task.inference.profile import profile
    >>> frame = pd.DataFrame({"fee": range(60), "left": ["n", "y"] * 30})
    >>> frame["fee"] += 1000 * (frame["left"] == "y")
    >>> found = {"fee": infer_column(profile(frame["fee"]))}
    >>> leaks(frame, found, ("left", infer_label(profile(frame["left"]))))
    {'fee': 'predicts the label alone (AUC 1.000 on rows it has not seen)'}
    """
    name, meaning = label
    frame = frame[frame[name].notna()]
    if len(frame) > ROWS:
        frame = frame.sample(ROWS, random_state=0)
    columns = {
        column: (read(frame[column], finding.column)[0], finding.column.type)
        for column, finding in findings.items()
        if finding.column is not None and column != group
    }
    groups = None if group is None else frame[group].astype("str").fillna("")
    return telling_columns(columns, _targets(frame[name], meaning), groups)


def telling_columns(
    columns: Mapping[str, tuple[pd.Series, ColumnType]],
    targets: np.ndarray,
    groups: pd.Series | None = None,
) -> dict[str, str]:
    """Return the typed columns that predict the targets alone, each with the figure in words.

    The targets `(n_rows, n_targets)` are numbers, or whether the label is each of its classes.

    >>> fee = pd.Series([0.0, 1.0] * 30)
    >>> telling_columns({"fee": (fee, ColumnType.NUMBER)}, (fee > 0).to_numpy()[:, None])
    {'fee': 'predicts the label alone (AUC 1.000 on rows it has not seen)'}
    """
    if len(targets) < _LEAST or not targets.size:
        return {}
    metric = "AUC" if targets.dtype == np.bool_ else "R²"
    found = {}
    folds: list[tuple[np.ndarray, np.ndarray]] = []
    for column, (typed, kind) in columns.items():
        values = _numbers(typed, kind)
        by_value = kind in {ColumnType.CATEGORY, ColumnType.TEXT}
        if _figure(targets, _fitted(values, targets, by_value)) <= (_NEAR if by_value else SURE):
            continue
        folds = folds or _folds(targets, groups)
        if (score := _figure(targets, _predicted(values, targets, folds, by_value))) > SURE:
            figure = f"{metric} {score:.3f} on rows it has not seen"
            found[column] = f"predicts the label alone ({figure})"
    return found


def _targets(column: pd.Series, label: Label) -> np.ndarray:
    """Return what to predict `(n_rows, n_targets)`: numbers, or whether it is each common class."""
    if label.column is not None and label.problem is Problem.REGRESSION:
        numbers = read(column, label.column)[0]
        finite = numbers.where(np.isfinite(numbers)).clip(-HUGE, HUGE)
        return np.asarray(finite.fillna(finite.median()))[:, None]
    texts = column.astype("str").str.strip().str.lower()
    if label.problem is Problem.BINARY:
        texts = texts.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
        return np.asarray(texts == str(label.positive).lower())[:, None]
    common = texts.value_counts()
    common = common[common >= _FOLDS * _LEAF].head(_CLASSES)
    each = [np.asarray(texts == one) for one in common.index]
    return np.array(each, bool).reshape(len(common), len(texts)).T


def _folds(targets: np.ndarray, groups: pd.Series | None) -> list[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import GroupKFold, KFold

    if groups is None:
        return [*KFold(_FOLDS, shuffle=True, random_state=0).split(targets)]
    if groups.nunique() < _FOLDS:
        return []
    return [*GroupKFold(_FOLDS).split(targets, groups=pd.factorize(groups)[0])]


def _numbers(values: pd.Series, kind: ColumnType) -> np.ndarray:
    """Return values as numbers `(n_rows,)`: moments in days, categories by code, missing as NaN."""
    if kind.kind is Kind.TIME:
        return ((values - pd.Timestamp(0)) / pd.Timedelta(days=1)).to_numpy(np.float64)
    if kind in {ColumnType.NUMBER, ColumnType.BOOLEAN}:
        numbers = values.astype("Float64").to_numpy(np.float64, na_value=np.nan)
        return numbers.clip(-HUGE, HUGE)
    return pd.factorize(values)[0].astype(np.float64)


def _fitted(values: np.ndarray, targets: np.ndarray, by_value: bool) -> np.ndarray:  # noqa: FBT001
    """Return a quick fit of the targets by one column, above what any out-of-fold one can reach.

    It is the mean of the few rows whose numbers come next to each other, or of all other rows of
    the same value.
    """
    bins = values.astype(np.int64) + 1 if by_value else np.searchsorted(np.sort(values), values)
    bins = bins if by_value else bins // _LEAF
    counts, whole = np.bincount(bins), targets.astype(np.float64)
    sums = np.column_stack([np.bincount(bins, weights=one) for one in whole.T])[bins]
    if not by_value:
        return sums / counts[bins, None]
    others = np.maximum(counts[bins, None] - 1, 1)
    return np.where(counts[bins, None] > 1, (sums - whole) / others, whole.mean(axis=0))


def _predicted(
    values: np.ndarray,
    targets: np.ndarray,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    by_value: bool,  # noqa: FBT001
) -> np.ndarray:
    """Return out-of-fold predictions by one column, from a tree or the mean of each value."""
    from sklearn.tree import DecisionTreeRegressor

    predicted = np.zeros(targets.shape)
    for train, test in folds:
        learnt = targets[train].astype(np.float64)
        if by_value:
            means = pd.DataFrame(learnt).groupby(values[train]).mean()
            found = means.reindex(values[test]).fillna(pd.Series(learnt.mean(axis=0)))
        else:
            tree = DecisionTreeRegressor(min_samples_leaf=_LEAF, max_depth=_DEPTH)
            found = tree.fit(values[train, None], learnt).predict(values[test, None])
        predicted[test] = np.asarray(found).reshape(len(test), -1)
    return predicted


def _figure(targets: np.ndarray, predicted: np.ndarray) -> float:
    """Return the mean AUC of classes, or R² of numbers."""
    from scipy.stats import rankdata

    if targets.dtype != np.bool_:
        spread = ((targets - targets.mean()) ** 2).sum()
        return float(1 - ((targets - predicted) ** 2).sum() / spread) if spread else 0.0
    positive = targets.sum(axis=0)
    both = (positive > 0) & (positive < len(targets))
    if not both.any():
        return 0.0
    ranks = rankdata(predicted[:, both], axis=0)
    above = (ranks * targets[:, both]).sum(axis=0) - positive[both] * (positive[both] + 1) / 2
    return float((above / (positive[both] * (len(targets) - positive[both]))).mean())


def contradictions(frame: pd.DataFrame, columns: list[str], label: str) -> int:
    """Return how many rows share all columns with rows of another label.

    >>> contradictions(pd.DataFrame({"x": [1, 1, 2], "y": [0, 1, 1]}), ["x"], "y")
    2
    """
    rows = np.arange(len(frame))
    keys = np.zeros(len(frame), np.int64)
    for name in columns:
        codes = pd.factorize(frame[name].iloc[rows])[0].astype(np.int64)
        keys = pd.factorize(keys * (codes.max(initial=0) + 2) + codes + 1)[0].astype(np.int64)
        repeated = np.bincount(keys)[keys] > 1 if len(keys) else np.zeros(0, bool)
        rows, keys = rows[repeated], keys[repeated]
        if not len(rows):
            return 0
    labels = pd.Series(frame[label].iloc[rows].to_numpy())
    return int((labels.groupby(keys).transform("nunique") > 1).sum())


def distant_dates(values: Profile, column: pd.Series, finding: Finding) -> str:
    """Return in words that train and test share no dates; empty if they do.

    >>> from spaceship.task.inference.profile import profile
    >>> from spaceship.task.column_types import Column
    >>> days = pd.Series(["2026-01-30", "2026-01-31"], name="day")
    >>> distant_dates(profile(days), days, Finding(Column(type="date"), "2 days"))
    ''
    """
    if finding.column is None or finding.column.type.kind is not Kind.TIME:
        return ""
    train = read(values.unique[values.counts > 0], finding.column)[0]
    test = read(column, finding.column)[0]
    if test.notna().any() and (test.min() > train.max() or test.max() < train.min()):
        return f"no date in both: train {_span(train)}, test {_span(test)}; see split=time"
    return ""


def _span(moments: pd.Series) -> str:
    return f"{moments.min():%Y-%m-%d} to {moments.max():%Y-%m-%d}"
