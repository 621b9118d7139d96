"""What every gate refuses, whatever its rules, and how rules add up to an award."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spaceship.errors import ConfigError
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.policy import Gate, forced
from spaceship.gate.rule._base import Check, Comparison, Rule
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.verdict import Verdict
from spaceship.gate.verdict_texts import verdict_sentence

MakeReport = Callable[..., Report]
EMPTY = HoldOut.of([], np.array([], bool), [])


class Generous(Rule):
    """Asks nothing, so that a refusal can only come from the gate itself."""

    def checks(self, _: Comparison) -> list[Check]:
        return []


class Fixed(Rule):
    """Fails, whoever is judged."""

    def checks(self, _: Comparison) -> list[Check]:
        return [self.check(f"fixed_{self.otherwise}", 1.0, ">", 2.0)]


GENEROUS = Gate(generous=Generous())
DEFAULT = Gate(floor=Floor(), gain=Gain())


def with_probability(report: Report, value: float) -> Report:
    assert report.holdout is not None
    chances = np.array([value, *report.holdout.values[1:]])
    return replace(report, holdout=replace(report.holdout, values=chances))


def test_a_sound_candidate_is_judged(report: MakeReport) -> None:
    assert GENEROUS.decide(report(1, 2), None).award == "champion"
    assert GENEROUS.decide(report(1, 2), report(2, 2)).award == "champion"


BROKEN: list[tuple[Callable[[Report], Report | None], str]] = [
    (lambda _: None, "the candidate has no report"),
    (lambda r: replace(r, holdout=None), "candidate has no hold-out predictions"),
    (lambda r: replace(r, holdout=EMPTY), "candidate's hold-out has no rows"),
    (lambda r: with_probability(r, math.nan), "1 of the candidate's hold-out predictions"),
    (lambda r: with_probability(r, math.inf), "1 of the candidate's hold-out predictions"),
    (lambda r: replace(r, metrics={"cv_accuracy": math.nan}), "candidate's cv_accuracy is not"),
    (lambda r: replace(r, metrics={"holdout_ece": math.inf}), "candidate's holdout_ece is not"),
    (lambda r: replace(r, metrics={"cv_brier_std": math.nan}), "candidate's cv_brier_std is not"),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN)
def test_a_broken_candidate_is_refused(
    report: MakeReport, spoil: Callable[[Report], Report | None], reason: str
) -> None:
    for champion in (None, report(1, 10)):
        verdict = GENEROUS.decide(spoil(report(10, 10)), champion)
        assert (verdict.award, verdict.rule) == ("refused", "comparable")
        assert reason in verdict.reason


@pytest.mark.parametrize(("spoil", "reason"), BROKEN[1:])
def test_nobody_is_compared_with_a_broken_champion(
    report: MakeReport, spoil: Callable[[Report], Report], reason: str
) -> None:
    verdict = GENEROUS.decide(report(10, 10), spoil(report(1, 10)))
    assert verdict.award == "refused"
    assert reason.replace("candidate", "champion") in verdict.reason


def test_a_lost_champion_report_is_no_free_pass(report: MakeReport) -> None:
    verdict = GENEROUS.decide(report(10, 10), Report.missing("m", run_id="r"))
    assert (
        verdict.reason == "Refused: the champion has no hold-out predictions that can be compared."
    )


def test_every_objection_is_listed(report: MakeReport) -> None:
    candidate = replace(report(9, 10), metrics={"cv_ece": math.nan, "cv_accuracy": math.nan})
    verdict = GENEROUS.decide(candidate, replace(report(9, 10), holdout=None))
    assert "candidate's cv_accuracy, cv_ece is not" in verdict.reason
    assert "champion has no hold-out" in verdict.reason


def test_timings_are_no_scores(report: MakeReport) -> None:
    candidate = replace(report(9, 10), metrics={"fit_seconds": math.nan})
    assert GENEROUS.decide(candidate, None).award == "champion"


def test_a_comparison_with_itself_is_refused(report: MakeReport) -> None:
    verdict = GENEROUS.decide(report(9, 10, run_id="r"), report(5, 10, run_id="r"))
    assert verdict.award == "refused"
    assert verdict.reason == "Refused: the candidate is the champion (run r)."
    assert GENEROUS.decide(report(9, 10), report(5, 10)).award == "champion"


def test_holdouts_without_shared_rows_are_refused(report: MakeReport) -> None:
    verdict = GENEROUS.decide(report(9, 10), report(5, 10, first=10))
    assert verdict.reason == "Refused: the two hold-outs share no PassengerId."


def test_holdouts_that_disagree_on_a_label_are_refused(report: MakeReport) -> None:
    champion = report(5, 10)
    assert champion.holdout is not None
    target = champion.holdout.target ^ (np.arange(10) == 0)
    other = replace(champion.holdout, target=target)
    verdict = GENEROUS.decide(report(9, 10), replace(champion, holdout=other))
    assert verdict.award == "refused"
    assert "label 1 of 10 shared rows differently (00000_01" in verdict.reason


def test_the_ceiling_caps_only_while_there_is_a_champion(report: MakeReport) -> None:
    first = GENEROUS.decide(report(9, 10), None, ceiling=Award.CHALLENGER)
    assert first.award == "champion"
    later = GENEROUS.decide(report(9, 10), report(5, 10), ceiling=Award.CHALLENGER)
    assert (later.award, later.rule) == ("challenger", "ceiling")
    assert later.reason == (
        "Challenger: hold-out accuracy 0.9000 against the champion's 0.5000; every rule is met; "
        "a sweep makes a challenger at most."
    )
    assert first.reason == "Champion: the first one, hold-out accuracy 0.9000; every rule is met."
    sentence = "Verdict: challenger. Every rule is met; a sweep makes a challenger at most."
    assert verdict_sentence(later, first=False).text == sentence


@pytest.mark.parametrize(
    ("rows", "drawn_from", "award"),
    [(500, 9000, "challenger"), (2000, 9000, "champion"), (500, 0, "champion")],
)
def test_a_sample_does_not_replace_a_champion_that_learnt_from_more(
    report: MakeReport, rows: int, drawn_from: int, award: str
) -> None:
    candidate = report(95, 100, rows=rows, drawn_from=drawn_from)
    verdict = Gate(gain=Gain(minimum=0.03)).decide(candidate, report(70, 100, rows=1000))
    assert verdict.award == award
    assert ("learnt from more rows" in verdict.reason) == (award == "challenger")


def test_a_capped_verdict_of_an_earlier_release_is_readable() -> None:
    text = "Champion: hold-out accuracy 0.8; every rule is met. Capped at challenger: no more."
    old = Verdict(Award.CHALLENGER, text, "ceiling")
    sentence = "Verdict: challenger. Every rule is met. Capped at challenger: no more."
    assert verdict_sentence(old, first=False).text == sentence


def test_the_ceiling_lifts_nobody(report: MakeReport) -> None:
    verdict = DEFAULT.decide(report(5, 10), report(5, 10), ceiling=Award.CHALLENGER)
    assert (verdict.award, verdict.rule) == ("refused", "any_gain")


@pytest.mark.parametrize(
    ("caps", "award", "rule"),
    [
        ((), "champion", "all"),
        (("champion",), "champion", "all"),
        (("challenger",), "challenger", "fixed_challenger"),
        (("challenger", "refused", "champion"), "refused", "fixed_refused"),
    ],
)
def test_the_strictest_failed_rule_decides(
    report: MakeReport, caps: tuple[str, ...], award: str, rule: str
) -> None:
    listed: dict[str, Any] = {name: Fixed(otherwise=Award(name)) for name in caps}
    verdict = Gate(generous=Generous(), **listed).decide(report(9, 10), report(8, 10))
    assert (verdict.award, verdict.rule) == (award, rule)
    assert [check.otherwise for check in verdict.checks] == list(caps)
    told = rule if award != "champion" or not caps else f"fixed_{caps[0]}"
    assert told == "all" or f"{told} 1 (must be > 2)" in verdict.reason


def test_a_forced_verdict_keeps_what_the_rules_said(report: MakeReport) -> None:
    refused = DEFAULT.decide(report(5, 10), report(5, 10))
    verdict = forced(refused, "the data were mended")
    assert (verdict.award, verdict.rule) == ("champion", "forced")
    assert "the data were mended" in verdict.reason
    failed = [check.named for check in refused.checks if not check.passed]
    assert failed
    assert verdict.reason.lower().endswith(f"not met: {', '.join(failed)}.".lower())
    sentence = verdict_sentence(verdict, first=False).text
    assert sentence.startswith("Verdict: champion, forced. Reason: the data were mended. Not met: ")
    assert verdict.checks == refused.checks


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dry_run": "yes"}, "gate.dry_run to be a valid boolean, found 'yes'"),
        ({"require": 1}, "gate.require to be a valid boolean, found 1"),
        ({"force": None}, "gate.force to be a valid boolean, found None"),
        ({"floor": 0.5}, "gate.floor to be a Rule, found 0.5"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Gate(**{"generous": Generous()} | arguments)


def test_a_gate_without_rules_is_none() -> None:
    with pytest.raises(ConfigError, match="a gate with rules"):
        Gate()


def test_seeds_are_those_the_rules_ask_for() -> None:
    gate = Gate(a=Repeats(seeds=(3, 1, 2)), b=Repeats(seeds=(1, 2, 7)), c=Generous())
    assert gate.cv_seeds == (3, 1, 2, 7)
