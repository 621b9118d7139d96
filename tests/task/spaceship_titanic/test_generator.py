"""The synthetic passengers keep Kaggle's shares, its rules and its main effects."""

import numpy as np
import pandas as pd
import pytest

from spaceship.data.synthetic import MISSING, generate
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.generator.names import draw_names
from spaceship.task.spaceship_titanic.generator.population import draw_people


def split_up(frame: pd.DataFrame) -> pd.DataFrame:
    """Add what the columns hide: group, place, size, deck, number, side, surname."""
    ids = frame["PassengerId"].str.split("_", expand=True).astype(int)
    cabin = frame["Cabin"].str.split("/", expand=True)
    return frame.assign(
        group=ids[0],
        place=ids[1],
        size=ids[0].map(ids[0].value_counts()),
        deck=cabin[0],
        number=pd.to_numeric(cabin[1]),
        side=cabin[2],
        surname=frame["Name"].str.split().str[-1],
        cryo=frame["CryoSleep"].astype(float),
    )


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    return split_up(generate(40_000, 5, 0.0)[0])


@pytest.fixture(scope="module")
def awake(crowd: pd.DataFrame) -> pd.DataFrame:
    return crowd[(crowd["cryo"] == 0) & (crowd["Age"] > 12)]


# What FACTS say of Kaggle's files: column, then the share of each of its values.
SHARES = [
    ("HomePlanet", {"Earth": 0.5413, "Europa": 0.247, "Mars": 0.2116}),
    ("Destination", {"TRAPPIST-1e": 0.6987, "55 Cancri e": 0.208, "PSO J318.5-22": 0.0933}),
    ("side", {"S": 0.5036, "P": 0.4964}),
    ("cryo", {1.0: 0.3618, 0.0: 0.6382}),
    ("VIP", {True: 0.0215, False: 0.9785}),
    ("Transported", {True: 0.5036, False: 0.4964}),
    (
        "size",
        {1: 0.551, 2: 0.2, 3: 0.116, 4: 0.047, 5: 0.029, 6: 0.019, 7: 0.025, 8: 0.012},
    ),
]


@pytest.mark.parametrize(("column", "expected"), SHARES)
def test_values_have_their_measured_shares(
    crowd: pd.DataFrame, column: str, expected: dict[object, float]
) -> None:
    found = crowd[column].value_counts(normalize=True)
    assert set(found.index) == set(expected)
    assert found.to_dict() == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("planet", "decks"),
    [
        ("Earth", {"E": 0.087, "F": 0.362, "G": 0.551}),
        ("Europa", {"A": 0.113, "B": 0.368, "C": 0.354, "D": 0.097, "E": 0.065, "T": 0.003}),
        ("Mars", {"D": 0.155, "E": 0.193, "F": 0.652}),
    ],
)
def test_decks_follow_the_planet(crowd: pd.DataFrame, planet: str, decks: dict[str, float]) -> None:
    found = crowd.loc[crowd["HomePlanet"] == planet, "deck"].value_counts(normalize=True)
    assert found.to_dict() == pytest.approx(decks, abs=0.02)


@pytest.mark.parametrize(
    ("planet", "bands"),
    [
        ("Earth", [0.028, 0.043, 0.054, 0.111, 0.346, 0.189, 0.166, 0.064]),
        ("Europa", [0.004, 0.008, 0.008, 0.054, 0.159, 0.351, 0.291, 0.124]),
        ("Mars", [0.021, 0.032, 0.036, 0.066, 0.274, 0.273, 0.211, 0.087]),
    ],
)
def test_ages_follow_the_planet(crowd: pd.DataFrame, planet: str, bands: list[float]) -> None:
    ages = crowd.loc[crowd["HomePlanet"] == planet, "Age"].dropna()
    counts = np.histogram(ages, bins=[0, 1, 5, 13, 18, 26, 36, 51, 80])[0]
    assert (counts / len(ages)).tolist() == pytest.approx(bands, abs=0.02)


