"""What every gate refuses, whatever its rules; and verdicts on disk."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.errors import ConfigError, RegistryError
from spaceship.gate._base import Check, Gate, Verdict
from spaceship.gate._pairing import Pairing
from spaceship.gate.default import DefaultGate
from spaceship.report import HoldOut, Report

MakeReport = Callable[..., Report]
VERDICT = Verdict(
    award="challenger",
    reason="Challenger: a gain.",
    rule="any_gain",
    numbers={"gain": 0.1 + 0.2, "relative_gain": None, "rows": 3},
    checks=(Check("any_gain", 1e-17, 0.0, passed=True), Check("cv_seeds", None, 3, passed=False)),
)


class Generous(Gate):
    """Makes everyone champion, so that a refusal can only come from the base."""

    def judge_first(self, candidate: Report) -> Verdict:
        return Verdict("champion", f"{candidate.name} is first.", "generous")

    def judge(self, candidate: Report, champion: Report, pairing: Pairing) -> Verdict:
        return Verdict("champion", f"{candidate.name}, {champion.name}, {pairing.rows}", "generous")


def with_probability(report: Report, value: float) -> Report:
    assert report.holdout is not None
    chances = (value, *report.holdout.probabilities[1:])
    return replace(report, holdout=replace(report.holdout, probabilities=chances))


def test_a_sound_candidate_is_judged(report: MakeReport) -> None:
    assert Generous().decide(report(1, 2), None).award == "champion"
    assert Generous().decide(report(1, 2), report(2, 2)).award == "champion"


BROKEN: list[tuple[Callable[[Report], Report | None], str]] = [
    (lambda _: None, "the candidate has no report"),
    (lambda r: replace(r, holdout=None), "candidate has no hold-out predictions"),
    (lambda r: replace(r, holdout=HoldOut((), (), ())), "candidate's hold-out has no rows"),
    (lambda r: with_probability(r, math.nan), "1 of the candidate's hold-out probabilities"),
    (lambda r: with_probability(r, math.inf), "1 of the candidate's hold-out probabilities"),
    (lambda r: replace(r, metrics={"cv_accuracy": math.nan}), "candidate's cv_accuracy is not"),
    (lambda r: replace(r, metrics={"holdout_ece": math.inf}), "candidate's holdout_ece is not"),
    (lambda r: replace(r, metrics={"cv_brier_std": math.nan}), "candidate's cv_brier_std is not"),
]


@pytest.mark.parametrize(("spoil", "reason"), BROKEN)
def test_a_broken_candidate_is_refused(
    report: MakeReport, spoil: Callable[[Report], Report | None], reason: str
) -> None:
    for champion in (None, report(1, 10)):
        verdict = Generous().decide(spoil(report(10, 10)), champion)
        assert (verdict.award, verdict.rule) == ("refused", "comparable")
        assert reason in verdict.reason


@pytest.mark.parametrize(("spoil", "reason"), BROKEN[1:])
def test_nobody_is_compared_with_a_broken_champion(
    report: MakeReport, spoil: Callable[[Report], Report], reason: str
) -> None:
    verdict = Generous().decide(report(10, 10), spoil(report(1, 10)))
    assert verdict.award == "refused"
    assert reason.replace("candidate", "champion") in verdict.reason


def test_a_lost_champion_report_is_no_free_pass(report: MakeReport) -> None:
    verdict = Generous().decide(report(10, 10), Report.missing("m", run_id="r"))
    assert verdict.reason == "Refused: the champion has no hold-out predictions."


def test_every_objection_is_listed(report: MakeReport) -> None:
    candidate = replace(report(9, 10), metrics={"cv_ece": math.nan, "cv_accuracy": math.nan})
    verdict = Generous().decide(candidate, replace(report(9, 10), holdout=None))
    assert "candidate's cv_accuracy, cv_ece is not" in verdict.reason
    assert "champion has no hold-out" in verdict.reason


def test_timings_are_no_scores(report: MakeReport) -> None:
    candidate = replace(report(9, 10), metrics={"fit_seconds": math.nan})
    assert Generous().decide(candidate, None).award == "champion"


def test_a_comparison_with_itself_is_refused(report: MakeReport) -> None:
    verdict = Generous().decide(report(9, 10, run_id="r"), report(5, 10, run_id="r"))
    assert verdict.award == "refused"
    assert verdict.reason == "Refused: the candidate is the champion (run r)."
    assert Generous().decide(report(9, 10), report(5, 10)).award == "champion"


def test_holdouts_without_shared_rows_are_refused(report: MakeReport) -> None:
    verdict = Generous().decide(report(9, 10), report(5, 10, first=10))
    assert verdict.reason == "Refused: the two hold-outs share no PassengerId."


def test_holdouts_that_disagree_on_a_label_are_refused(report: MakeReport) -> None:
    champion = report(5, 10)
    labels = (not champion.holdout.labels[0], *champion.holdout.labels[1:])
    verdict = Generous().decide(
        report(9, 10), replace(champion, holdout=replace(champion.holdout, labels=labels))
    )
    assert verdict.award == "refused"
    assert "label 1 of 10 shared passengers differently (00000_01" in verdict.reason


def test_the_ceiling_caps_only_while_there_is_a_champion(report: MakeReport) -> None:
    first = Generous().decide(report(9, 10), None, ceiling="challenger")
    assert first.award == "champion"
    later = Generous().decide(report(9, 10), report(5, 10), ceiling="challenger")
    assert (later.award, later.rule) == ("challenger", "ceiling")
    assert "Capped at challenger" in later.reason


def test_the_ceiling_lifts_nobody(report: MakeReport) -> None:
    verdict = DefaultGate().decide(report(5, 10), report(5, 10), ceiling="challenger")
    assert (verdict.award, verdict.rule) == ("refused", "any_gain")


def test_an_unknown_ceiling_prints_the_choices(report: MakeReport) -> None:
    with pytest.raises(ValueError, match="one of challenger, champion, got 'refused'"):
        Generous().decide(report(9, 10), None, ceiling="refused")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"moves": "yes"}, "`gate.moves` must be true or false, got 'yes'"),
        ({"require": 1}, "`gate.require` must be true or false, got 1"),
        ({"cv_seeds": [1, "2"]}, "whole numbers, got"),
        ({"cv_seeds": [1, True]}, "whole numbers, got"),
        ({"cv_seeds": [1, 1]}, "must be distinct, got"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Generous(**arguments)


def test_arguments_are_kept() -> None:
    gate = Generous(moves=False, require=True, cv_seeds=[3, 1])
    assert (gate.moves, gate.require, gate.cv_seeds) == (False, True, (3, 1))


def test_a_verdict_comes_back_bit_for_bit(tmp_path: Path) -> None:
    VERDICT.write(tmp_path)
    assert Verdict.read(tmp_path) == VERDICT
    assert Verdict.from_dict(VERDICT.to_dict()) == VERDICT
    assert VERDICT.to_dict()["version"] == 1
    assert json.loads((tmp_path / "verdict.json").read_text())["version"] == 1


def test_a_missing_verdict_is_a_refusal(tmp_path: Path) -> None:
    verdict = Verdict.read(tmp_path)
    assert (verdict.award, verdict.rule) == ("refused", "missing_verdict")


@pytest.mark.parametrize(
    "content",
    [{}, {"version": 2}, {"version": 1}, {"version": 1, "award": "king", "checks": []}],
)
def test_a_broken_verdict_is_an_error_and_no_verdict(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    (tmp_path / "verdict.json").write_text(json.dumps(content))
    with pytest.raises(RegistryError, match=r"verdict\.json"):
        Verdict.read(tmp_path)


def test_an_award_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(ValueError, match="one of challenger, champion, refused, got 'king'"):
        Verdict("king", "", "")
