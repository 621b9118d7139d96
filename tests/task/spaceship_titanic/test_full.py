from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import ConfigError
from spaceship.features.raw import RawFeatures
from spaceship.task.spaceship_titanic.features._blocks import BLOCKS
from spaceship.task.spaceship_titanic.features.full import FullFeatures

Maker = Callable[..., pd.DataFrame]
THREE = ["0001_01", "0001_02", "0002_01"]


def built(block: str, frame: pd.DataFrame, train: pd.DataFrame | None = None) -> pd.DataFrame:
    known = frame if train is None else train
    labels = np.arange(len(known)) % 2 == 0
    return FullFeatures([block]).fit(known, labels).transform(frame)


def listed(column: pd.Series) -> list[Any]:
    return [None if pd.isna(value) else value for value in column]


def test_no_blocks_are_the_raw_columns(passengers: Maker) -> None:
    frame = passengers(THREE, Cabin=["B/0/P", np.nan, "F/1/S"], Age=[1.0, 2.0, np.nan])
    pd.testing.assert_frame_equal(
        FullFeatures([]).fit_transform(frame), RawFeatures().fit_transform(frame)
    )


def test_blocks_have_to_be_a_list(passengers: Maker) -> None:
    with pytest.raises(ConfigError, match=r"features\.blocks to be a list, found None; give"):
        FullFeatures(None).fit(passengers(THREE))  # type: ignore[arg-type]


def test_unknown_blocks_are_refused_with_the_choices(passengers: Maker) -> None:
    with pytest.raises(ConfigError, match=r"to name some of cabin, .*, found magic"):
        FullFeatures(["cabin", "magic"]).fit(passengers(THREE))


def test_gaps_are_filled_from_group_mates_alone(passengers: Maker) -> None:
    frame = passengers(THREE, Cabin=["F/5/S", np.nan, np.nan], HomePlanet=[np.nan, "Mars", np.nan])
    columns = built("fill_from_group", frame)
    assert listed(columns["HomePlanet"]) == ["Mars", "Mars", None]
    assert listed(columns["Deck"]) == ["F", "F", None]
    assert listed(columns["CabinNumber"]) == [5.0, 5.0, None]
    assert listed(columns["Side"]) == ["S", "S", None]


def test_group_mates_who_disagree_fill_nothing(passengers: Maker) -> None:
    ids = ["0001_01", "0001_02", "0001_03"]
    columns = built("fill_from_group", passengers(ids, Cabin=["F/5/S", "G/9/S", np.nan]))
    assert listed(columns["Deck"]) == ["F", "G", None]
    assert listed(columns["Side"]) == ["S", "S", "S"]


def test_rows_without_an_id_are_no_group(passengers: Maker) -> None:
    frame = passengers([np.nan, np.nan], HomePlanet=["Mars", np.nan])
    assert listed(built("fill_from_group", frame)["HomePlanet"]) == ["Mars", None]
    assert built("group_size", frame)["GroupSize"].tolist() == [1, 1]


def test_planet_is_filled_by_deck_then_surname(passengers: Maker) -> None:
    train = passengers(
        ["0001_01", "0002_01", "0003_01", "0004_01"],
        HomePlanet=["Europa", "Earth", "Mars", "Earth"],
        Cabin=["A/1/P", "G/1/P", "F/1/P", "F/2/P"],
        Name=["Ann Bee", "Cy Dee", "Di Eff", "Eve Eff"],
    )
    frame = passengers(
        ["0011_01", "0012_01", "0013_01", "0014_01"],
        Cabin=["A/7/S", "F/7/S", "F/8/S", np.nan],
        Name=["Zoe Dee", "Zoe Dee", "Zoe Eff", "Zoe Zed"],
    )
    filled = built("fill_planet", frame, train)["HomePlanet"]
    assert listed(filled) == ["Europa", "Earth", None, None]


def test_who_spends_is_awake(passengers: Maker) -> None:
    frame = passengers(THREE, Spa=[5.0, 0.0, np.nan])
    assert listed(built("cryo_logic", frame)["CryoSleep"]) == [0.0, None, None]


def test_sleepers_and_children_spend_nothing(passengers: Maker) -> None:
    frame = passengers(THREE, CryoSleep=[True, False, False], Age=[40.0, 12.0, 13.0])
    assert listed(built("cryo_logic", frame)["Spa"]) == [0.0, 0.0, None]


def test_group_size_and_position(passengers: Maker) -> None:
    assert built("group_size", passengers(THREE))["GroupSize"].tolist() == [2, 2, 1]
    assert built("group_position", passengers(THREE))["GroupPosition"].tolist() == [1, 2, 1]


def test_cabin_numbers_are_negative_on_the_port_side(passengers: Maker) -> None:
    columns = built("cabin", passengers(THREE, Cabin=["B/0/P", "F/3/S", "F/3"]))
    assert listed(columns["SignedCabinNumber"]) == [-1.0, 3.0, None]
    assert listed(columns["DeckSide"]) == ["BP", "FS", None]


def test_cabin_region_and_rate(passengers: Maker) -> None:
    frame = passengers(["0002_01", "0004_01", "0000_01"], Cabin=["F/250/P", np.nan, "F/1/P"])
    assert listed(built("cabin_region", frame)["CabinRegion"]) == [2.0, None, 0.0]
    assert listed(built("cabin_rate", frame)["CabinRate"]) == [125.0, None, None]


def test_spending_adds_what_is_known(passengers: Maker) -> None:
    frame = passengers(THREE, Spa=[5.0, np.nan, 0.0], FoodCourt=[7.0, 2.0, 0.0])
    columns = built("spending", frame)
    assert columns["LuxurySpend"].tolist() == [5, 0, 0]
    assert columns["BasicSpend"].tolist() == [7, 2, 0]
    assert columns["TotalSpend"].tolist() == [12, 2, 0]
    assert built("no_spend", frame)["NoSpend"].tolist() == [0, 0, 1]
    assert built("no_spend", frame)["SpendKinds"].tolist() == [2, 1, 0]
    np.testing.assert_allclose(built("log_spends", frame)["LogSpa"], np.log1p([5, np.nan, 0]))


def test_child_is_missing_where_the_age_is(passengers: Maker) -> None:
    frame = passengers(THREE, Age=[12.0, 13.0, np.nan])
    assert listed(built("child", frame)["Child"]) == [1.0, 0.0, None]


def test_family_size_is_that_of_the_training_rows(passengers: Maker) -> None:
    train = passengers(THREE, Name=["Ann Bee", "Bob Bee", np.nan])
    frame = passengers(THREE, Name=["Zoe Bee", "Zoe Zed", np.nan])
    assert listed(built("family_size", frame, train)["FamilySize"]) == [2.0, 0.0, None]


def test_every_block_adds_or_fills_a_column(passengers: Maker) -> None:
    frame = passengers(
        THREE,
        HomePlanet=["Mars", np.nan, "Earth"],
        Cabin=["F/1/S", np.nan, "G/3/P"],
        Name=["Ann Bee", "Bob Bee", "Cy Dee"],
        Spa=[1.0, 2.0, 3.0],
    )
    raw = FullFeatures([]).fit_transform(frame)
    for name in BLOCKS:
        assert not built(name, frame).equals(raw), name
