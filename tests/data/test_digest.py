"""The digest tells contents apart, and nothing else."""

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Table
from spaceship.data.checks import check
from spaceship.data.digest import digest, table_digest
from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL
from tests.data.conftest import built_in

ROWS = [
    "0001_01,Europa,False,B/0/P,TRAPPIST-1e,39.0,False,0.0,0.0,0.0,0.0,0.0,Maham Ofracculy,False",
    "0002_01,Earth,True,F/0/S,TRAPPIST-1e,24.0,False,109.0,9.0,25.0,549.0,44.0,Juanna Vines,True",
    "0003_01,,,,,,,,,,,,,True",
]


def good() -> pd.DataFrame:
    cells = [dict(zip([*COLUMNS, LABEL], row.split(","), strict=True)) for row in ROWS]
    return check(Table(pd.DataFrame(cells), "frame"), built_in(), labelled=True)


CHANGES = {
    "value": lambda frame: frame.assign(Age=frame["Age"] + 1),
    "missing, not zero": lambda frame: frame.assign(Spa=frame["Spa"].fillna(0)),
    "missing, not empty": lambda frame: frame.assign(Name=frame["Name"].fillna("")),
    "missing, not false": lambda frame: frame.assign(VIP=frame["VIP"].fillna(value=False)),
    "row order": lambda frame: frame.iloc[::-1],
    "a row less": lambda frame: frame.iloc[:-1],
    "column name": lambda frame: frame.rename(columns={"Age": "age"}),
    "type": lambda frame: frame.astype({"Transported": "float64"}),
    "text moved": lambda frame: frame.assign(Name=["MahamO", "fracculyJuanna Vines", None]),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_digest_tells_other_content(change: "object") -> None:
    frame = good().assign(Name=["Maham", "OfracculyJuanna Vines", np.nan]).astype({"Name": "str"})
    assert callable(change)
    assert digest(change(frame)) != digest(frame)


def test_digest_ignores_index_storage_and_bits_of_nothing() -> None:
    frame = good()
    text = frame.astype(dict.fromkeys(["Name", "Cabin"], pd.StringDtype("python", na_value=np.nan)))
    negative = frame.assign(Spa=-0.0 * frame["Spa"].where(frame["Spa"] != 549.0))
    positive = frame.assign(Spa=0.0 * frame["Spa"].where(frame["Spa"] != 549.0))
    assert digest(text.set_axis(["a", "b", "c"])) == digest(frame)
    assert digest(negative) == digest(positive)


def test_digest_of_two_frames_depends_on_their_border() -> None:
    frame = good()
    assert digest(frame, frame.iloc[:0]) != digest(frame.iloc[:0], frame)
    assert digest(frame) != digest(frame, frame)


def test_a_missing_text_is_no_word_and_equal_numbers_are_equal() -> None:
    missing, word = (pd.DataFrame({"x": pd.array([one], dtype="str")}) for one in (None, "None"))
    assert table_digest(missing)[0] != table_digest(word)[0]
    zeros = (pd.DataFrame({"x": [value]}) for value in (0.0, -0.0))
    one, other = (table_digest(zero) for zero in zeros)
    assert one == other


def test_the_order_of_categories_counts_and_the_index_does_not() -> None:
    kinds = (pd.CategoricalDtype(names) for names in (["a", "b"], ["b", "a"]))
    one, other = (table_digest(pd.DataFrame({"x": ["a", None]}).astype(kind)) for kind in kinds)
    assert one[0].digest != other[0].digest
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]})
    assert table_digest(frame)[0] == table_digest(frame.set_axis(["r", "s"]))[0]


def test_an_array_has_the_digests_of_its_frame() -> None:
    numbers = np.arange(6.0).reshape(3, 2)
    assert table_digest(numbers)[0] == table_digest(pd.DataFrame(numbers))[0]
