"""Folds partition the rows and keep groups whole."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.errors import ConfigError, DataError
from spaceship.split.folds import group_folds, inner_folds
from spaceship.task.task import Task


def task(problem: str, **more: Any) -> Task:
    plan = {"problem": problem, "label": "ill", "group": "clinic", "columns": {"age": "number"}}
    return Task.read({**plan, "group_noun": "clinic", **more})


BINARY = task("binary", positive="yes", classes=["no", "yes"])
MULTICLASS, REGRESSION = task("multiclass"), task("regression")


def clinics(numbers: list[int], size: int = 2) -> pd.Series:
    return pd.Series(np.repeat([f"{number:04d}" for number in numbers], size), dtype="str")


def labels(of: Task, n: int) -> Any:
    """Return labels of a kind, each class in enough rows."""
    if of is BINARY:
        return np.arange(n) % 2 == 0
    return np.arange(n) % 3 if of is MULTICLASS else np.arange(n) / 7


@pytest.mark.parametrize("of", [BINARY, MULTICLASS, REGRESSION])
@pytest.mark.parametrize("draw", [group_folds, inner_folds])
@settings(deadline=None, max_examples=25)  # the first fold imports scikit-learn
@given(
    sizes=st.lists(st.integers(1, 5), min_size=30, max_size=60),
    n_splits=st.integers(2, 5),
    seed=st.integers(0, 9),
)
def test_folds_partition_the_rows_and_never_split_a_group(
    draw: Any, of: Task, sizes: list[int], n_splits: int, seed: int
) -> None:
    groups = pd.Series(np.repeat([f"{number}" for number in range(len(sizes))], sizes))
    folds = draw(groups, labels(of, len(groups)), of, n_splits=n_splits, seed=seed)
    assert len(folds) == n_splits
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(groups)))
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert not {*groups.iloc[train]} & {*groups.iloc[test]}


@pytest.mark.parametrize("size", [1, 2])
def test_folds_are_stratified_and_follow_the_seed(size: int) -> None:
    groups = clinics(list(range(600 // size)), size)
    truth = np.random.default_rng(0).random(len(groups)) < 0.3
    folds = group_folds(groups, truth, BINARY, n_splits=5, seed=42)
    assert all(abs(truth[test].mean() - truth.mean()) < 0.02 for _, test in folds)
    again = group_folds(groups, truth, BINARY, n_splits=5, seed=42)
    other = group_folds(groups, truth, BINARY, n_splits=5, seed=7)
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert any({*a[1]} != {*b[1]} for a, b in zip(folds, other, strict=True))


@pytest.mark.parametrize("size", [1, 2])
def test_every_fold_has_its_share_of_large_numbers(size: int) -> None:
    groups = clinics(list(range(300)), size)
    sales = np.random.default_rng(0).lognormal(sigma=2, size=len(groups))
    large = sales > np.quantile(sales, 0.8)
    folds = group_folds(groups, sales, REGRESSION, n_splits=5, seed=42)
    assert all(abs(large[test].mean() - 0.2) < 0.02 for _, test in folds)


def test_one_number_for_all_rows_can_be_split() -> None:
    folds = group_folds(clinics(list(range(10))), np.ones(20), REGRESSION, n_splits=5, seed=0)
    assert [len(test) for _, test in folds] == [4] * 5


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("rare", [[5], [5, 6], [5, 6, 7, 7, 8], list(range(3, 9))])
def test_a_class_with_fewer_rows_than_folds_is_no_fault_among_others(
    rare: list[int], size: int
) -> None:
    kinds = np.array([0, 1] * 30 + rare)
    groups = pd.Series([str(number // size) for number in range(len(kinds))])
    folds = group_folds(groups, kinds, MULTICLASS, n_splits=5, seed=0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(kinds)))


def test_classes_of_one_row_each_can_be_split() -> None:
    groups = clinics(list(range(20)), 1)
    assert len(group_folds(groups, np.arange(20), MULTICLASS, n_splits=5, seed=0)) == 5


def test_as_many_groups_as_folds_are_a_fold_each_however_uneven() -> None:
    groups = pd.Series(np.repeat(list("abcde"), [1, 50, 3, 200, 7]))
    truth = np.arange(len(groups)) % 2 == 0
    folds = group_folds(groups, truth, BINARY, n_splits=5, seed=0)
    assert sorted(len(test) for _, test in folds) == [1, 3, 7, 50, 200]


@pytest.mark.parametrize(
    ("groups", "truth", "found"),
    [
        ([1, 2, 3], [True, False] * 3, "only 3 clinics"),
        (list(range(20)), [True] * 40, "only 40 rows labelled yes and 0 labelled no"),
        (list(range(20)), [False] * 38 + [True] * 2, "only 2 rows labelled yes and 38"),
    ],
)
def test_data_too_small_for_the_folds_is_refused(
    groups: list[int], truth: list[bool], found: str
) -> None:
    with pytest.raises(DataError, match=found):
        group_folds(clinics(groups), truth, BINARY, n_splits=5, seed=0)


@pytest.mark.parametrize("of", [MULTICLASS, REGRESSION])
def test_too_few_groups_of_any_kind_are_refused(of: Task) -> None:
    with pytest.raises(DataError, match="at least 5 clinics for 5 folds, found only 4 clinics"):
        group_folds(clinics([1, 2, 3, 4]), labels(of, 8), of, n_splits=5, seed=0)


def test_rows_are_named_where_there_are_no_groups() -> None:
    alone, named = (task("regression", group=None, noun="shop", id=one) for one in (None, "shop"))
    rows = clinics([1, 2])
    with pytest.raises(DataError, match="5 different shops for 5 folds, found only 2 different"):
        group_folds(rows, np.arange(4.0), alone, n_splits=5, seed=0)
    with pytest.raises(DataError, match="at least 5 shops for 5 folds, found only 2 shops"):
        group_folds(rows, np.arange(4.0), named, n_splits=5, seed=0)


def test_every_fault_of_the_folds_is_listed_at_once() -> None:
    with pytest.raises(DataError, match="only 1 clinics and only 2 rows labelled yes"):
        group_folds(clinics([1]), [True, True], BINARY, n_splits=5, seed=0)


@pytest.mark.parametrize(("of", "found"), [(BINARY, "both"), (MULTICLASS, "two")])
def test_a_class_within_one_group_leaves_a_fold_without_it_and_is_refused(
    of: Task, found: str
) -> None:
    truth = np.array([1] * 6 + [0] * 30)
    with pytest.raises(DataError, match=f"leave {found} classes to train on"):
        group_folds(clinics(list(range(6)), size=6), truth, of, n_splits=3, seed=0)


@pytest.mark.parametrize("draw", [group_folds, inner_folds])
def test_fewer_than_two_folds_are_refused(draw: Any) -> None:
    with pytest.raises(ConfigError, match="at least 2, found 1"):
        draw(clinics([1, 2]), [True, False] * 2, BINARY, n_splits=1, seed=0)


def test_folds_of_enough_rows_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for size in (1, 2):
            group_folds(
                clinics(list(range(10)), size), [True, False] * 5 * size, BINARY, n_splits=5, seed=0
            )
