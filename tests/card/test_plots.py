"""Plots of a candidate: drawn for each kind of problem, the hold-out's only where it is told."""

from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest

from spaceship.card.plots import draw_plots
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report

IDS = [f"r{n}" for n in range(40)]
CHANCE = np.linspace(0.0, 1.0, 40)
CLASSES = np.stack([CHANCE, 1 - CHANCE], axis=1)
KINDS = {
    "calibration.svg": HoldOut.of(IDS, np.arange(40) % 2 == 0, CHANCE),
    "predictions.svg": HoldOut.of(IDS, CHANCE * 9, CHANCE * 8, label="$price"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_hold_out_is_drawn_as_its_problem_asks(name: str, tmp_path: Path) -> None:
    report = Report("m", "s", "d", holdout=KINDS[name])
    (path,) = draw_plots(report, tmp_path)
    assert path.name == name
    drawn = minidom.parseString(path.read_text()).documentElement  # noqa: S318 - our own
    assert drawn is not None
    assert drawn.namespaceURI == "http://www.w3.org/2000/svg"
    assert drawn.getElementsByTagName("circle")


def test_several_classes_are_calibrated_by_the_likeliest(tmp_path: Path) -> None:
    rows = HoldOut.of(IDS, np.arange(40) % 2, CLASSES, classes=("a", "b"))
    (path,) = draw_plots(Report("m", "s", "d", holdout=rows), tmp_path)
    assert path.name == "calibration.svg"


def test_without_a_hold_out_the_folds_alone_are_drawn(tmp_path: Path) -> None:
    folds = [{"rmse": 1.0, "mae": 0.5}, {"rmse": 1.2, "mae": 0.6}]
    drawn = draw_plots(Report("m", "s", "d", folds=folds), tmp_path)
    assert [path.name for path in drawn] == ["folds.svg"]
    assert draw_plots(Report("m", "s", "d"), tmp_path) == []


def test_predictions_that_are_no_numbers_are_not_drawn(tmp_path: Path) -> None:
    rows = HoldOut.of(IDS, np.arange(40) % 2 == 0, CHANCE * np.nan)
    assert draw_plots(Report("m", "s", "d", holdout=rows), tmp_path) == []
