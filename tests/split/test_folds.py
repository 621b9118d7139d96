"""Folds partition the rows and keep groups whole."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.errors import ConfigError, DataError
from spaceship.split.folds import group_folds
from spaceship.task.spaceship_titanic.columns import group_of


def passengers(groups: list[int], size: int = 2) -> pd.Series:
    ids = [f"{group:04d}_{pp:02d}" for group in groups for pp in range(1, size + 1)]
    return pd.Series(ids, dtype="str")


@settings(deadline=None)  # the first fold imports scikit-learn
@given(
    sizes=st.lists(st.integers(1, 5), min_size=30, max_size=60),
    n_splits=st.integers(2, 5),
    seed=st.integers(0, 9),
)
def test_folds_partition_the_rows_and_never_split_a_group(
    sizes: list[int], n_splits: int, seed: int
) -> None:
    ids = pd.Series([f"{g:04d}_{p:02d}" for g, n in enumerate(sizes) for p in range(n)])
    labels = np.arange(len(ids)) % 2 == 0
    groups = group_of(ids).to_numpy()
    folds = group_folds(ids, labels, n_splits=n_splits, seed=seed)
    assert len(folds) == n_splits
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(ids)))
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(ids)))
        assert not set(groups[train]) & set(groups[test])


def test_folds_are_stratified_and_follow_the_seed() -> None:
    ids = passengers(list(range(300)))
    labels = pd.Series(np.random.default_rng(0).random(len(ids)) < 0.3)
    folds = group_folds(ids, labels, n_splits=5, seed=42)
    assert all(abs(labels[test].mean() - labels.mean()) < 0.02 for _, test in folds)
    again = group_folds(ids, labels, n_splits=5, seed=42)
    other = group_folds(ids, labels, n_splits=5, seed=7)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert any(set(a[1]) != set(b[1]) for a, b in zip(folds, other, strict=True))


@pytest.mark.parametrize(
    ("groups", "labels", "found"),
    [
        ([1, 2, 3], [True, False] * 3, "only 3 travel groups"),
        (list(range(20)), [True] * 40, "only 40 rows labelled True and 0 labelled False"),
        (list(range(20)), [False] * 38 + [True] * 2, "only 2 rows labelled True and 38"),
    ],
)
def test_data_too_small_for_the_folds_is_refused(
    groups: list[int], labels: list[bool], found: str
) -> None:
    with pytest.raises(DataError, match=found):
        group_folds(passengers(groups), labels, n_splits=5, seed=0)


def test_every_fault_of_the_folds_is_listed_at_once() -> None:
    with pytest.raises(DataError, match="only 1 travel groups and only 2 rows labelled True"):
        group_folds(passengers([1]), [True, True], n_splits=5, seed=0)


def test_a_class_within_one_group_leaves_a_fold_without_it_and_is_refused() -> None:
    labels = [True] * 6 + [False] * 30
    with pytest.raises(DataError, match="leave both classes to train on"):
        group_folds(passengers(list(range(6)), size=6), labels, n_splits=3, seed=0)


def test_fewer_than_two_folds_are_refused() -> None:
    with pytest.raises(ConfigError, match="at least 2, found 1"):
        group_folds(passengers([1, 2]), [True, False] * 2, n_splits=1, seed=0)


def test_folds_of_enough_rows_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group_folds(passengers(list(range(5))), [True, False] * 5, n_splits=5, seed=0)
