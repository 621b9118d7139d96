"""The hold-out is for ever, and never tears a group apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import ConfigError, DataError
from spaceship.split.holdout import holdout_mask
from spaceship.task.spaceship_titanic.columns import group_of


def passengers(groups: list[int], size: int = 2) -> pd.Series:
    ids = [f"{group:04d}_{pp:02d}" for group in groups for pp in range(1, size + 1)]
    return pd.Series(ids, dtype="str")


def sides(ids: pd.Series, *, fraction: float = 0.2, salt: str = "salt") -> dict[str, bool]:
    mask = holdout_mask(ids, fraction=fraction, salt=salt)
    return dict(zip(ids, mask.tolist(), strict=True))


def test_travel_group_is_the_text_before_the_underscore() -> None:
    ids = pd.Series(["0001_01", "0001_02", "9280_01", None], index=[7, 3, 5, 1], dtype="str")
    groups = group_of(ids)
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
    assert mask.groupby(group_of(ids)).nunique().eq(1).all()


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
    with pytest.raises(ConfigError, match=rf"between 0 and 1, found {fraction}"):
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
