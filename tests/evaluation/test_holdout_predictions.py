"""Hold-outs come back bit for bit, and count what the twin got right."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import RegistryError
from spaceship.evaluation.holdout_predictions import HoldOut
from tests.reports import labels_of

IDS = pd.Index(["0001_01", "0001_02", "0002_01"], name="PassengerId")
HOLDOUT = HoldOut.of(IDS, [True, False, True], [0.3, 1e-17, 0.5], label="Transported")


def test_the_file_holds_no_label_and_that_of_an_old_release_is_read(tmp_path: Path) -> None:
    old = (
        "PassengerId,Transported,probability,HomePlanet\n"
        "0001_01,True,0.30000000000000004,Earth\n"
        "0001_02,False,1e-17,missing\n"
    )
    new = old.replace("Transported,", "").replace("True,", "").replace("False,", "")
    slices = {"HomePlanet": ["Earth", "missing"]}
    values = [0.1 + 0.2, 1e-17]
    more: Any = {"slices": slices, "label": "Transported"}
    known = HoldOut.of(HOLDOUT.ids[:2], [True, False], values, 0.3, **more)
    for text, labelled in ((old, True), (new, False)):
        (tmp_path / "holdout.csv").write_text(text)
        back = HoldOut.read_csv(
            tmp_path / "holdout.csv", labels_of(HOLDOUT), 0.3, labelled=labelled
        )
        assert back == known
        assert back.to_csv() == new


@given(st.lists(st.floats(allow_nan=True), max_size=20))
def test_holdout_probabilities_keep_every_digit(
    tmp_path_factory: pytest.TempPathFactory, probabilities: list[float]
) -> None:
    path = tmp_path_factory.mktemp("holdout") / "holdout.csv"
    ids = tuple(f"{i:04d}_01" for i in range(len(probabilities)))
    holdout = HoldOut.of(ids, np.full(len(ids), fill_value=True), probabilities)
    path.write_text(holdout.to_csv())
    back = HoldOut.read_csv(path, labels_of(holdout))
    assert tuple(back.ids) == ids
    assert list(map(repr, back.values.tolist())) == list(map(repr, probabilities))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PassengerId\n0001_01\n",
        "PassengerId,probability\n0001_01,much\n",
        "PassengerId,probability\n0001_01,0.5\n0001_02\n",
        "PassengerId,probability\n0001_01,0.5\n0001_01,0.5\n",
        "PassengerId,probability\n0001_01,0.5\n0009_01,0.5\n",
        "PassengerId,probability_a,probability_b\n0001_01,0.5,0.5\n",
    ],
)
def test_a_broken_holdout_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "holdout.csv"
    path.write_text(text)
    with pytest.raises(RegistryError, match="expected rows of an id and predictions"):
        HoldOut.read_csv(path, labels_of(HOLDOUT))


def test_holdout_predicts_above_one_half_and_counts() -> None:
    assert HOLDOUT.losses.tolist() == [1, 0, 1]
    assert HOLDOUT.accuracy == 1 / 3


def test_holdout_accuracy_is_nan_without_rows_or_with_a_nan() -> None:
    assert math.isnan(HoldOut.of([], np.array([], bool), []).accuracy)
    assert math.isnan(HoldOut.of(["a", "b"], [True, True], [0.9, math.nan]).accuracy)


def test_a_holdout_of_unequal_columns_or_double_ids_is_a_bug() -> None:
    with pytest.raises(ValueError, match="length"):
        HoldOut.of(["a"], [True, False], [0.5])
    with pytest.raises(ValueError, match="distinct"):
        HoldOut.of(["a", "a"], [True, False], [0.5, 0.5])


def test_equal_holdouts_have_equal_rows_and_thresholds() -> None:
    same = HoldOut.of(HOLDOUT.ids, HOLDOUT.target, HOLDOUT.values, label="Transported")
    assert same == HOLDOUT
    assert replace(HOLDOUT, values=np.array([0.3, 1e-16, 0.5])) != HOLDOUT
    assert replace(HOLDOUT, threshold=0.4) != HOLDOUT


def test_a_part_has_the_order_that_was_asked_for() -> None:
    part = HOLDOUT.only(pd.Index(["0002_01", "0001_01"]))
    assert part.ids.tolist() == ["0002_01", "0001_01"]
    assert part.values.tolist() == [0.5, 0.3]
    assert part.rows.index.equals(part.ids)


@pytest.mark.parametrize("name", ["group", "probability", "prediction", "id", "probability_a"])
@pytest.mark.parametrize("classes", [(), ("a", "b\r", "b\r\nc")])
def test_a_label_may_be_named_like_another_column(
    tmp_path: Path, name: str, classes: tuple[str, ...]
) -> None:
    values = [[0.5, 0.2, 0.3]] * 2 if classes else [0.9, 0.6]
    target = [2, 1] if classes else [True, False]
    slices = {"probability": ["x", "y"]}
    groups = np.array(["g", "h\r"], dtype=object)
    found = HoldOut.of(
        ["1", "2"], target, values, slices=slices, label=name, classes=classes, groups=groups
    )
    (tmp_path / "holdout.csv").write_bytes(found.to_csv().encode())
    again = HoldOut.read_csv(tmp_path / "holdout.csv", labels_of(found))
    assert again == found
    assert (again.label, again.classes) == (name, classes)
