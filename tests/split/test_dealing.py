"""Groups are dealt whole, evenly and at random."""

import warnings
from collections.abc import Callable
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from spaceship.split.dealing import deal

Numbers = npt.NDArray[np.intp]
SIZES = (0.55, 0.2, 0.1, 0.06, 0.04, 0.03, 0.015, 0.005)
"""Shares of groups of one row, of two rows and so on."""


def table(n_groups: int, n_strata: int, seed: int) -> tuple[Numbers, Numbers]:
    """Return the group and the stratum of each row, those of a group alike, in any order."""
    draw = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_groups), draw.choice(len(SIZES), n_groups, p=SIZES) + 1)
    usual = draw.integers(n_strata, size=n_groups)[codes]
    strata = np.where(
        draw.random(len(codes)) < 0.5, usual, draw.integers(n_strata, size=len(codes))
    )
    order = draw.permutation(len(codes))
    return codes[order], np.unique(strata[order], return_inverse=True)[1]


def uneven_table(n_groups: int, n_strata: int, seed: int) -> tuple[Numbers, Numbers]:
    """Return groups of very different sizes, each with shares of strata of its own."""
    draw = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_groups), np.ceil(draw.lognormal(2, 1, n_groups)).astype(int))
    shares = draw.dirichlet(np.full(n_strata, 0.3), n_groups)
    strata = np.array([draw.choice(n_strata, p=shares[code]) for code in codes])
    return codes, np.unique(strata, return_inverse=True)[1]


def rows_of(strata: Numbers, folds: Numbers, n_splits: int) -> npt.NDArray[np.intp]:
    """Return the numbers of rows by stratum and fold."""
    cells = np.bincount(strata * n_splits + folds, minlength=(strata.max() + 1) * n_splits)
    return cells.reshape(-1, n_splits)


def unevenness(strata: Numbers, folds: Numbers, n_splits: int) -> float:
    """Return the sum of squares by which shares of rows and of strata differ from equal ones."""
    found = rows_of(strata, folds, n_splits)
    whole = np.vstack([found, found.sum(axis=0)])
    return float(((whole / whole.sum(axis=1, keepdims=True) - 1 / n_splits) ** 2).sum())


def stratified(codes: Numbers, strata: Numbers, n_splits: int, seed: int) -> Numbers:
    """Return the fold of each row by scikit-learn."""
    splitter, folds = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed), codes * 0
    with warnings.catch_warnings(action="ignore"):  # a stratum may have few rows
        for number, (_, test) in enumerate(splitter.split(codes, strata, codes)):
            folds[test] = number
    return folds


@settings(deadline=None, max_examples=60)
@given(
    groups=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=7, max_size=60),
    n_splits=st.integers(2, 7),
    seed=st.integers(0, 2**32),
    order=st.randoms(use_true_random=False),
)
def test_groups_are_whole_no_fold_is_empty_and_the_order_of_rows_is_no_matter(
    groups: list[list[int]], n_splits: int, seed: int, order: Random
) -> None:
    rows = [(code, stratum) for code, of in enumerate(groups) for stratum in of]
    codes, strata = np.array(rows).T
    strata = np.unique(strata, return_inverse=True)[1]
    folds = deal(codes, strata, n_splits, seed)
    assert {*folds.tolist()} == {*range(n_splits)}
    assert len({*zip(codes.tolist(), folds.tolist(), strict=True)}) == len(groups)
    places = list(range(len(rows)))
    order.shuffle(places)
    np.testing.assert_array_equal(
        deal(codes[places], strata[places], n_splits, seed), folds[places]
    )


@pytest.mark.parametrize("n_strata", [2, 5])
@pytest.mark.parametrize("n_groups", [1_000, 50_000])
def test_folds_of_many_groups_differ_by_a_row(n_groups: int, n_strata: int) -> None:
    codes, strata = table(n_groups, n_strata, seed=n_groups)
    found = rows_of(strata, deal(codes, strata, 5, seed=42), 5)
    assert np.ptp(found.sum(axis=0)) <= 1
    assert np.ptp(found, axis=1).max() <= 2


@pytest.mark.parametrize("n_strata", [2, 5])
@pytest.mark.parametrize(
    ("make", "n_groups"), [(table, 25), (table, 200), (uneven_table, 40), (uneven_table, 60)]
)
def test_small_data_are_dealt_more_evenly_than_by_scikit_learn(
    make: Callable[[int, int, int], tuple[Numbers, Numbers]], n_groups: int, n_strata: int
) -> None:
    ratios = []
    for seed in range(20):
        codes, strata = make(n_groups, n_strata, seed)
        own, other = (split(codes, strata, 5, seed) for split in (deal, stratified))
        ratios.append(unevenness(strata, own, 5) / unevenness(strata, other, 5))
    assert np.mean(np.array(ratios) > 1 + 1e-9) <= 0.05
    assert np.mean(ratios) < 1


def test_a_seed_draws_the_same_folds_and_another_seed_parts_other_groups() -> None:
    for codes, strata in (table(500, 2, seed=1), uneven_table(60, 3, seed=1)):
        one, again, other = (deal(codes, strata, 5, seed=seed) for seed in (7, 7, 8))
        np.testing.assert_array_equal(one, again)
        together = [np.equal.outer(folds, folds) for folds in (one, other)]
        assert (together[0] != together[1]).mean() > 0.2


def test_each_pair_of_groups_is_as_often_in_one_fold() -> None:
    codes, strata = np.arange(40), np.arange(40) % 2
    folds = np.array([deal(codes, strata, 4, seed=seed) for seed in range(400)])
    shared = (folds[:, :, None] == folds[:, None, :]).mean(axis=0)[~np.eye(40, dtype=bool)]
    assert shared.mean() == pytest.approx(9 / 39)
    assert abs(shared - 9 / 39).max() < 0.15


def test_a_rare_label_is_spread_over_the_folds() -> None:
    strata = np.repeat([0, 1, 2], [100, 4, 1])
    found = rows_of(strata, deal(np.arange(105), strata, 5, seed=0), 5)
    assert sorted(found[1].tolist()) == [0, 1, 1, 1, 1]
    assert found.sum(axis=0).tolist() == [21] * 5


def test_a_label_of_its_own_for_each_row_takes_no_table_of_groups_by_labels() -> None:
    codes = np.arange(20_000) // 2
    folds = deal(codes, np.arange(20_000), 5, seed=0)
    assert np.bincount(folds).tolist() == [4_000] * 5


def test_every_release_of_numpy_deals_the_same_folds() -> None:
    equal = deal(np.arange(24), np.arange(24) % 2, 3, seed=42)
    assert "".join(map(str, equal)) == "202002111102222000111201"
    codes = np.repeat(np.arange(12), np.arange(12) % 4 + 1)
    unequal = deal(codes, np.arange(30) % 3, 3, seed=2**40)
    assert "".join(map(str, unequal)) == "100222000022211122220110001111"
