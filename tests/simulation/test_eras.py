"""A simulation's figures add up, and its conclusion says no more than they do."""

import io
import math
from dataclasses import asdict, replace

import pandas as pd
import pytest

from spaceship.simulation.eras import conclusion, eras_csv, eras_table, summarise_eras
from tests.simulation.eras import FIRST, NOBODY, PROMOTED, REFUSED


def test_summary_counts_passengers_not_eras() -> None:
    told = summarise_eras([FIRST, REFUSED, PROMOTED])
    assert (told["promotions"], told["challengers"], told["refusals"]) == (1, 0, 1)
    assert told["accuracy_retrained"] == pytest.approx((80 + 70 + 240) / 500)
    assert told["accuracy_first"] == pytest.approx((80 + 70 + 210) / 500)
    assert told["accuracy_candidate"] == pytest.approx((80 + 60 + 240) / 500)


def test_gain_and_its_error_are_those_of_paired_differences() -> None:
    told = summarise_eras([FIRST, REFUSED, PROMOTED])
    differences = pd.Series([1.0] * 40 + [-1.0] * 10 + [0.0] * 450)
    assert told["gain"] == pytest.approx(differences.mean())
    assert told["gain"] == pytest.approx(told["accuracy_retrained"] - told["accuracy_first"])
    assert told["gain_error"] == pytest.approx(differences.std(ddof=0) / math.sqrt(500))


def test_eras_before_the_first_champion_are_not_compared() -> None:
    told = summarise_eras([NOBODY, replace(FIRST, era=2)])
    assert told["accuracy_retrained"] == pytest.approx(0.8)
    assert told["refusals"] == 1


def test_conclusion_says_that_retraining_paid() -> None:
    told = conclusion([FIRST, REFUSED, PROMOTED])
    assert "1 promotion after the first champion, 0 challengers, 1 refusal." in told
    assert "0.7800 with retraining, 0.7200 without: retraining paid (+6.00 ± " in told
    assert told.endswith("0.7600 had every candidate been promoted.")
    assert "\n" not in told


def test_conclusion_says_that_retraining_did_harm() -> None:
    harmful = replace(PROMOTED, next_retrained=0.6, only_retrained=10, only_first=40)
    assert "retraining did harm (-6.00 ± " in conclusion([FIRST, REFUSED, harmful])


def test_conclusion_does_not_take_chance_for_a_gain() -> None:
    lucky = replace(PROMOTED, next_retrained=0.71, only_retrained=43, only_first=40)
    assert "no difference beyond chance (+0.60 ± " in conclusion([FIRST, REFUSED, lucky])


def test_conclusion_where_the_first_champion_stayed() -> None:
    assert "retraining changed nothing" in conclusion([FIRST, REFUSED])


def test_conclusion_where_nobody_became_champion() -> None:
    told = conclusion([NOBODY, replace(NOBODY, era=2)])
    assert told == (
        "2 eras: 0 promotions after the first champion, 0 challengers, 2 refusals. "
        "No candidate became champion, so there is nothing to compare."
    )


def test_csv_keeps_every_field_and_digit() -> None:
    exact = replace(PROMOTED, next_first=1 / 3)
    table = pd.read_csv(io.StringIO(eras_csv([FIRST, exact])), dtype={"champion": str})
    assert table.iloc[1].to_dict() == asdict(exact)
    assert table["holdout_champion"].isna()[0]


def test_table_has_a_line_an_era_and_a_dash_for_what_there_was_not() -> None:
    header, first, second = str(
        eras_table([NOBODY, replace(PROMOTED, drift=math.nan)])
    ).splitlines()
    assert "award" in header
    assert first.split()[3:] == ["0.00", "0.8000", "-", "-", "refused", "100", "0.8000", "-", "-"]
    assert second.split()[3:7] == ["-", "0.7800", "0.8000", "+5.00%"]
