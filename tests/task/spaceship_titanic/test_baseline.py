from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from spaceship.task.spaceship_titanic.features.baseline import BaselineFeatures

Maker = Callable[..., pd.DataFrame]


@pytest.fixture
def fitted(passengers: Maker) -> BaselineFeatures:
    train = passengers(
        ["0001_01", "0001_02", "0002_01", "0003_01", "0004_01"],
        Cabin=["F/1/P", "F/1/P", "G/1/S", "F/7/S", np.nan],
        Name=["Ann Bee", "Bob Bee", "Cy Bee", "Di Eff", np.nan],
    )
    return BaselineFeatures().fit(train)


def test_counts_come_from_the_training_rows(fitted: BaselineFeatures, passengers: Maker) -> None:
    batch = passengers(
        ["0009_01", "0010_01", "0010_02"],
        Cabin=["F/1/S", "G/2/P", np.nan],
        Name=["Zoe Bee", "Zoe Zed", np.nan],
    )
    columns = fitted.transform(batch)
    np.testing.assert_array_equal(columns["PeopleInCabinNumber"], [3, 0, np.nan])
    np.testing.assert_array_equal(columns["PeopleInDeck"], [3, 1, np.nan])
    np.testing.assert_array_equal(columns["FamilySize"], [3, 0, np.nan])
    assert columns["GroupSize"].tolist() == [1, 2, 2]


def test_missing_names_are_no_family(fitted: BaselineFeatures) -> None:
    assert fitted.state_["families"] == {"Bee": 3, "Eff": 1}


def test_age_bands(fitted: BaselineFeatures, passengers: Maker) -> None:
    ages = [0.0, 12.0, 13.0, 18.0, 25.0, 50.0, 51.0, np.nan]
    frame = passengers([f"{number:04d}_01" for number in range(8)], Age=ages)
    bands = ["Child", "Child", "Teenager", "Teenager", "PreAdult", "Adult", "Elder"]
    assert fitted.transform(frame)["AgeBand"].tolist()[:-1] == bands
    assert fitted.transform(frame)["AgeBand"].isna().tolist() == [False] * 7 + [True]


def test_regions_and_merged_categories(fitted: BaselineFeatures, passengers: Maker) -> None:
    frame = passengers(
        ["0001_01", "0002_01", "0003_01", "0004_01"],
        Cabin=["B/0/P", "T/299/P", "E/300/S", "G/1500/S"],
        Destination=["TRAPPIST-1e", "PSO J318.5-22", "55 Cancri e", np.nan],
    )
    columns = fitted.transform(frame)
    assert columns["CabinRegion"].tolist() == ["A", "A", "B", "Other"]
    assert columns["Deck"].tolist() == ["B", "Other", "E", "G"]
    assert columns["Destination"].tolist()[:3] == ["TRAPPIST-1e", "Other", "55 Cancri e"]
    assert columns["Destination"].isna().tolist() == [False, False, False, True]
