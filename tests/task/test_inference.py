"""Types and roles are inferred from what a table holds."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import SpaceshipError
from spaceship.task.column_types import read
from spaceship.task.inference.columns import infer_column
from spaceship.task.inference.label import infer_label
from spaceship.task.inference.profile import profile
from spaceship.task.inference.proposal import Asked, Proposal, propose
from spaceship.task.label import Problem

CUSTOMERS = 60
TYPES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "integers": (["1", "20", None], {"type": "number"}),
    "few integers": (["1", "0", "1"], {"type": "number"}),
    "exponents": (["1e3", "-.5", "7"], {"type": "number"}),
    "decimal commas": (["1,5", "2", "-0,25"], {"type": "number", "decimal": ","}),
    "blanks between thousands": (
        ["1 116 562,9", "950", "12\u202f500"],
        {"type": "number", "decimal": ","},
    ),
    "points and commas": (["1.234,5", "2.000"], {"type": "number", "decimal": ","}),
    "thousands": (["1,234", "12,500", "7"], {"type": "category"}),
    "codes": (["007", "012", "100"], {"type": "category"}),
    "a dash": (["1", "2", "-", "4"], {"type": "number", "missing": ["-"]}),
    "question marks": (["a", "b", "?", "a"], {"type": "category", "missing": ["?"]}),
    "plus and minus": (["+", "-", "+"], {"type": "category"}),
    "unknown": (["a", "unknown", "a", "b"], {"type": "category"}),
    "blanks": (["1", " ", "3"], {"type": "number", "missing": [""]}),
    "blanks among words": (["a", "  ", "b"], {"type": "category", "missing": [""]}),
    "a sentinel": (["5", *["-999"] * 3, "7"], {"type": "number", "missing": ["-999"]}),
    "a rare sentinel": (["5", "-999", "7"], {"type": "number"}),
    "negative numbers": ([*["-999"] * 3, "-1", "7"], {"type": "number"}),
    "infinity": (["1", "inf", "2"], {"type": "number", "missing": ["inf"]}),
    "true and false": (["TRUE", "False", None], {"type": "boolean"}),
    "yes and no": (["Yes", "no", "Yes"], {"type": "boolean", "levels": ["no", "Yes"]}),
    "ja and nein": (["ja", "nein"], {"type": "boolean", "levels": ["nein", "ja"]}),
    "J and N": (["J", "N", "J"], {"type": "boolean", "levels": ["N", "J"]}),
    "words of two languages": (["ja", "no"], {"type": "category"}),
    "two words": (["male", "female"], {"type": "category"}),
    "ISO dates": (["2024-02-29", "2025-01-01"], {"type": "date"}),
    "ISO moments": (["2024-02-29T10:00:00Z", "2025-01-01T00:00:00Z"], {"type": "datetime"}),
    "German dates": (["31.12.2024", "1.2.2025"], {"type": "date", "format": "%d.%m.%Y"}),
    "American dates": (["12/31/2024", "1/2/2025"], {"type": "date", "format": "%m/%d/%Y"}),
    "minutes": (
        ["31.12.2024 10:05", "01.02.2025 00:00"],
        {"type": "datetime", "format": "%d.%m.%Y %H:%M"},
    ),
    "dates and a dash": (["2024-02-29", "-", "2025-01-01"], {"type": "date", "missing": ["-"]}),
    "no date": (["2024-02-30", "2025-01-01"], {"type": "category"}),
    "floats of Parquet": ([1.5, np.nan, 2.0], {"type": "number"}),
    "booleans of Parquet": ([True, False], {"type": "boolean"}),
    "moments of Parquet": ([pd.Timestamp("2024-01-01"), pd.NaT], {"type": "date"}),
}


def customers(**columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    plain = {
        "customer_id": [f"C{n}" for n in range(CUSTOMERS)],
        "fee": rng.normal(50, 9, CUSTOMERS).round(2),
        "plan": rng.choice(["basic", "gold"], CUSTOMERS),
        "churn": rng.choice(["no", "yes"], CUSTOMERS, p=[0.7, 0.3]),
    }
    return pd.DataFrame(plain | columns).astype("str")


def proposed(frame: pd.DataFrame, test: pd.DataFrame | None = None, **asked: Any) -> Proposal:
    return propose(frame, test, Asked(**{"label": "churn"} | asked))


def doubts(made: Proposal, column: str) -> str:
    return "; ".join(made.findings[column].doubts)


@pytest.mark.parametrize("name", TYPES)
def test_type_of_a_column(name: str) -> None:
    values, expected = TYPES[name]
    column = pd.Series(values, name="x")
    found = infer_column(profile(column)).column
    assert found is not None
    assert found.model_dump(mode="json", exclude_defaults=True) == expected
    assert not read(column, found)[1].any()


def test_types_hold_for_the_test_rows_as_well() -> None:
    train, test = pd.Series(["1", "2"], name="x"), pd.Series(["?", "3"], name="x")
    found = infer_column(profile(train, test)).column
    assert found is not None
    assert (found.type, found.missing) == ("number", ("?",))
    assert profile(train, test).distinct == 2


def test_text_is_told_from_categories_and_ids() -> None:
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(["red", "blue", "old", "new"], 7)) for _ in range(99)]
    kinds = {
        "text": words,
        "category": [f"town {n % 9}" for n in range(99)],
        "left out: like an id, 99 values in 99 rows": [f"X{n}" for n in range(99)],
        "left out: constant, 'k'": ["k"] * 99,
        "left out: every value is missing": [None] * 99,
    }
    for expected, values in kinds.items():
        finding = infer_column(profile(pd.Series(values, dtype="str", name="x")))
        assert expected == (finding.column.type if finding.column else finding.about)


def test_a_doubt_about_the_order_of_day_and_month() -> None:
    finding = infer_column(profile(pd.Series(["01/02/2024", "03/04/2024"], name="x")))
    assert "%d/%m/%Y and %m/%d/%Y" in finding.doubts[0]


@pytest.mark.parametrize(
    ("values", "problem", "classes", "positive"),
    [
        (["yes", "no", "no"], "binary", ("no", "yes"), "yes"),
        (["Yes", "no", "yes", "No"], "binary", ("no", "Yes"), "Yes"),
        (["J", "J", "N"], "binary", ("N", "J"), "J"),
        (["y", "y", "no"], "binary", ("no", "y"), "y"),
        (["oui", "oui", "0"], "binary", ("0", "oui"), "oui"),
        (["stayed", "churned", "churned"], "binary", ("stayed", "churned"), "churned"),
        (["a", "a", "b"], "binary", ("a", "b"), "b"),
        (["1", "0", "1", "1"], "binary", ("0", "1"), "1"),
        (["1.0", "2.0", "1.0"], "binary", ("1", "2"), "2"),
        ([True, False, True], "binary", ("False", "True"), "True"),
        (["b", "a", "c", "a"], "multiclass", ("a", "b", "c"), None),
        ([10, 9, 8] * 5, "multiclass", ("8", "9", "10"), None),
        ([10, 9, 8, 7, 7.5], "regression", (), None),
        (list(range(40)), "regression", (), None),
        (["1,5", "2,5", "4", "?"], "regression", (), None),
    ],
)
def test_problem_of_a_label(
    values: list[Any], problem: str, classes: tuple[str, ...], positive: str | None
) -> None:
    label = infer_label(profile(pd.Series(values, name="y")))
    assert (label.problem, label.classes, label.positive) == (problem, classes, positive)


def test_a_problem_can_be_forced() -> None:
    stars = profile(pd.Series([1, 2, 3] * 9, name="stars"))
    assert infer_label(stars).problem is Problem.MULTICLASS
    assert infer_label(stars, Problem.REGRESSION).why.startswith("as given: numbers, 1 to 3")
    with pytest.raises(SpaceshipError, match=r"expected the label 'stars' to have two values"):
        infer_label(stars, Problem.BINARY)
    words = profile(pd.Series([*"abc"], name="word"))
    with pytest.raises(SpaceshipError, match=r"to have numbers, found 3 values: 'a', 'b', 'c'"):
        infer_label(words, Problem.REGRESSION)


def test_roles() -> None:
    frame = customers(clinic_id=[f"K{n % 12}" for n in range(CUSTOMERS)])
    made = proposed(frame)
    assert (made.id, made.noun, made.group) == ("customer_id", "customer", None)
    assert made.groups == {"clinic_id": "12 values in 60 rows"}
    assert made.slices == ["plan"]
    given = proposed(
        customers(clinic_id=[f"K{n % 12}" for n in range(CUSTOMERS)]), group="clinic_id"
    )
    assert (given.group, given.group_noun) == ("clinic_id", "clinic")
    assert "clinic_id" not in given.findings


def test_an_id_is_unique_in_the_test_rows_and_new() -> None:
    test = customers()
    assert proposed(customers(), test).id is None
    assert proposed(customers(), test.assign(customer_id=test["customer_id"] + "t")).id is not None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"label": None},
            "expected the column to predict, found none; give task.label=COLUMN, one of customer",
        ),
        ({"label": "Churn"}, r"found 'Churn' \(is 'churn' meant\?\)"),
        ({"group": "plam"}, r"expected task.group to be a column .* \(is 'plan' meant\?\)"),
        ({"group": "churn"}, "expected task.group to be no label"),
        ({"group": "customer_id", "id": "customer_id"}, "another column than the id"),
        ({"id": "plan"}, "expected task.id=plan to name each row, found 0 missing and 58 repeated"),
        ({"time": "plan"}, "expected task.time=plan to be dates or numbers, found a category"),
    ],
)
def test_words_that_do_not_fit_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(SpaceshipError, match=message):
        proposed(customers(), **asked)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            customers(churn="no"),
            "label 'churn' to have two values or more in 60 rows, found 'no' in all",
        ),
        (customers().assign(churn=None), "to have two values or more in 60 rows, found no value"),
        (customers().head(0), "in 0 rows, found no value"),
        (customers()[["churn", "customer_id"]], "expected a column to learn from"),
        (customers().set_axis(["a", "a", "b", "churn"], axis=1), "each column once, .* once: 'a'"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(SpaceshipError, match=message):
        proposed(frame)
