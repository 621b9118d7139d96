"""Hold-outs come back bit for bit, and count what the twin got right."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import RegistryError
from spaceship.evaluation.holdout_predictions import HoldOut

HOLDOUT = HoldOut.of(["0001_01", "0001_02", "0002_01"], [True, False, True], [0.3, 1e-17, 0.5])


def test_the_file_is_that_of_every_release(tmp_path: Path) -> None:
    text = (
        "PassengerId,Transported,probability,HomePlanet\n"
        "0001_01,True,0.30000000000000004,Earth\n"
        "0001_02,False,1e-17,missing\n"
    )
    (tmp_path / "holdout.csv").write_text(text)
    back = HoldOut.read_csv(tmp_path / "holdout.csv", threshold=0.3)
    slices = {"HomePlanet": ["Earth", "missing"]}
    assert back == HoldOut.of(back.ids, [True, False], [0.1 + 0.2, 1e-17], 0.3, slices)
    assert back.to_csv() == text
    assert back.slices["HomePlanet"].tolist() == slices["HomePlanet"]


@given(st.lists(st.floats(allow_nan=True), max_size=20))
def test_holdout_probabilities_keep_every_digit(
    tmp_path_factory: pytest.TempPathFactory, probabilities: list[float]
) -> None:
    path = tmp_path_factory.mktemp("holdout") / "holdout.csv"
    ids = tuple(f"{i:04d}_01" for i in range(len(probabilities)))
    path.write_text(HoldOut.of(ids, [True] * len(ids), probabilities).to_csv())
    back = HoldOut.read_csv(path)
    assert back.ids == ids
    assert list(map(repr, back.probabilities.tolist())) == list(map(repr, probabilities))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PassengerId,Transported\n0001_01,True\n",
        "PassengerId,Transported,probability\n0001_01,yes,0.5\n",
        "PassengerId,Transported,probability\n0001_01,True,much\n",
        "PassengerId,Transported,probability\n0001_01,True,0.5\n0001_02,True\n",
        "PassengerId,Transported,probability\n0001_01,True,0.5\n0001_01,True,0.5\n",
    ],
)
def test_a_broken_holdout_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "holdout.csv"
    path.write_text(text)
    with pytest.raises(RegistryError, match="expected rows of PassengerId, Transported, prob"):
        HoldOut.read_csv(path)


def test_holdout_predicts_above_one_half_and_counts() -> None:
    assert HOLDOUT.correct.tolist() == [False, True, False]
    assert HOLDOUT.accuracy == 1 / 3


def test_holdout_accuracy_is_nan_without_rows_or_with_a_nan() -> None:
    assert math.isnan(HoldOut.of([], [], []).accuracy)
    assert math.isnan(HoldOut.of(["a", "b"], [True, True], [0.9, math.nan]).accuracy)


def test_a_holdout_of_unequal_columns_or_double_ids_is_a_bug() -> None:
    with pytest.raises(ValueError, match="length"):
        HoldOut.of(["a"], [True, False], [0.5])
    with pytest.raises(ValueError, match="distinct"):
        HoldOut.of(["a", "a"], [True, False], [0.5, 0.5])


def test_equal_holdouts_have_equal_rows_and_thresholds() -> None:
    same = HoldOut.of(HOLDOUT.ids, HOLDOUT.labels, HOLDOUT.probabilities)
    assert same == HOLDOUT
    assert HoldOut.of(HOLDOUT.ids, HOLDOUT.labels, [0.3, 1e-16, 0.5]) != HOLDOUT
    assert HoldOut(HOLDOUT.rows, threshold=0.4) != HOLDOUT


def test_a_part_has_the_order_that_was_asked_for() -> None:
    part = HOLDOUT.only(pd.Index(["0002_01", "0001_01"]))
    assert (part.ids, part.probabilities.tolist()) == (("0002_01", "0001_01"), [0.5, 0.3])
