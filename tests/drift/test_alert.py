"""What is said of drift, when it is too much, and what follows."""

import csv
import io
import logging
import math

import pytest

from spaceship.drift.alert import FEWEST_ROWS, Alarm, show, to_csv, to_dict
from spaceship.drift.psi import Drift
from spaceship.errors import ConfigError, DriftError

AGE = Drift("Age", 0.3, 0.02, 0.02, 0.5)
DECK = Drift("Deck", 0.15, 0.02, 0.02, 0.02, ("X", "Y\n", "Z" * 99, "W"), 0.04)
SPA = Drift("Spa", 0.01, 0.02, 0.02, 0.02)
DRIFTS = [AGE, DECK, SPA]
MANY = 1000


def test_everything_is_accepted_without_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    Alarm(None, "warn").sound(DRIFTS, MANY)
    assert not caplog.records
    Alarm(None, "fail").sound(DRIFTS, MANY)
    assert "inference.max_drift is null" in caplog.text


def test_a_warning_names_the_columns_beyond_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    Alarm(0.1, "warn").sound(DRIFTS, MANY)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == "Beyond inference.max_drift=0.1: Age at 0.3, Deck at 0.15"


def test_the_run_ends_where_that_is_wanted(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DriftError, match=r"max_drift=0\.2, found Age at 0\.3; no submission"):
        Alarm(0.2, "fail").sound(DRIFTS, MANY)
    Alarm(0.3, "fail").sound(DRIFTS, MANY)  # as far as the limit is not beyond it
    Alarm(0, "fail").sound([SPA], MANY)  # chance explains it
    assert not caplog.records


def test_few_rows_tell_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    alarm = Alarm(0.1, "fail")
    alarm.sound(DRIFTS, FEWEST_ROWS - 1)
    assert "49 passengers are too few to judge drift by: it takes 50." in caplog.text
    assert alarm.beyond(DRIFTS, FEWEST_ROWS - 1) == []
    assert alarm.beyond(DRIFTS, FEWEST_ROWS) == [AGE, DECK]


@pytest.mark.parametrize("limit", [-0.1, math.nan, math.inf, True, "high", "0.1", [0.1]])
def test_a_limit_that_is_none_is_refused(limit: object) -> None:
    with pytest.raises(ConfigError, match=r"inference\.max_drift to be a number, 0 or more"):
        Alarm(limit, "warn")  # type: ignore[arg-type]


@pytest.mark.parametrize("reaction", ["stop", "", None, True, "Warn"])
def test_a_reaction_that_is_none_is_refused_with_the_choices(reaction: object) -> None:
    with pytest.raises(ConfigError, match=r"inference\.on_drift to be one of fail, warn, found"):
        Alarm(None, reaction)  # type: ignore[arg-type]


def test_both_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"max_drift.*-1.*on_drift.*'stop'"):
        Alarm(-1, "stop")


def test_a_terminal_gets_a_line_a_column() -> None:
    head, age, deck, spa, *legend = show(DRIFTS).splitlines()
    assert " ".join(head.split()) == "column PSI chance drift missing unseen categories"
    assert " ".join(age.split()) == "Age 0.3000 0.0200 large 2.0% → 50.0%"
    assert deck.endswith(r"'X', 'Y\n', " + f"'{'Z' * 18}…, … (4.0%)")
    assert "chance" in spa
    assert "2006" in legend[0]
    assert len(legend) == 2


def test_a_table_has_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv([DECK, Drift("Age", 1 / 3, 0.1, 0.0, 0.0)]))))
    assert [row["column"] for row in rows] == ["Deck", "Age"]
    assert float(rows[1]["psi"]) == 1 / 3
    assert rows[0]["unseen"].startswith(r"'X' 'Y\n' 'ZZ")
    assert rows[0]["size"] == "moderate"
    assert to_csv([]) == "\n"


def test_json_gets_the_word_too() -> None:
    assert to_dict(AGE)["size"] == "large"
    assert to_dict(AGE)["missing_now"] == 0.5
