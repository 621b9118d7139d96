"""The hold-out is for ever, and no split tears a travel group apart."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import ConfigError, DataError
from spaceship.split.folds import group_folds, holdout_mask, travel_group


def passengers(groups: list[int], size: int = 2) -> pd.Series:
    ids = [f"{group:04d}_{pp:02d}" for group in groups for pp in range(1, size + 1)]
    return pd.Series(ids, dtype="str")


def sides(ids: pd.Series, *, fraction: float = 0.2, salt: str = "salt") -> dict[str, bool]:
    mask = holdout_mask(ids, fraction=fraction, salt=salt)
    return dict(zip(ids, mask.tolist(), strict=True))


def test_travel_group_is_the_text_before_the_underscore() -> None:
    ids = pd.Series(["0001_01", "0001_02", "9280_01", None], index=[7, 3, 5, 1], dtype="str")
    groups = travel_group(ids)
    assert groups.iloc[:3].tolist() == ["0001", "0001", "9280"]
    assert groups.isna().tolist() == [False, False, False, True]
    assert groups.index.tolist() == [7, 3, 5, 1]


def test_holdout_is_the_same_in_every_process_and_release() -> None:
    held = [i for i, out in sides(passengers(list(range(1, 21)), size=1)).items() if out]
    assert held == ["0003_01", "0008_01", "0013_01", "0015_01", "0016_01", "0017_01"]


def test_holdout_takes_the_asked_share_of_groups() -> None:
    mask = holdout_mask(passengers(list(range(20_000)), size=1), fraction=0.2, salt="salt")
    # Four standard deviations of a binomial share.
    assert abs(mask.mean() - 0.2) < 4 * np.sqrt(0.2 * 0.8 / 20_000)


@given(
    some=st.sets(st.integers(0, 9999), min_size=40, max_size=80),
    more=st.sets(st.integers(0, 9999), max_size=80),
    seed=st.integers(0, 99),
)
def test_a_group_stays_on_its_side_whatever_else_is_there(
    some: set[int], more: set[int], seed: int
) -> None:
    few = passengers(sorted(some))
    many = passengers(sorted(some | more)).sample(frac=1, random_state=seed)
    before, after = sides(few, fraction=0.5), sides(many, fraction=0.5)
    assert {i: after[i] for i in before} == before


def test_holdout_never_splits_a_group() -> None:
    ids = passengers(list(range(500)), size=3)
    mask = pd.Series(holdout_mask(ids, fraction=0.3, salt="salt"))
    assert mask.groupby(travel_group(ids)).nunique().eq(1).all()


def test_a_larger_fraction_holds_out_the_same_groups_and_more() -> None:
    ids = passengers(list(range(500)))
    small = holdout_mask(ids, fraction=0.2, salt="salt")
    large = holdout_mask(ids, fraction=0.4, salt="salt")
    assert large[small].all()
    assert large.sum() > small.sum()


def test_another_salt_draws_another_holdout() -> None:
    ids = passengers(list(range(500)))
    one = holdout_mask(ids, fraction=0.2, salt="one")
    assert (one != holdout_mask(ids, fraction=0.2, salt="two")).any()


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_fraction_outside_zero_to_one_is_refused(fraction: float) -> None:
    with pytest.raises(ConfigError, match=rf"between 0 and 1, got {fraction}"):
        holdout_mask(passengers([1, 2]), fraction=fraction, salt="salt")


@pytest.mark.parametrize(
    ("fraction", "groups", "empty"),
    [(0.001, [1, 2], "hold-out"), (0.999, [1, 2], "training part"), (0.5, [], "hold-out")],
)
def test_an_empty_part_is_refused(fraction: float, groups: list[int], empty: str) -> None:
    with pytest.raises(DataError, match=f"the {empty} is empty: {len(groups)} travel groups"):
        holdout_mask(passengers(groups), fraction=fraction, salt="salt")


def test_a_missing_id_is_refused() -> None:
    with pytest.raises(DataError, match="found 1 missing"):
        holdout_mask(pd.Series(["0001_01", None], dtype="str"), fraction=0.5, salt="salt")


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
    groups = travel_group(ids).to_numpy()
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
    with pytest.raises(ConfigError, match="at least 2, got 1"):
        group_folds(passengers([1, 2]), [True, False] * 2, n_splits=1, seed=0)


def test_folds_of_enough_rows_raise_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group_folds(passengers(list(range(5))), [True, False] * 5, n_splits=5, seed=0)