@pytest.mark.parametrize(
    ("planet", "no_bill"),
    [
        ("Earth", [0.44, 0.424, 0.43, 0.423, 0.422]),
        ("Europa", [0.668, 0.051, 0.674, 0.117, 0.109]),
        ("Mars", [0.051, 0.7, 0.123, 0.493, 0.698]),
    ],
)
def test_bills_are_absent_as_often_as_measured(
    awake: pd.DataFrame, planet: str, no_bill: list[float]
) -> None:
    bills = awake.loc[awake["HomePlanet"] == planet, list(SPENDS)]
    found = (bills == 0).sum() / bills.notna().sum()
    assert found.tolist() == pytest.approx(no_bill, abs=0.02)


@pytest.mark.parametrize(
    ("planet", "quantiles"),
    [
        ("Earth", [572.0, 723.0, 827.0, 1131.5, 2431.2]),
        ("Europa", [2053.25, 3454.5, 5125.5, 8002.0, 17223.0]),
        ("Mars", [873.15, 1186.0, 1588.0, 2416.0, 3863.3]),
    ],
)
def test_totals_lie_near_the_planet_s_usual_budget(
    awake: pd.DataFrame, planet: str, quantiles: list[float]
) -> None:
    bills = awake.loc[awake["HomePlanet"] == planet, list(SPENDS)]
    totals = bills.sum(axis=1)
    found = totals[totals > 0].quantile([0.05, 0.25, 0.5, 0.75, 0.95])
    assert found.tolist() == pytest.approx(quantiles, rel=0.1)


@pytest.mark.parametrize("column", sorted(MISSING))
def test_values_are_missing_at_the_measured_rate(crowd: pd.DataFrame, column: str) -> None:
    assert crowd[column].isna().mean() == pytest.approx(MISSING[column], abs=0.004)


def test_missing_values_are_independent(crowd: pd.DataFrame) -> None:
    complete = crowd[list(MISSING)].notna().all(axis=1).mean()
    assert complete == pytest.approx(0.7623, abs=0.01)


@pytest.mark.parametrize(
    ("planet", "asleep", "transported"),
    [
        ("Earth", 0.0, 0.321),
        ("Earth", 1.0, 0.656),
        ("Europa", 0.0, 0.4),
        ("Europa", 1.0, 0.989),
        ("Mars", 0.0, 0.277),
        ("Mars", 1.0, 0.912),
    ],
)
def test_the_label_follows_planet_and_cryo_sleep(
    crowd: pd.DataFrame, planet: str, asleep: float, transported: float
) -> None:
    here = (crowd["HomePlanet"] == planet) & (crowd["cryo"] == asleep)
    assert crowd.loc[here, "Transported"].mean() == pytest.approx(transported, abs=0.04)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("side", {"P": 0.451, "S": 0.555}),
        ("deck", {"B": 0.734, "C": 0.68, "D": 0.433, "E": 0.357, "F": 0.44, "G": 0.516}),
        ("Destination", {"55 Cancri e": 0.61, "PSO J318.5-22": 0.504, "TRAPPIST-1e": 0.471}),
    ],
)
def test_the_label_follows_side_deck_and_destination(
    crowd: pd.DataFrame, column: str, expected: dict[str, float]
) -> None:
    found = crowd.groupby(column)["Transported"].mean()[list(expected)]
    assert found.to_dict() == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("service", "up"),
    [
        ("RoomService", False),
        ("FoodCourt", True),
        ("ShoppingMall", True),
        ("Spa", False),
        ("VRDeck", False),
    ],
)
def test_spending_moves_the_label_the_way_it_does_on_board(
    awake: pd.DataFrame,
    service: str,
    up: bool,  # noqa: FBT001
) -> None:
    little = awake.loc[awake[service].between(1, 200), "Transported"].mean()
    much = awake.loc[awake[service] > 2000, "Transported"].mean()
    assert (much - little > 0.1) if up else (little - much > 0.1)


