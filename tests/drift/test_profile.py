"""Profiles of passengers, and the drift between them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.drift.profile import GROUP_SIZE, MAX_LEVELS, SCORE, Column, Profile, take_profile
from spaceship.drift.psi import compare
from spaceship.task.raw_frame import typed
from spaceship.task.spaceship_titanic.columns import COLUMNS, PASSENGER
from spaceship.task.task import Task

MakeProfile = Callable[..., Profile]


def crowd(size: int, **columns: object) -> pd.DataFrame:
    """Return passengers who travel alone and differ in the given columns only."""
    ids = [f"{number:04d}_01" for number in range(size)]
    alike = {"HomePlanet": "Earth", "Cabin": "F/1/P", "Age": 30.0, "Spa": 0.0, "VIP": False}
    whole = dict.fromkeys(COLUMNS) | alike | {"PassengerId": ids} | columns
    return typed(pd.DataFrame(whole), PASSENGER)


@pytest.fixture
def profile_of(task: Task) -> MakeProfile:
    def make(size: int, like: Profile | None = None, **columns: object) -> Profile:
        return take_profile(crowd(size, **columns), task, np.full(size, 0.5), like)

    return make


def moved(reference: Profile, new: Profile) -> dict[str, float]:
    """Return the index of each column that has moved."""
    return {one.column: one.psi for one in compare(reference, new) if one.psi > 0}


def test_all_columns_are_profiled_and_shares_add_up_to_one(people: Dataset) -> None:
    assert people.test is not None
    n_rows = len(people.test)
    profile = take_profile(people.test, people.task, np.linspace(0, 1, n_rows))
    named = {*COLUMNS, "Deck", "Side", GROUP_SIZE, SCORE} - {"PassengerId", "Cabin", "Name"}
    assert set(profile.columns) == named
    assert profile.rows == n_rows
    for column in profile.columns.values():
        assert sum(column.shares) + column.other + column.missing == pytest.approx(1)
    assert profile.columns[SCORE].shares == pytest.approx([0.1] * 10, abs=0.01)
    assert profile.columns["VIP"].missing == people.test["VIP"].isna().mean()
    assert profile.columns["HomePlanet"].levels == ("Earth", "Europa", "Mars")
    assert set(profile.columns["CryoSleep"].levels) == {"True", "False"}


def test_zeros_of_spends_have_a_bin_of_their_own_and_repeated_deciles_are_one(
    people: Dataset, profile_of: MakeProfile
) -> None:
    profile = take_profile(people.train, people.task, np.zeros(10))
    spa, raw = profile.columns["Spa"], people.train["Spa"]
    assert spa.edges is not None
    assert spa.edges[1] == 0.0
    assert spa.shares[:2] == pytest.approx([0.0, (raw == 0).mean()])
    assert spa.shares[2:] == pytest.approx([(raw > 0).mean() / 10] * 10, abs=0.01)
    much_alike = profile_of(10, Age=[5.0] * 8 + [7.0, 9.0]).columns["Age"]
    assert much_alike.edges is not None
    assert much_alike.edges[1:] == (5.0, 7.0)
    assert much_alike.shares == (0.0, 0.8, 0.1, 0.1)


def test_each_travel_group_counts_once(task: Task) -> None:
    ids = ["0001_01", "0001_02", "0001_03", "0002_01"]
    columns = take_profile(crowd(4, PassengerId=ids), task, np.zeros(2)).columns
    assert (columns[GROUP_SIZE].levels, columns[GROUP_SIZE].shares) == (("1", "3"), (0.5, 0.5))
    assert columns[GROUP_SIZE].rows == 2
    mean_size = (3 + 3 + 3 + 1) / 4
    assert columns["Age"].rows == 4 / mean_size
    assert columns[SCORE].rows == 2 / mean_size


def test_the_same_passengers_in_another_order_have_the_same_profile(people: Dataset) -> None:
    chances = np.random.default_rng(1).random(len(people.train))
    profile = take_profile(people.train, people.task, chances)
    assert take_profile(people.train[::-1], people.task, chances[::-1]) == profile
    assert take_profile(people.train, people.task, chances, profile) == profile


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"Age": 30.0}, {"Age": 31.0}),
        ({"Age": 30.0}, {"Age": 29.0}),
        ({"Spa": 0.0}, {"Spa": 1.0}),
        ({"Spa": 1.0}, {"Spa": 0.0}),
        ({"Spa": np.nan}, {"Spa": 0.0}),
        ({"Spa": 0.0}, {"Spa": np.nan}),
        ({"HomePlanet": "Earth"}, {"HomePlanet": "Mars"}),
        ({"HomePlanet": None}, {"HomePlanet": "Mars"}),
        ({"HomePlanet": "Mars"}, {"HomePlanet": None}),
        ({"VIP": False}, {"VIP": True}),
    ],
    ids=repr,
)
def test_a_constant_or_empty_column_that_changes_has_drifted(
    profile_of: MakeProfile, before: dict[str, Any], after: dict[str, Any]
) -> None:
    reference = profile_of(100, **before)
    assert moved(reference, profile_of(100, reference, **before)) == {}
    drift = moved(reference, profile_of(100, reference, **after))
    assert list(drift) == list(after)
    assert 1 < drift.popitem()[1] < 20


def test_cabins_are_told_by_deck_and_side(profile_of: MakeProfile) -> None:
    reference = profile_of(60, Cabin=["F/1/P", "G/2/S", "G/3/S"] * 20)
    new = profile_of(60, reference, Cabin=["F/8/P", "Z/9/S", None] * 20)
    deck, side = (
        next(one for one in compare(reference, new) if one.column == name)
        for name in ("Deck", "Side")
    )
    assert deck.unseen == ("Z",)
    assert deck.unseen_share == pytest.approx(1 / 3)
    assert [deck.missing_before, deck.missing_now] == pytest.approx([0.0, 1 / 3])
    assert side.unseen == ()


def test_more_categories_than_are_kept_count_as_one(profile_of: MakeProfile) -> None:
    size = MAX_LEVELS + 5
    many: Any = {"HomePlanet": [f"planet {number:02d}" for number in range(size)]}
    reference = profile_of(size, **many)
    planets = reference.columns["HomePlanet"]
    assert len(planets.levels) == MAX_LEVELS
    assert planets.other == pytest.approx(5 / size)
    assert moved(reference, profile_of(size, reference, **many)) == {}
    known = profile_of(size)  # Earth alone
    (planet, *_) = compare(known, profile_of(size, known, **many))
    assert planet.unseen_share == pytest.approx(1)


def test_probabilities_that_are_none_are_missing(task: Task) -> None:
    score = take_profile(crowd(4), task, np.array([np.nan, 0.0, 1.0, 0.55])).columns[SCORE]
    assert score.missing == 0.25
    assert (score.shares[0], score.shares[5], score.shares[9]) == (0.25, 0.25, 0.25)


def test_nobody_at_all_has_a_profile(task: Task, profile_of: MakeProfile) -> None:
    nobody = crowd(1).head(0)
    reference = take_profile(nobody, task, np.array([]))
    assert isinstance(reference.columns["Age"], Column)
    assert {one.size for one in compare(reference, profile_of(5, reference))} == {"chance"}
    assert {
        one.size
        for one in compare(profile_of(5), take_profile(nobody, task, np.array([]), profile_of(5)))
    } == {"chance"}


def test_a_population_that_drifts_is_told_from_one_that_does_not(task: Task) -> None:
    def drawn(drift: float) -> Dataset:
        source = SyntheticData(n_groups=2000, seed=5, drift=drift, test_fraction=0.5)
        return checked(source.read(task), task)

    def test_passengers(drift: float) -> pd.DataFrame:
        test = drawn(drift).test
        assert test is not None
        return test

    train = drawn(0.0).train
    flat = np.full(len(train), 0.5)
    reference = take_profile(train, task, flat)
    still, drifted = (
        {one.column: one for one in compare(reference, take_profile(frame, task, flat, reference))}
        for frame in (test_passengers(0.0), test_passengers(1.0))
    )
    assert not [one.column for one in still.values() if one.exceeds(0.05)]
    far = {name for name, one in drifted.items() if one.exceeds(0.1)}
    assert {"HomePlanet", "Deck", "RoomService", "Age"} <= far
    for name in ("HomePlanet", "Deck", "Age", "CryoSleep"):
        assert drifted[name].psi > 5 * still[name].psi
