"""Evidence of a gain: out of fold and held out together, by group, corrected for the looks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.gate.looks import Looks
from spaceship.gate.policy import Gate
from spaceship.gate.rule.evidence import Evidence, paired_p
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.gain import Gain
from spaceship.gate.verdict import Verdict

MakeReport = Callable[..., Report]
GATE = Gate(floor=Floor(), gain=Gain(), evidence=Evidence())


def with_folds(report: Report, losses: list[float], groups: list[str] | None = None) -> Report:
    index = pd.Index([f"t{n:05d}" for n in range(len(losses))])
    rows = pd.DataFrame({"group": groups or [*index], "loss": losses, "constant": 0.5}, index=index)
    return replace(report, out_of_fold=OutOfFold(rows))


def number(verdict: Verdict, name: str) -> float:
    found = verdict.numbers[name]
    assert found is not None
    return found


def test_a_gain_on_the_hold_out_alone_is_luck_until_the_training_part_agrees(
    report: MakeReport,
) -> None:
    candidate, champion = report(88, 100), report(85, 100)
    assert GATE.decide(candidate, champion).rule == "evidence_p"
    better = with_folds(candidate, [0.0] * 380 + [1.0] * 20)
    worse = with_folds(champion, [0.0] * 360 + [1.0] * 40)
    verdict = GATE.decide(better, worse)
    assert verdict.award == "champion"
    assert "400 rows out of fold and 100 held out" in str(verdict.checks)


def test_the_more_looks_the_more_evidence_is_needed(report: MakeReport) -> None:
    pair = report(90, 100), report(82, 100)
    first = GATE.decide(*pair)
    assert first.award == "champion"
    later = GATE.decide(*pair, Looks.nth(5))
    assert (later.award, later.rule) == ("refused", "evidence_p")
    assert number(later, "evidence_p") == pytest.approx(5 * number(first, "evidence_p"))
    assert ", look 5;" in later.reason
    assert later.numbers["luck"]
    assert number(later, "luck") > 0
    swept = GATE.decide(*pair, Looks(1, 60, 60))
    assert swept.award == "refused", "the best of a sweep counts its rivals"


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.99, 1.0])
def test_always_the_commonest_label_is_never_awarded(share: float) -> None:
    truth = np.arange(1000) < 1000 * share
    ids = [f"{n:04d}" for n in range(1000)]
    constant = Report("m", "local", "d", holdout=HoldOut.of(ids, truth, np.full(1000, 0.9)))
    verdict = GATE.decide(constant, None)
    assert (verdict.award, verdict.rule in {"base_rate_p", "floor"}) == ("refused", True)
    assert verdict.numbers["base_rate_p"] == 1


def test_a_hold_out_of_a_few_groups_crowns_nobody(report: MakeReport) -> None:
    for champion in (None, report(4, 6)):
        verdict = GATE.decide(report(6, 6), champion)
        assert verdict.award == "refused"
        assert (
            "Groups in the hold-out 6 (must be ≥ 25), raise split.holdout_fraction"
            in verdict.reason
        )


def test_a_group_counts_once() -> None:
    gains = np.ones(40)
    apart, together = (np.array([f"g{n // size}" for n in range(40)]) for size in (1, 20))
    assert paired_p(gains, apart, 1.0) < 1e-6
    assert paired_p(gains, together, 1.0) > 0.05


@pytest.mark.parametrize(("wins", "losses"), [(20, 5), (60, 30), (200, 150)])
def test_rows_of_their_own_give_the_sign_test_or_demand_a_little_more(
    wins: int, losses: int
) -> None:
    gains = np.array([1.0] * wins + [-1.0] * losses)
    names = np.array([f"r{n}" for n in range(len(gains))])
    exact = binomtest(wins, wins + losses, alternative="greater").pvalue
    assert exact <= paired_p(gains, names, 1.0) <= 2.5 * exact


def test_equal_candidates_pass_as_often_as_alpha_says() -> None:
    rng = np.random.default_rng(7)
    names = np.array([f"g{n // 2}" for n in range(400)])
    draws = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=(2000, 400))
    assert np.mean([paired_p(one, names, 1.0) < 0.05 for one in draws]) < 0.055


def test_without_a_gain_or_a_difference_there_is_no_evidence() -> None:
    names = np.array(["a", "b", "c"])
    for gains in (np.zeros(3), np.array([-1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])):
        assert paired_p(gains, names, 1.0) == 1.0