def test_the_labels_of_a_group_s_members_agree_as_much_as_measured(crowd: pd.DataFrame) -> None:
    pairs = crowd[crowd["size"] == 2].set_index("group")
    first, second = (pairs.loc[pairs["place"] == place, "Transported"] for place in (1, 2))
    assert first.astype(float).corr(second.astype(float)) == pytest.approx(0.093, abs=0.04)


def test_cryo_sleepers_and_children_never_spend(crowd: pd.DataFrame) -> None:
    idle = crowd[(crowd["cryo"] == 1) | (crowd["Age"] <= 12)]
    assert len(idle) > 1000
    assert (idle[list(SPENDS)].fillna(0) == 0).all(axis=None)


def test_bills_are_whole_and_some_are_high(crowd: pd.DataFrame) -> None:
    bills = crowd[list(SPENDS)].fillna(0).to_numpy()
    assert (bills == bills.round()).all()
    assert bills.min() == 0
    assert 10_000 < bills.max() < 35_000


def test_minors_and_earthlings_are_no_vips(crowd: pd.DataFrame) -> None:
    barred = crowd[(crowd["Age"] < 18) | (crowd["HomePlanet"] == "Earth")]
    assert not barred["VIP"].fillna(value=False).any()


def test_groups_share_planet_and_side(crowd: pd.DataFrame) -> None:
    distinct = crowd.groupby("group")[["HomePlanet", "side"]].nunique()
    assert (distinct <= 1).all(axis=None)


def test_groups_have_one_to_three_cabins(crowd: pd.DataFrame) -> None:
    cabins = crowd[crowd["size"] > 1].groupby("group")["Cabin"].nunique()
    found = cabins[cabins > 0].value_counts(normalize=True)
    assert [found[1], found[2], found[3]] == pytest.approx([0.685, 0.3, 0.015], abs=0.03)


def test_no_two_groups_share_a_cabin(crowd: pd.DataFrame) -> None:
    assert crowd.groupby("Cabin")["group"].nunique().max() == 1


def test_cabin_numbers_start_at_0_and_rise_with_the_group(crowd: pd.DataFrame) -> None:
    for _, row in crowd.dropna(subset="Cabin").groupby(["deck", "side"]):
        assert row.sort_values("group")["number"].is_monotonic_increasing
        assert row["number"].nunique() > 0.9 * row["number"].max()
    assert (crowd.groupby(["deck", "side"])["number"].min() <= 1).all()


def test_ids_count_groups_and_places_without_gaps(crowd: pd.DataFrame) -> None:
    assert crowd["group"].unique().tolist() == list(range(1, 40_001))
    assert (crowd["place"] == crowd.groupby("group").cumcount() + 1).all()
    assert crowd["PassengerId"].iloc[0] == "0001_01"
    assert crowd["PassengerId"].iloc[-1].startswith("40000_")


def test_a_surname_belongs_to_one_planet(crowd: pd.DataFrame) -> None:
    assert crowd.groupby("surname")["HomePlanet"].nunique().max() == 1


def test_a_group_has_mostly_one_surname(crowd: pd.DataFrame) -> None:
    surnames = crowd[crowd["size"] > 1].groupby("group")["surname"].nunique()
    assert (surnames[surnames > 0] == 1).mean() == pytest.approx(0.823, abs=0.03)


def test_several_groups_share_a_surname() -> None:
    people = draw_people(np.random.default_rng(3), 9280, 0.0)
    surnames = draw_names(np.random.default_rng(4), people).str.split().str[-1]
    assert surnames.nunique() == pytest.approx(2406, rel=0.03)
    groups = pd.DataFrame({"surname": surnames, "group": people.group}).drop_duplicates()
    assert groups["surname"].value_counts().mean() == pytest.approx(3.96, rel=0.05)
