"""The one block that learns from labels: what it finds, and what it must not see."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from spaceship.errors import ConfigError, DataError
from spaceship.task.spaceship_titanic.columns import COLUMNS, SPENDS
from spaceship.task.spaceship_titanic.features import _logistic, _place
from spaceship.task.spaceship_titanic.features.full import FullFeatures

SIZE = 1200


def passengers() -> pd.DataFrame:
    """Two to a cabin on one deck, one side or the other; all awake, nobody spends."""
    rng = np.random.default_rng(5)
    numbers, sides = rng.integers(0, 1500, SIZE // 2), rng.choice(["P", "S"], SIZE // 2)
    cabins = [f"G/{number}/{side}" for number, side in zip(numbers, sides, strict=True)]
    return pd.DataFrame(
        {
            "PassengerId": [f"{row // 2:04d}_{row % 2 + 1:02d}" for row in range(SIZE)],
            "HomePlanet": "Earth",
            "CryoSleep": False,
            "Cabin": np.repeat(cabins, 2),
            "Destination": "TRAPPIST-1e",
            "Age": 30.0,
            "VIP": False,
            "Name": "Ann Bee",
            **dict.fromkeys(SPENDS, 0.0),
        }
    )[list(COLUMNS)]


def numbers(frame: pd.DataFrame) -> Any:
    return frame["Cabin"].str.split("/").str[1].astype(float)


def odds(frame: pd.DataFrame) -> Any:
    """Smooth along the port side, flat on the other one."""
    port = frame["Cabin"].str.endswith("P")
    return np.where(port, 3 * np.sin(numbers(frame) / 250), 0.0)


def drawn(frame: pd.DataFrame) -> Any:
    return np.random.default_rng(6).random(SIZE) < 1 / (1 + np.exp(-odds(frame)))


def test_the_score_follows_what_varies_along_the_ship() -> None:
    frame = passengers()
    score = FullFeatures(["place_score"]).fit(frame, drawn(frame)).transform(frame)["PlaceScore"]
    port = frame["Cabin"].str.endswith("P").to_numpy()
    assert np.corrcoef(score[port], odds(frame)[port])[0, 1] > 0.9
    assert score[~port].std() < score[port].std() / 3


def test_a_training_row_is_scored_without_its_own_groups_labels() -> None:
    frame = passengers()
    labels = drawn(frame)
    other = labels.copy()
    other[:2] = ~labels[0]  # both of the first travel group
    first, second = (
        FullFeatures(["place_score"]).fit_transform(frame, y)["PlaceScore"] for y in (labels, other)
    )
    pd.testing.assert_series_equal(first[:2], second[:2], check_exact=True)
    assert not first[2:].equals(second[2:])


def test_training_rows_are_not_scored_as_if_they_were_new() -> None:
    frame = passengers()
    noise = np.random.default_rng(7).random(SIZE) < 0.5
    features = FullFeatures(["place_score"])
    learnt = features.fit_transform(frame, noise)["PlaceScore"]
    fitted = features.transform(frame)["PlaceScore"]
    assert np.corrcoef(fitted, noise)[0, 1] > 0.05  # a fit remembers what it has seen
    assert np.corrcoef(learnt, noise)[0, 1] < 0.02


def test_without_labels_it_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"place_score learns.*features\.blocks"):
        FullFeatures(["place_score"]).fit(passengers())


def test_one_label_moves_no_odds() -> None:
    frame = passengers()
    score = FullFeatures(["place_score"]).fit_transform(frame, np.ones(SIZE, dtype=bool))
    assert (score["PlaceScore"] == 0).all()


def test_one_travel_group_is_too_little_to_learn_from() -> None:
    with pytest.raises(DataError, match="at least 2 travel groups"):
        FullFeatures(["place_score"]).fit_transform(passengers()[:2], [True, False])


def test_a_cabin_far_off_costs_a_few_terms_not_millions() -> None:
    frame = passengers()
    frame.loc[0, "Cabin"] = f"G/{10**12}/P"
    features = FullFeatures(["place_score"]).fit(frame, drawn(frame))
    assert len(features.state_["place_score"]["weights"]) < 60


def test_a_state_of_an_earlier_release_scores_as_it_did() -> None:
    weights = {"GP": 0.5, "GP 0.0": 1.0, "GP 200.0": -2.0, "Spa": -0.25, "awake": 0.75}
    others = ("RoomService", "FoodCourt", "ShoppingMall", "VRDeck", "asleep", "child")
    stored = {"places": {"GP": [0.0, 200.0]}, "HomePlanet": [], "Destination": [], "bias": 0.125}
    frame = passengers()[:2].assign(Cabin=["G/100/P", "G/100/S"], Spa=[2000.0, np.nan])
    features = FullFeatures(["place_score"]).fit(frame, [True, True])
    features.state_ = {"place_score": stored | {"weights": dict.fromkeys(others, 0.0) | weights}}
    bases = np.exp(-0.5 * (100 / 200) ** 2)
    expected = [0.125 + 0.5 + bases - 2 * bases - 0.5 + 0.75, 0.125 + 0.75]
    np.testing.assert_allclose(features.transform(frame)["PlaceScore"], expected, rtol=1e-15)


def test_a_state_of_an_earlier_release_that_never_saw_a_cabin_scores() -> None:
    frame = passengers()
    features = FullFeatures(["place_score"]).fit(frame.assign(Cabin=None), drawn(frame))
    expected = features.transform(frame)["PlaceScore"]
    state = features.state_["place_score"]
    assert state.pop("knots") == {}
    features.state_ = {"place_score": state | {"places": {}}}
    pd.testing.assert_series_equal(features.transform(frame)["PlaceScore"], expected)


@pytest.mark.parametrize("spent", [1e10, 1e11, 1e15])
def test_a_huge_spend_that_all_have_leaves_the_other_terms_as_they_are(spent: float) -> None:
    frame, features = passengers(), FullFeatures(["place_score"])
    expected = features.fit_transform(frame, drawn(frame))["PlaceScore"]
    rich = frame.assign(Spa=spent, VRDeck=spent)
    score = features.fit_transform(rich, drawn(frame))["PlaceScore"]
    np.testing.assert_allclose(score, expected, atol=1e-4)


def test_without_weights_at_a_minimum_all_have_the_same_odds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_logistic, "MOST_STEPS", 1)
    frame, labels = passengers(), drawn(passengers())
    features = FullFeatures(["place_score"]).fit(frame, labels)
    expected = np.log(labels.mean() / (1 - labels.mean()))
    np.testing.assert_allclose(features.transform(frame)["PlaceScore"], expected)


@pytest.mark.parametrize("n_rows", [SIZE, SIZE // 2 + 1])
def test_the_order_of_the_rows_changes_no_bit(n_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_place, "MOST_ROWS", n_rows)
    frame, labels = passengers(), drawn(passengers())
    order = np.random.default_rng(9).permutation(SIZE)
    features = [FullFeatures(["place_score"]) for _ in range(2)]
    score = features[0].fit_transform(frame, labels)["PlaceScore"]
    shuffled = features[1].fit_transform(frame.iloc[order], labels[order])["PlaceScore"]
    assert features[0].state_ == features[1].state_
    pd.testing.assert_series_equal(shuffled, score.iloc[order], check_exact=True)


def test_more_passengers_do_not_mean_more_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, labels = passengers(), drawn(passengers())
    features = FullFeatures(["place_score"]).fit(frame, labels)
    monkeypatch.setattr(_place, "MOST_ROWS", SIZE // 2)
    monkeypatch.setattr(_place, "ROWS_PER_KNOT", 1)
    again = clone(features).fit(frame, labels)
    knots = [len(one) for one in again.state_["place_score"]["knots"].values()]
    assert knots == [_place.MOST_KNOTS] * 2
    order = np.random.default_rng(9).permutation(SIZE)
    shuffled = clone(features).fit(frame.iloc[order], labels[order])
    found, expected = (one.state_["place_score"]["knots"] for one in (shuffled, again))
    assert found == expected, "the rows to fit on are those of the same groups"
