"""The one block that learns from labels: what it finds, and what it must not see."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import ConfigError, DataError
from spaceship.task.spaceship_titanic.columns import COLUMNS, SPENDS
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
    other[:2] = ~other[:2]  # both of the first travel group
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
