"""Rows of a comparison: every figure beside the champion's, hold-out figures only where told."""

import math

import numpy as np
import pandas as pd
import pytest

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.results import Part, Result
from spaceship.gate.rule.gain import Gain
from spaceship.records import from_plain, to_plain
from tests.reports import MakeReport


def row(verdict_results: tuple[Result, ...], metric: str, part: Part) -> Result:
    (found,) = (one for one in verdict_results if (one.metric, one.part) == (metric, part))
    return found


def folds(right: int, of: int) -> OutOfFold:
    losses = [0.0] * right + [1.0] * (of - right)
    groups = [f"g{n}" for n in range(of)]
    return OutOfFold(pd.DataFrame({"group": groups, "loss": losses, "constant": 1.0}, groups))


def test_both_models_stand_side_by_side_with_the_paired_error(report: MakeReport) -> None:
    mine = report(90, 100, metrics={"cv_accuracy": 0.9}, out_of_fold=folds(90, 100))
    champion = report(
        80, 100, name="champ", metrics={"cv_accuracy": 0.8}, out_of_fold=folds(80, 100)
    )
    verdict = Gate(gain=Gain()).decide(mine, champion)
    assert verdict.champion == "champ"
    for part in Part:
        found = row(verdict.results, "accuracy", part)
        assert (found.candidate, found.champion) == (0.9, 0.8)
        # 10 rows of 100 differ by 1 around a mean of 0.1: √(10·0.9² + 90·0.1²) / 100
        assert found.error == pytest.approx(0.03)
        assert found.difference == pytest.approx(0.1)
    assert row(verdict.results, "log_loss", Part.HOLDOUT).error is None


def test_without_a_champion_the_error_is_the_candidates_own(report: MakeReport) -> None:
    verdict = Gate(gain=Gain()).decide(report(80, 100, out_of_fold=folds(80, 100)), None)
    found = row(verdict.results, "accuracy", Part.HOLDOUT)
    assert (found.champion, found.difference, verdict.champion) == (None, None, None)
    assert found.error == pytest.approx(0.04)  # √(0.8 · 0.2 / 100)


def test_a_ladder_keeps_the_figures_of_the_holdout(report: MakeReport) -> None:
    mine, champion = report(801, 1000, metrics={"cv_accuracy": 0.8}), report(800, 1000)
    told = Gate(gain=Gain(), reveal="ladder").decide(mine, champion).results
    assert {one.part for one in told} == {Part.CV}


def test_numbers_have_an_error_in_their_own_unit() -> None:
    ids, truth = [f"r{n}" for n in range(400)], np.tile([0.0, 10.0], 200)
    noise = np.random.default_rng(1).normal(0, 2.0, (2, 400))
    mine, theirs = (HoldOut.of(ids, truth, truth + one) for one in noise)
    candidate, champion = (Report("m", "s", "d", holdout=one) for one in (mine, theirs))
    found = row(Gate(gain=Gain()).decide(candidate, champion).results, "rmse", Part.HOLDOUT)
    assert found.candidate == pytest.approx(math.sqrt(float((noise[0] ** 2).mean())))
    # the RMSE of normal noise has the error sd/√(2n), the difference of two √2 times as much
    assert found.error == pytest.approx(2.0 / math.sqrt(400), rel=0.1)


def test_results_survive_their_json() -> None:
    result = Result("roc_auc", Part.HOLDOUT, math.nan, 0.8, None)
    again = from_plain(Result, to_plain(result), "a test")
    assert (again.part, again.champion, again.error) == (Part.HOLDOUT, 0.8, None)
    assert math.isnan(again.candidate)
