"""Score lines: candidate beside champion, with the standard error of each difference."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.rule.gain import Gain
from spaceship.gate.score_lines import ScoreLine
from spaceship.gate.verdict_texts import score_table, verdict_sentence
from spaceship.records import from_plain, to_plain

MakeReport = Callable[..., Report]
GATE = Gate(gain=Gain())


def validated(report: Report, losses: list[float], log_losses: list[float]) -> Report:
    """Return a report with a cross-validation of rows of one group each."""
    ids = [f"t{n}" for n in range(len(losses))]
    rows = pd.DataFrame({"group": ids, "loss": losses, "constant": 1.0}, index=ids)
    folds = [{"accuracy": 1 - float(np.mean(losses)), "log_loss": one} for one in log_losses]
    metrics = {
        "cv_accuracy": 1 - float(np.mean(losses)),
        "cv_log_loss": float(np.mean(log_losses)),
    }
    return replace(report, metrics=metrics, folds=folds, out_of_fold=OutOfFold(rows))


def line(scores: tuple[ScoreLine, ...], rows: str, metric: str) -> ScoreLine:
    (found,) = (one for one in scores if (one.rows, one.metric) == (rows, metric))
    return found


def test_differences_have_the_errors_of_paired_rows(report: MakeReport) -> None:
    mine = validated(report(90, 100), [0, 0, 0, 1], [0.4, 0.5])
    theirs = validated(report(80, 100), [0, 1, 1, 0], [0.5, 0.7])
    scores = GATE.decide(mine, theirs).scores
    held = line(scores, "held out", "accuracy")
    gains = np.array([0.0] * 80 + [1.0] * 10 + [0.0] * 10)
    assert (held.candidate, held.champion) == (0.9, 0.8)
    assert held.difference == pytest.approx(0.1)
    assert held.error == pytest.approx(gains.std() / math.sqrt(100))
    held = line(scores, "held out", "log_loss")
    losses = -np.log(0.1) + np.log(0.9)
    assert held.difference == pytest.approx(-0.1 * losses)
    assert held.error == pytest.approx(losses * gains.std() / math.sqrt(100))
    folds = line(scores, "cross-validated", "accuracy")
    assert folds.difference == pytest.approx(0.25)
    assert folds.error == pytest.approx(np.std([0, 1, 1, -1]) / 2)
    folds = line(scores, "cross-validated", "log_loss")
    assert folds.difference == pytest.approx(-0.15)
    assert folds.error == pytest.approx(np.std([-0.1, -0.2], ddof=1) / math.sqrt(2))


def test_a_first_candidate_has_no_champion_beside_it(report: MakeReport) -> None:
    verdict = GATE.decide(report(9, 10), None)
    assert {one.champion for one in verdict.scores} == {None}
    assert score_table(verdict.scores).head == ("↓: lower is better", "candidate")
    assert "champion" not in str(score_table(verdict.scores))


def test_a_champion_of_other_folds_has_no_error_and_of_other_data_no_figure(
    report: MakeReport,
) -> None:
    mine = validated(report(90, 100), [0, 0, 0, 1], [0.4, 0.5])
    theirs = validated(report(80, 100), [0, 1, 1, 0], [0.5, 0.6, 0.7])
    assert line(GATE.decide(mine, theirs).scores, "cross-validated", "log_loss").error is None
    old = replace(theirs, out_of_fold=None)
    assert line(GATE.decide(mine, old).scores, "cross-validated", "log_loss").champion is None


def test_the_ladder_withholds_what_was_held_out(report: MakeReport) -> None:
    ladder = Gate(gain=Gain(), reveal="ladder")
    mine = validated(report(801, 1000), [0, 0], [0.4, 0.5])
    verdict = ladder.decide(mine, validated(report(800, 1000), [0, 1], [0.4, 0.5]))
    assert {one.rows for one in verdict.scores} == {"cross-validated"}
    text = verdict_sentence(verdict, first=False).text
    assert not any(letter.isdigit() for letter in text)
    assert ". No gain beyond noise" in text


def test_numbers_to_predict_show_their_own_metrics(report: MakeReport) -> None:
    def predicting(error: float) -> Any:
        made = report(3, 3)
        target = np.array([1.0, 2.0, 3.0])
        assert made.holdout is not None
        return replace(made, holdout=replace(made.holdout, target=target, values=target + error))

    scores = GATE.decide(predicting(0.5), predicting(1.0)).scores
    assert [(one.metric, one.candidate, one.champion) for one in scores] == [
        ("rmse", 0.5, 1.0),
        ("mae", 0.5, 1.0),
    ]
    assert [one.error for one in scores] == [0.0, 0.0]
    assert [row[0] for row in score_table(scores).rows] == ["RMSE ↓, held out", "MAE ↓, held out"]


def test_a_metric_of_which_less_is_better_says_so_within_a_terminal() -> None:
    one = ScoreLine("cross-validated", "log_loss", 1.5, 0.5098, 0.9902, 0.0108)
    shown = str(score_table((one, replace(one, metric="accuracy"))))
    assert max(map(len, shown.splitlines())) <= 80
    head, falling, rising = shown.splitlines()
    assert head.startswith("↓: lower is better ")
    assert ("↓" in falling, "↓" in rising) == (True, False)
    assert "lower" not in str(score_table((replace(one, metric="accuracy"),)))


def test_a_verdict_keeps_its_scores(report: MakeReport) -> None:
    for champion in (report(8, 10), None):
        verdict = GATE.decide(report(9, 10), champion)
        assert from_plain(type(verdict), to_plain(verdict), "memory") == verdict
