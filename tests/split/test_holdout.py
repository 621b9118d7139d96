"""The hold-out is for ever, and never tears a group apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from spaceship.errors import ConfigError, DataError
from spaceship.split.holdout import holdout_mask
from spaceship.task.arrays import Mask
from spaceship.task.task import Task

VISITS = Task.read(
    {
        "problem": "binary",
        "label": "ill",
        "positive": "yes",
        "id": "visit",
        "group": "clinic",
        "columns": {"age": "number"},
        "noun": "visit",
        "group_noun": "clinic",
    }
)


def clinics(numbers: list[int], size: int = 2) -> pd.Series:
    return pd.Series(np.repeat([f"{number:04d}" for number in numbers], size), dtype="str")


def mask_of(groups: pd.Series, *, fraction: float = 0.2, salt: str = "salt") -> Mask:
    return holdout_mask(groups, VISITS, fraction=fraction, salt=salt)[0]


def sides(groups: pd.Series, *, fraction: float = 0.2) -> dict[str, bool]:
    mask, by_rank = holdout_mask(groups, VISITS, fraction=fraction, salt="salt")
    assert not by_rank
    return dict(zip(groups, mask.tolist(), strict=True))


def test_holdout_is_the_same_in_every_process_and_release() -> None:
    held = [name for name, out in sides(clinics(list(range(1, 21)), size=1)).items() if out]
    assert held == ["0003", "0008", "0013", "0015", "0016", "0017"]


def test_holdout_takes_the_asked_share_of_groups() -> None:
    mask = mask_of(clinics(list(range(20_000)), size=1))
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
    few = clinics(sorted(some))
    many = clinics(sorted(some | more)).sample(frac=1, random_state=seed)
    drawn = (holdout_mask(groups, VISITS, fraction=0.5, salt="salt") for groups in (few, many))
    assume(not any(by_rank for _, by_rank in drawn))  # few groups that the hash divides badly
    before, after = sides(few, fraction=0.5), sides(many, fraction=0.5)
    assert {i: after[i] for i in before} == before


def test_a_larger_fraction_holds_out_the_same_groups_and_more() -> None:
    groups = clinics(list(range(500)))
    small, large = mask_of(groups, fraction=0.2), mask_of(groups, fraction=0.4)
    assert large[small].all()
    assert large.sum() > small.sum()


def test_another_salt_draws_another_holdout() -> None:
    groups = clinics(list(range(500)))
    assert (mask_of(groups, salt="one") != mask_of(groups, salt="two")).any()


@given(
    sizes=st.lists(st.integers(1, 200), min_size=2, max_size=12),
    fraction=st.floats(0.01, 0.99),
    salt=st.text(max_size=3),
)
def test_few_groups_are_held_out_near_the_fraction_with_one_on_each_side(
    sizes: list[int], fraction: float, salt: str
) -> None:
    groups = pd.Series(np.repeat([str(number) for number in range(len(sizes))], sizes))
    mask, by_rank = holdout_mask(groups, VISITS, fraction=fraction, salt=salt)
    assert mask.any()
    assert not mask.all()
    assert pd.Series(mask).groupby(groups).nunique().eq(1).all()
    miss = abs(mask.mean() - fraction)
    assert miss <= max(sizes) / sum(sizes) if by_rank else miss <= fraction


@pytest.mark.parametrize(("fraction", "held"), [(0.001, 1), (0.2, 2), (0.999, 9)])
def test_groups_of_the_lowest_hashes_are_held_out_where_the_hash_misses(
    fraction: float, held: int
) -> None:
    groups = clinics(list(range(10)))
    masks = [holdout_mask(groups, VISITS, fraction=fraction, salt=str(n)) for n in range(60)]
    by_rank = [mask for mask, rank in masks if rank]
    assert by_rank
    assert {int(mask.sum()) for mask in by_rank} == {2 * held}


def test_a_group_too_large_for_the_holdout_is_passed_over() -> None:
    groups = pd.Series(["large"] * 90 + ["small"] * 6 + ["tiny"] * 4)
    for salt in map(str, range(20)):
        mask, by_rank = holdout_mask(groups, VISITS, fraction=0.1, salt=salt)
        assert by_rank or 0.05 <= mask.mean() <= 0.2
        assert not mask[:90].any()


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_fraction_outside_zero_to_one_is_refused(fraction: float) -> None:
    with pytest.raises(ConfigError, match=rf"between 0 and 1, found {fraction}"):
        mask_of(clinics([1, 2]), fraction=fraction)


@pytest.mark.parametrize("groups", [[], [1]])
def test_fewer_than_two_groups_are_refused(groups: list[int]) -> None:
    with pytest.raises(DataError, match=f"expected 2 or more clinics.*found {len(groups)}; give"):
        mask_of(clinics(groups))


def test_a_missing_id_is_refused() -> None:
    with pytest.raises(DataError, match="expected visit in every row, found 1 missing"):
        mask_of(pd.Series(["0001", None], dtype="str"))
