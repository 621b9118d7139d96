"""The synthetic passengers keep Kaggle's shares, its rules and the main effects on its label."""

import numpy as np
import pandas as pd
import pytest

from spaceship.task.raw_frame import typed
from spaceship.task.spaceship_titanic.columns import LABEL, PASSENGER, SPENDS
from spaceship.task.spaceship_titanic.generator.passengers import generate

AGES = [0, 1, 5, 13, 18, 26, 36, 51, 80]


@pytest.fixture(scope="module")
def crowd() -> pd.DataFrame:
    """Give 56,000 passengers, with the parts of their ids, cabins and names as columns."""
    frame, _ = generate(40_000, 5, 0.0)
    ids = frame["PassengerId"].str.split("_", expand=True).astype(int)
    cabin = frame["Cabin"].str.split("/", expand=True)
    parts = {"group": ids[0], "place": ids[1], "size": ids[0].map(ids[0].value_counts())}
    parts |= {"deck": cabin[0], "number": pd.to_numeric(cabin[1]), "side": cabin[2]}
    cryo = frame["CryoSleep"].astype(float)
    return frame.assign(**parts, surname=frame["Name"].str.split().str[-1], cryo=cryo)


SHARES = [  # measured on Kaggle's files
    ("HomePlanet", {"Earth": 0.5413, "Europa": 0.247, "Mars": 0.2116}),
    ("Destination", {"TRAPPIST-1e": 0.6987, "55 Cancri e": 0.208, "PSO J318.5-22": 0.0933}),
    ("side", {"S": 0.5036, "P": 0.4964}),
    ("cryo", {1.0: 0.3618, 0.0: 0.6382}),
    ("VIP", {True: 0.0215, False: 0.9785}),
    ("Transported", {True: 0.5036, False: 0.4964}),
    ("size", {1: 0.551, 2: 0.2, 3: 0.116, 4: 0.047, 5: 0.029, 6: 0.019, 7: 0.025, 8: 0.012}),
]


@pytest.mark.parametrize(("column", "expected"), SHARES)
def test_values_have_their_measured_shares(
    crowd: pd.DataFrame, column: str, expected: dict[object, float]
) -> None:
    found = crowd[column].value_counts(normalize=True)
    assert found.to_dict() == pytest.approx(expected, abs=0.02)


# By planet: decks from the first to the last, ages in the bands above, no bill by service.
DECKS = {"Earth": [0.087, 0.362, 0.551], "Europa": [0.113, 0.368, 0.354, 0.097, 0.065, 0.003]}
DECKS |= {"Mars": [0.155, 0.193, 0.652]}
BANDS = {
    "Earth": [0.028, 0.043, 0.054, 0.111, 0.346, 0.189, 0.166, 0.064],
    "Europa": [0.004, 0.008, 0.008, 0.054, 0.159, 0.351, 0.291, 0.124],
    "Mars": [0.021, 0.032, 0.036, 0.066, 0.274, 0.273, 0.211, 0.087],
}
NO_BILL = {"Earth": [0.44, 0.424, 0.43, 0.423, 0.422], "Mars": [0.051, 0.7, 0.123, 0.493, 0.698]}
NO_BILL |= {"Europa": [0.668, 0.051, 0.674, 0.117, 0.109]}


@pytest.mark.parametrize("planet", sorted(DECKS))
def test_decks_ages_and_bills_follow_the_planet(crowd: pd.DataFrame, planet: str) -> None:
    here = crowd[crowd["HomePlanet"] == planet]
    decks = here["deck"].value_counts(normalize=True).sort_index().tolist()
    assert decks == pytest.approx(DECKS[planet], abs=0.02)
    counts = np.histogram(here["Age"].dropna(), bins=AGES)[0]
    assert (counts / counts.sum()).tolist() == pytest.approx(BANDS[planet], abs=0.02)
    bills = here.loc[(here["cryo"] == 0) & (here["Age"] > 12), list(SPENDS)]
    no_bill = ((bills == 0).sum() / bills.notna().sum()).tolist()
    assert no_bill == pytest.approx(NO_BILL[planet], abs=0.02)


