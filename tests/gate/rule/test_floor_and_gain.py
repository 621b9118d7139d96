"""The predecessor's rules, at their very borders."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain

MakeReport = Callable[..., Report]
GATE = Gate(floor=Floor(), gain=Gain())
OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=120)


@pytest.mark.parametrize(
    ("k", "n", "award"),
    [(78, 100, "refused"), (7801, 10_000, "champion"), (77, 100, "refused"), (10, 10, "champion")],
)
def test_the_first_champion_must_exceed_the_floor(
    report: MakeReport, k: int, n: int, award: str
) -> None:
    verdict = GATE.decide(report(k, n), None)
    assert (verdict.award, verdict.rule) == (award, "all" if award == "champion" else "floor")
    looks = {"look": 1, "candidates": 1}
    assert verdict.numbers == looks | {"candidate_accuracy": k / n, "floor": k / n}
    assert verdict.checks[0].passed == (award == "champion")


@pytest.mark.parametrize(
    ("champion", "candidate", "n", "award"),
    [
        (800, 824, 1000, "champion"),  # exactly 3 %; as floats 0.824 / 0.8 - 1 falls short
        (800, 823, 1000, "challenger"),
        (900, 927, 1100, "champion"),  # exactly 3 %; as floats the gain is below 0.03 x accuracy
        (8000, 8001, 10_000, "challenger"),
        (800, 800, 1000, "refused"),
        (800, 799, 1000, "refused"),
        (0, 1, 1000, "champion"),  # from zero any gain is beyond every percentage
        (0, 0, 1000, "refused"),
    ],
)
def test_a_champion_is_beaten_by_the_relative_gain(
    report: MakeReport, champion: int, candidate: int, n: int, award: str
) -> None:
    verdict = GATE.decide(report(candidate, n), report(champion, n))
    assert verdict.award == award
    assert verdict.reason.startswith(f"{award.capitalize()}: ")
    assert verdict.numbers["any_gain"] == float(Fraction(candidate - champion, n))


@pytest.mark.parametrize("percent", [0.01, 0.03, 0.07, 0.1, 0.29])
def test_an_exact_gain_is_enough_whatever_its_binary_looks_like(
    report: MakeReport, percent: float
) -> None:
    gate = Gate(gain=Gain(minimum=percent))
    enough = 400 * (100 + round(percent * 100)) // 100
    assert gate.decide(report(enough, 1000), report(400, 1000)).award == "champion"
    assert gate.decide(report(enough - 1, 1000), report(400, 1000)).award == "challenger"


def test_the_floor_is_for_the_first_champion_only(report: MakeReport) -> None:
    assert GATE.decide(report(60, 100), report(50, 100)).award == "champion"


def test_without_a_percentage_any_gain_is_enough_but_none_is_not(report: MakeReport) -> None:
    gate = Gate(gain=Gain(minimum=0))
    assert gate.decide(report(801, 1000), report(800, 1000)).award == "champion"
    assert gate.decide(report(800, 1000), report(800, 1000)).award == "refused"


def test_a_partial_overlap_is_judged_on_shared_rows_and_said(
    rows: Callable[..., Report],
) -> None:
    # On its own ten rows the candidate has 0.5, on the five shared ones 1.0.
    candidate = rows([True] * 5 + [False] * 5)
    champion = rows([True] * 10 + [False] * 1 + [True] * 4, first=-10)
    verdict = GATE.decide(candidate, champion)
    assert verdict.award == "champion"
    assert "on the 5 rows held out for both" in verdict.reason
    assert verdict.numbers["candidate_accuracy"] == 1.0
    assert verdict.numbers["champion_accuracy"] == 0.8
    assert verdict.numbers["paired_rows"] == 5
    assert (verdict.numbers["candidate_rows"], verdict.numbers["champion_rows"]) == (10, 15)


def test_a_full_overlap_is_not_mentioned(report: MakeReport) -> None:
    assert "rows held out" not in GATE.decide(report(9, 10), report(8, 10)).reason


def test_logged_accuracies_are_not_believed(report: MakeReport) -> None:
    boastful = report(80, 100, metrics={"holdout_accuracy": 0.99})
    assert GATE.decide(boastful, report(80, 100)).award == "refused"


def shuffled(report: Report, order: Sequence[int]) -> Report:
    assert report.holdout is not None
    return replace(report, holdout=report.holdout.only(report.holdout.ids[list(order)]))


@given(outcomes=OUTCOMES, data=st.data())
def test_order_does_not_matter_and_the_same_reports_earn_the_same(
    rows: Callable[..., Report], outcomes: list[tuple[bool, bool]], data: st.DataObject
) -> None:
    mine, theirs = zip(*outcomes, strict=True)
    candidate, champion = rows(mine), rows(theirs)
    verdict = GATE.decide(candidate, champion)
    order = data.draw(st.permutations(range(len(outcomes))))
    assert GATE.decide(shuffled(candidate, order), champion) == verdict
    assert GATE.decide(candidate, shuffled(champion, order)) == verdict


@given(outcomes=OUTCOMES)
def test_awards_follow_the_counts(
    rows: Callable[..., Report], outcomes: list[tuple[bool, bool]]
) -> None:
    mine, theirs = zip(*outcomes, strict=True)
    k, base = sum(mine), sum(theirs)
    verdict = GATE.decide(rows(mine), rows(theirs))
    large = k > base and 100 * (k - base) >= 3 * base
    assert verdict.award == ("champion" if large else "challenger" if k > base else "refused")
    back = GATE.decide(rows(theirs), rows(mine))
    assert verdict.award == "refused" or back.award == "refused", "both cannot beat each other"


@pytest.mark.parametrize("value", [1.5, -0.1, "0.78", math.nan, True])
def test_a_floor_is_a_share(value: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"expected floor\.minimum to be .* found .*; see configs/gate/rule"
    ):
        Floor(minimum=value)


@pytest.mark.parametrize("value", [-0.03, math.inf, math.nan, "0.03"])
def test_a_gain_is_a_finite_number(value: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"expected gain\.minimum to be .* found .*; see configs/gate/rule"
    ):
        Gain(minimum=value)


def test_an_award_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="'refused', 'challenger' or 'champion', found 'king'"):
        Gain(otherwise="king")  # type: ignore[arg-type]
