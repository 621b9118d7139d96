"""A sample submission fits the rows to predict, or says how it differs."""

import pandas as pd
import pytest

from spaceship.data._base import Table, Tables
from spaceship.data.checks import checked
from spaceship.data.sample import check_sample
from spaceship.errors import DataError
from tests.data.test_checks import TASK, good


def test_sample_is_typed() -> None:
    sample = pd.DataFrame({"PassengerId": good()["PassengerId"], "Transported": "False"})
    checked = check_sample(Table(sample, "sample.csv"), good(), TASK)
    assert checked.dtypes.astype(str).tolist() == ["str", "bool"]
    assert not checked["Transported"].any()


@pytest.mark.parametrize(
    ("ids", "labels", "fragment"),
    [
        (
            ["0002_01", "0001_01", "0003_01"],
            True,
            "the same ids in another order, 2 other rows: 0002_01 for",
        ),
        (["0001_01", "0002_01", "0009_01"], True, "found 1 other row: 0009_01 for 0003_01"),
        (["0001_01", "0002_01"], True, "found 2 rows for 3; in one of the files only: 0003_01"),
        (["0001_01", "0002_01", "0003_01"], "perhaps", "found 3 others; download"),
        (["0001_01", "0002_01", None], True, "1 other row"),
    ],
)
def test_sample_must_fit_the_test_file(ids: list[str], labels: object, fragment: str) -> None:
    sample = pd.DataFrame({"PassengerId": ids, "Transported": labels})
    with pytest.raises(DataError) as caught:
        check_sample(Table(sample, "sample.csv"), good(), TASK)
    assert fragment in str(caught.value)


def test_sample_needs_both_columns() -> None:
    sample = pd.DataFrame({"PassengerId": ["0001_01"], "Transport": [True]})
    with pytest.raises(DataError, match=r"missing: Transported \(is 'Transport' meant\?\)"):
        check_sample(Table(sample, "sample.csv"), good(), TASK)


def test_a_sample_is_checked_where_the_files_are_loaded() -> None:
    train, test = Table(good().iloc[:2], "train.csv"), Table(good().iloc[2:], "test.csv")
    sample = Table(good().iloc[:1], "sample.csv")
    with pytest.raises(DataError, match=r"sample\.csv: .*0001_01 for 0003_01"):
        checked(Tables(train, test, sample), TASK)


@pytest.mark.parametrize("name", ["PassengerId", "Transported"])
def test_sample_has_each_column_once(name: str) -> None:
    sample = good()[["PassengerId", "Transported", name]]
    with pytest.raises(DataError, match=f"found more than once: {name}"):
        check_sample(Table(sample, "sample.csv"), good(), TASK)