def test_values_are_missing_at_the_measured_rates_independently(crowd: pd.DataFrame) -> None:
    raw = crowd.iloc[:, : crowd.columns.get_loc("Transported")]
    missing = raw.drop(columns="PassengerId").isna()
    assert missing.mean().tolist() == pytest.approx([0.022] * 12, abs=0.004)
    assert missing.any(axis=1).mean() == pytest.approx(0.2377, abs=0.01)
    assert crowd["PassengerId"].notna().all()


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (["cryo", "HomePlanet"], [0.321, 0.4, 0.277, 0.656, 0.989, 0.912]),
        (["side"], [0.451, 0.555]),
        (["deck"], [0.496, 0.734, 0.68, 0.433, 0.357, 0.44, 0.516]),
        (["Destination"], [0.61, 0.504, 0.471]),
    ],
)
def test_the_label_has_the_measured_rates(
    crowd: pd.DataFrame, by: list[str], expected: list[float]
) -> None:
    found = crowd.groupby(by)["Transported"].mean().tolist()[: len(expected)]
    assert found == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("service", "sign"), [*zip(SPENDS, [-1, 1, 1, -1, -1], strict=True)])
def test_spending_moves_the_label_as_in_kaggle_s_files(
    crowd: pd.DataFrame, service: str, sign: int
) -> None:
    little = crowd.loc[crowd[service].between(1, 200), "Transported"].mean()
    much = crowd.loc[crowd[service] > 2000, "Transported"].mean()
    assert sign * (much - little) > 0.1


def test_labels_of_group_members_correlate(crowd: pd.DataFrame) -> None:
    pairs = crowd[crowd["size"] == 2].set_index("group")
    first, second = (pairs.loc[pairs["place"] == place, "Transported"] for place in (1, 2))
    assert first.astype(float).corr(second.astype(float)) == pytest.approx(0.093, abs=0.05)


def test_sleepers_and_children_never_spend_and_no_minor_or_earthling_is_a_vip(
    crowd: pd.DataFrame,
) -> None:
    idle = crowd[(crowd["cryo"] == 1) | (crowd["Age"] <= 12)]
    assert (idle[list(SPENDS)].fillna(0) == 0).all(axis=None)
    barred = crowd[(crowd["Age"] < 18) | (crowd["HomePlanet"] == "Earth")]
    assert not barred["VIP"].fillna(value=False).any()


def test_a_group_shares_planet_side_and_surname_and_no_cabin_with_another(
    crowd: pd.DataFrame,
) -> None:
    distinct = crowd.groupby("group")[["HomePlanet", "side", "surname"]].nunique()
    assert (distinct <= 1).all(axis=None)
    assert crowd.groupby("Cabin")["group"].nunique().max() == 1
    rows = crowd.dropna(subset="Cabin").groupby(["deck", "side"])["number"]
    assert all(row.is_monotonic_increasing for _, row in rows)


def test_ids_count_groups_and_places_without_gaps(crowd: pd.DataFrame) -> None:
    assert crowd["group"].unique().tolist() == list(range(1, 40_001))
    assert (crowd["place"] == crowd.groupby("group").cumcount() + 1).all()


def test_frames_are_typed_and_bills_whole() -> None:
    frame, _ = generate(50, 0, 0.5)
    pd.testing.assert_frame_equal(frame, typed(frame, PASSENGER).assign(**{LABEL: frame[LABEL]}))
    assert (frame[list(SPENDS)].fillna(0) % 1 == 0).all(axis=None)


def test_drift_shifts_the_population_step_by_step() -> None:
    crowds = [generate(5000, 1, drift)[0] for drift in (0.0, 0.5, 1.0)]
    ages = [frame["Age"].mean() for frame in crowds]
    awake = [1 - frame["CryoSleep"].astype(float).mean() for frame in crowds]
    off_earth = [(frame["HomePlanet"] != "Earth").mean() for frame in crowds]
    for figures, least in ((ages, 3), (awake, 0.08), (off_earth, 0.15)):
        assert figures == sorted(figures)
        assert figures[2] - figures[0] > least
