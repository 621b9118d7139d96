"""What is said of drift, when it is too much, and what follows."""

import csv
import io
import logging

import pytest

from spaceship.drift.alert import (
    FEWEST_ROWS,
    LEGEND,
    DriftAlert,
    Reaction,
    drift_csv,
    drift_facts,
    drift_summary,
    drift_table,
)
from spaceship.drift.psi import Drift
from spaceship.errors import DriftError

AGE = Drift("Age", 0.3, 0.02, 0.02, 0.5)
DECK = Drift("Deck", 0.15, 0.02, 0.02, 0.02, ("X", "Y\n", "Z" * 99, "W"), 0.04)
SPA = Drift("Spa", 0.01, 0.02, 0.02, 0.02)
DRIFTS = [AGE, DECK, SPA]
MANY = 1000


def test_everything_is_accepted_without_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    DriftAlert(None, Reaction.WARN).raise_or_warn(DRIFTS, MANY)
    assert not caplog.records
    DriftAlert(None, Reaction.FAIL).raise_or_warn(DRIFTS, MANY)
    assert "inference.max_drift is null" in caplog.text


def test_a_warning_names_the_columns_beyond_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    DriftAlert(0.1, Reaction.WARN).raise_or_warn(DRIFTS, MANY)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "Above inference.max_drift=0.1: Age at 0.3, Deck at 0.15"


def test_the_run_ends_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DriftError, match=r"max_drift=0\.2, found Age at 0\.3; no submission"):
        DriftAlert(0.2, Reaction.FAIL).raise_or_warn(DRIFTS, MANY)
    DriftAlert(0.3, Reaction.FAIL).raise_or_warn(
        DRIFTS, MANY
    )  # as far as the limit is not beyond it
    DriftAlert(0, Reaction.FAIL).raise_or_warn([SPA], MANY)  # chance explains it
    assert not caplog.records


def test_few_rows_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    alert = DriftAlert(0.1, Reaction.FAIL)
    alert.raise_or_warn(DRIFTS, FEWEST_ROWS - 1)
    assert "49 rows are too few to judge drift by: it takes 50." in caplog.text
    assert alert.exceeding(DRIFTS, FEWEST_ROWS - 1) == []
    assert alert.exceeding(DRIFTS, FEWEST_ROWS) == [AGE, DECK]


def test_a_terminal_gets_a_line_a_column() -> None:
    head, age, deck, spa = str(drift_table(DRIFTS)).splitlines()
    assert " ".join(head.split()) == "column PSI chance drift missing unseen categories"
    assert " ".join(age.split()) == "Age 0.3000 0.0200 large 2.0% → 50.0%"
    assert deck.endswith(r"'X', 'Y\n', " + f"'{'Z' * 18}…, … (4.0%)")
    assert "chance" in spa
    assert [one for one in LEGEND.splitlines() if "2006" in one]


def test_a_line_says_how_many_columns_have_drifted_and_which_the_farthest_are() -> None:
    assert drift_summary(DRIFTS) == (
        "2 of 3 columns drifted beyond chance: Age (PSI 0.3, large), Deck (PSI 0.15, moderate)"
    )
    assert drift_summary(DRIFTS[-1:]) == "none of 1 columns drifted beyond chance"


def test_a_table_has_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(drift_csv([DECK, Drift("Age", 1 / 3, 0.1, 0.0, 0.0)]))))
    assert [row["column"] for row in rows] == ["Deck", "Age"]
    assert float(rows[1]["psi"]) == 1 / 3
    assert rows[0]["unseen"].startswith(r"'X' 'Y\n' 'ZZ")
    assert rows[0]["size"] == "moderate"
    assert drift_csv([]) == "\n"


def test_no_name_of_a_column_is_a_formula() -> None:
    [row] = csv.DictReader(io.StringIO(drift_csv([Drift("=1+1", -0.5, 0.1, 0.0, 0.0)])))
    assert (row["column"], row["psi"]) == ("'=1+1", "-0.5")


def test_json_gets_the_word_too() -> None:
    assert drift_facts(AGE)["size"] == "large"
    assert drift_facts(AGE)["missing_now"] == 0.5
