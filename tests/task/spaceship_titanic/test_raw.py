from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from spaceship.features.raw import RawFeatures
from spaceship.task.spaceship_titanic.columns import SPENDS


def test_columns_are_the_raw_ones_and_the_cabins_parts(
    passengers: Callable[..., pd.DataFrame],
) -> None:
    columns = RawFeatures().fit_transform(passengers(["0001_01"]))
    names = {"HomePlanet", "CryoSleep", "Destination", "Age", "VIP", *SPENDS}
    assert set(columns) == names | {"Deck", "CabinNumber", "Side"}


def test_flags_become_numbers_and_stay_missing(passengers: Callable[..., pd.DataFrame]) -> None:
    frame = passengers(["0001_01", "0001_02", "0002_01"], CryoSleep=[True, False, np.nan])
    np.testing.assert_array_equal(RawFeatures().fit_transform(frame)["CryoSleep"], [1, 0, np.nan])


@pytest.mark.parametrize(
    ("cabin", "deck", "number", "side"),
    [
        ("B/0/P", "B", 0.0, "P"),
        ("G/1507/S", "G", 1507.0, "S"),
        ("F/12", "F", 12.0, None),
        ("F", "F", None, None),
        ("F/x/S", "F", None, "S"),
        (np.nan, None, None, None),
    ],
)
def test_cabin_is_split_as_far_as_it_can_be_read(
    passengers: Callable[..., pd.DataFrame],
    cabin: str,
    deck: str | None,
    number: float | None,
    side: str | None,
) -> None:
    columns = RawFeatures().fit_transform(passengers(["0001_01"], Cabin=[cabin]))
    row = columns[["Deck", "CabinNumber", "Side"]].iloc[0]
    assert [None if pd.isna(value) else value for value in row] == [deck, number, side]


def test_transform_before_fit_is_refused(passengers: Callable[..., pd.DataFrame]) -> None:
    with pytest.raises(NotFittedError):
        RawFeatures().transform(passengers(["0001_01"]))
