"""Rules about more than accuracy: calibration, slices, latency, size, drift; each at its border."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.policy import Gate
from spaceship.gate.rule._base import Check, Rule
from spaceship.gate.rule.calibration import Calibration
from spaceship.gate.rule.drift import HoldoutShift
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.latency import Latency
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance
from spaceship.gate.rule.size import Size
from spaceship.gate.rule.slices import Slices

MakeReport = Callable[..., Report]


def only(rule: Rule, candidate: Report, champion: Report | None) -> Check:
    """Return the one check of a rule that a gate lists alone."""
    (check,) = Gate(rule=rule).decide(candidate, champion).checks
    return check


def sliced(report: Report, **slices: list[str]) -> Report:
    assert report.holdout is not None
    values = pd.DataFrame(slices, report.holdout.ids, dtype="str")
    return replace(report, holdout=replace(report.holdout, slices=values))


def confident(report: Report, chance: float) -> Report:
    """Return the report with the same guesses, each at this probability."""
    assert report.holdout is not None
    guesses = report.holdout.values > report.holdout.threshold
    values = np.where(guesses, chance, 1 - chance)
    return replace(report, holdout=replace(report.holdout, values=values))


def test_calibration_may_worsen_by_so_much_and_no_more(report: MakeReport) -> None:
    champion, candidate = confident(report(80, 100), 0.75), confident(report(80, 100), 0.5625)
    worse = only(Calibration(max_worsening=1), candidate, champion)
    assert worse.number == pytest.approx(0.2375 - 0.05)
    assert only(Calibration(max_worsening=worse.number or 0), candidate, champion).passed
    assert not only(Calibration(max_worsening=0.18), candidate, champion).passed
    assert only(Calibration(max_worsening=0), champion, candidate).passed, "better is no worsening"


@pytest.mark.parametrize(("limit", "passed"), [(0.1, True), (0.0999, False)])
def test_a_slice_may_lose_so_much_and_no_more(
    rows: MakeReport, limit: float, *, passed: bool
) -> None:
    champion = rows([True] * 40)
    candidate = sliced(rows([False, *[True] * 39]), deck=["A"] * 10 + ["B"] * 30)
    check = only(Slices(max_worsening=limit, min_rows=10), candidate, champion)
    assert (check.number, check.passed, check.detail) == (0.1, passed, "worst of 2: deck=A")


def test_small_slices_are_not_looked_at(rows: MakeReport) -> None:
    champion, lost = rows([True] * 40), rows([False] * 9 + [True] * 31)
    candidate = sliced(lost, deck=["A"] * 9 + ["B"] * 31)
    assert only(Slices(min_rows=10), candidate, champion).number == 0
    assert only(Slices(min_rows=9), candidate, champion).number == 1
    told = only(Slices(min_rows=32), candidate, champion)
    assert (told.passed, told.detail) == (True, "no slice has 32 rows")


def test_slices_that_are_not_known_are_no_free_pass(rows: MakeReport) -> None:
    check = only(Slices(), rows([True] * 3), rows([True] * 3))
    assert (check.number, check.passed) == (None, False)


def test_slices_are_those_of_the_shared_rows(rows: MakeReport) -> None:
    candidate = sliced(rows([True] * 5 + [False] * 5), deck=["A"] * 5 + ["B"] * 5)
    champion = rows([True] * 10, first=-5)
    assert only(Slices(min_rows=1), candidate, champion).detail == "worst of 1: deck=A"


@pytest.mark.parametrize(
    ("speed", "number", "passed"),
    [
        (2000.0, 500.0, True),
        (1999.0, 500.250125, False),
        (0.0, None, False),
        (math.nan, None, False),
        (math.inf, 0.0, True),
    ],
)
def test_an_answer_in_time(
    report: MakeReport, speed: float, number: float | None, *, passed: bool
) -> None:
    candidate = report(9, 10, metrics={"predict_rows_per_second": speed})
    check = only(Latency(max_ms=500), candidate, None)
    assert check.number == pytest.approx(number)
    assert check.passed == passed


@pytest.mark.parametrize(
    ("found", "passed"), [(100.0, True), (100.1, False), (math.nan, False), (None, False)]
)
def test_a_model_that_fits(report: MakeReport, found: float | None, *, passed: bool) -> None:
    metrics = {} if found is None else {"model_mb": found}
    check = only(Size(max_mb=100), report(9, 10, metrics=metrics), report(8, 10))
    assert check.passed == passed


def test_drift_is_told_and_holds_nobody_back_unless_asked_to(rows: MakeReport) -> None:
    champion = sliced(rows([True] * 40), deck=["A"] * 20 + ["B"] * 20)
    candidate = sliced(rows([True] * 40), deck=["A"] * 36 + ["B"] * 4)
    told = Gate(drift=HoldoutShift(max_psi=0.25)).decide(candidate, champion)
    assert (told.award, told.checks[0].passed, told.checks[0].detail) == ("champion", False, "deck")
    assert told.checks[0].number == pytest.approx(0.4 * math.log(0.9 / 0.5) - 0.4 * math.log(0.2))
    assert "Shift of the hold-out (PSI)" in told.reason
    strict = Gate(drift=HoldoutShift(max_psi=0.25, otherwise=Award.REFUSED)).decide(
        candidate, champion
    )
    assert (strict.award, strict.rule) == ("refused", "holdout_psi")


def test_drift_looks_at_what_the_champion_was_judged_on(rows: MakeReport) -> None:
    then = sliced(rows([True] * 4), deck=["A", "A", "A", "A"])
    now = sliced(rows([True] * 4), deck=["B", "B", "B", "B"])
    assert only(HoldoutShift(), now, now).number == 0
    assert then.holdout is not None
    champion = replace(now, holdout_shares=then.holdout.shares)
    assert (only(HoldoutShift(), now, champion).number or 0) > 1
    assert not only(HoldoutShift(), rows([True] * 4), rows([True] * 4)).passed, "nothing is known"


def test_an_index_by_hand(rows: MakeReport) -> None:
    def index(then: str, now: str) -> float | None:
        was, found = (sliced(rows([True] * len(one)), deck=[*one]) for one in (then, now))
        assert was.holdout is not None
        champion = replace(found, holdout_shares={"deck": was.holdout.shares["deck"]})
        return only(HoldoutShift(), found, champion).number

    assert index("AAB", "AAB") == 0
    assert index("AB", "AAAB") == pytest.approx(0.25 * math.log(1.5) - 0.25 * math.log(0.5))
    assert index("AB", "BA") == 0
    assert index("A", "B") == index("B", "A")


EVERY = {
    "any_gain": Gain(),
    "mcnemar_p": Significance(),
    "bootstrap_low": Significance(test="bootstrap"),
    "least_cv_gain": Repeats(),
    "ece_worsening": Calibration(max_worsening=0),
    "slice_worsening": Slices(max_worsening=0, min_rows=1),
    "holdout_psi": HoldoutShift(max_psi=0),
}


@pytest.mark.parametrize("rule", EVERY)
def test_compared_with_itself_nothing_is_gained_and_nothing_lost(
    report: MakeReport, rule: str
) -> None:
    scores = {seed: {"accuracy": 0.8} for seed in ("42", "123", "2026")}
    same = sliced(report(8, 10, repeats=scores), deck=list("AABBCCDDEE"))
    verdict = Gate(rule=EVERY[rule]).decide(same, same)
    found = {check.rule: check for check in verdict.checks}
    gains = {"any_gain", "mcnemar_p", "bootstrap_low", "least_cv_gain"}
    assert found[rule].passed == (rule not in gains)
    assert found[rule].number == (1.0 if rule == "mcnemar_p" else 0.0)
    known = replace(same, run_id="r")
    assert Gate(rule=EVERY[rule]).decide(known, known).rule == "comparable"


@pytest.mark.parametrize("rule", EVERY)
def test_what_is_no_number_never_reaches_a_rule(report: MakeReport, rule: str) -> None:
    broken = confident(report(8, 10), math.nan)
    for pair in ((broken, report(8, 10)), (report(8, 10), broken)):
        verdict = Gate(rule=EVERY[rule]).decide(*pair)
        assert (verdict.award, verdict.rule, verdict.checks) == ("refused", "comparable", ())


def test_rules_about_champions_say_nothing_of_a_first_one(report: MakeReport) -> None:
    rules: dict[str, Any] = {name: rule for name, rule in EVERY.items() if name != "least_cv_gain"}
    verdict = Gate(floor=Floor(minimum=0.5), **rules).decide(report(8, 10), None)
    assert [check.rule for check in verdict.checks] == ["floor"]


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        (Calibration, {"max_worsening": math.nan}),
        (Slices, {"max_worsening": 2}),
        (Slices, {"min_rows": 0}),
        (Slices, {"min_rows": 1.5}),
        (Latency, {"max_ms": -1}),
        (Size, {"max_mb": "small"}),
        (HoldoutShift, {"max_psi": math.inf}),
    ],
)
def test_wrong_arguments_are_refused(kind: type[Rule], arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="found"):
        kind(**arguments)
