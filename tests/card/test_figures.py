"""Curves, intervals and sentences of a card, against plain computations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

from spaceship.card.card import Interval, Score
from spaceship.card.curves import charts
from spaceship.card.data import data_page
from spaceship.card.intervals import scores, wilson
from spaceship.card.surroundings import moment
from spaceship.card.words import limits, look_words, protocol_words
from spaceship.card.worst import worst_rows
from spaceship.data._base import Dataset
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.metrics import log_loss, score
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.verdict import Verdict
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.reports import make_report

SHOPS = Task.read({"problem": "regression", "label": "sales", "columns": {"size": "number"}})
CROPS = {"problem": "multiclass", "label": "crop", "classes": ["a", "b", "c"]}


def binary(n: int = 3000) -> HoldOut:
    """Return predictions that are right on the whole, in groups of two rows."""
    draw = np.random.default_rng(7)
    truth = draw.random(n) < 0.4
    chance = np.clip(0.5 + 0.3 * (truth - 0.5) + draw.normal(0, 0.2, n), 0.01, 0.99)
    ids = [f"r{row:05d}" for row in range(n)]
    return HoldOut.of(ids, truth, chance, 0.45, groups=np.arange(n) // 2)


def test_curves_of_two_classes(task: Task) -> None:
    rows = binary()
    drawn = charts(rows, task)
    (roc,), (calibration,) = drawn.roc, drawn.calibration
    assert roc.area == roc_auc_score(rows.target, rows.values)
    assert len(roc.x) <= 200
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert float(np.trapezoid(roc.y, roc.x)) == pytest.approx(roc.area, abs=0.005)
    assert drawn.confusion == confusion_matrix(rows.target, rows.values > 0.45).tolist()
    by_name = {one.name: one for one in drawn.thresholds}
    at = [*by_name["F1"].x].index(0.45)
    assert by_name["F1"].y[at] == pytest.approx(f1_score(rows.target, rows.values > 0.45))
    assert by_name["accuracy"].y[at] == rows.accuracy
    assert sum(calibration.n) == len(rows.ids)
    assert drawn.threshold == 0.45


def test_curves_of_several_classes_leave_out_those_without_rows() -> None:
    crops = Task.read({**CROPS, "columns": {"size": "number"}})
    values = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    rows = HoldOut.of("xyz", [0, 1, 1], values, classes=("a", "b", "c"), label="crop")
    drawn = charts(rows, crops)
    assert [one.name for one in drawn.roc] == ["a", "b"]
    assert drawn.confusion == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert drawn.threshold is None


def test_residuals_are_few_and_all_are_counted() -> None:
    truth = np.linspace(0, 9, 5000)
    rows = HoldOut.of(map(str, range(5000)), truth, truth + 0.5)
    drawn = charts(rows, SHOPS)
    (points,), bars = drawn.residuals, drawn.residual_counts
    assert len(points.x) <= 1500
    assert set(np.round(points.y, 9)) == {-0.5}
    assert bars is not None
    assert sum(bars.y) == 5000


def test_broken_predictions_have_no_charts(task: Task) -> None:
    rows = HoldOut.of(["a"], [True], [float("nan")])
    assert not any(vars(charts(rows, task)).values())
    assert not [*worst_rows(rows, pd.DataFrame(), task)]


def test_intervals_of_the_hold_out_are_as_wide_as_those_of_a_bootstrap_by_groups() -> None:
    rows, draw = binary(), np.random.default_rng(1)
    whole = score(rows.target, rows.values, rows.threshold)
    found = {f"cv_{name}": one for name, one in whole.items()}
    found |= {f"holdout_{name}": one for name, one in whole.items()}
    made = {
        one.metric: one
        for one in scores(Report("a", "b", "c", metrics=found, holdout=rows), Problem.BINARY)
    }
    groups = np.arange(len(rows.ids)).reshape(-1, 2)
    drawn = [groups[draw.integers(0, len(groups), len(groups))].ravel() for _ in range(300)]
    for metric in ("accuracy", "roc_auc", "log_loss", "brier"):
        of = [score(rows.target[at], rows.values[at], 0.45)[metric] for at in drawn]
        held = made[metric].held_out
        assert held is not None
        assert held.low is not None
        assert held.high is not None
        assert held.low < held.value < held.high
        assert (held.high - held.low) / (2 * 1.96) == pytest.approx(np.std(of), rel=0.25)


def test_wilson_is_inside_0_and_1_and_holds_the_share() -> None:
    for share in (0.0, 1e-9, 0.3, 1.0):
        for draws in (1, 3, 1e6):
            low, high = wilson(share, draws)
            assert 0 <= low <= share <= high <= 1


def test_the_worst_row_is_the_one_of_the_greatest_loss(people: Dataset, task: Task) -> None:
    frame = people.train.head(50)
    truth = task.target(frame)
    chance = np.where(truth, 0.8, 0.2)
    chance[7] = 1 - chance[7]
    rows = HoldOut.of(task.names(frame), truth, chance)
    worst, *others = worst_rows(rows, frame, task)
    assert worst.id == task.names(frame).iloc[7]
    assert worst.truth != worst.predicted
    assert worst.probability == pytest.approx(0.2)
    assert worst.loss == pytest.approx(log_loss(truth[7:8], chance[7:8]))
    assert len(others) == 14


def test_a_split_in_time_in_words() -> None:
    split = Protocol(0.2, None, 5, 1, "time", gap=7.0, by="day", cut="2026-01-05")
    words = protocol_words(split, SHOPS, (20, 100))
    assert words["hold-out"] == (
        "the latest about 20 % (from 2026-01-05), and 7 before them unused: 20 of 100 rows"
    )
    assert words["folds"] == "5, each trained on what is earlier"
    assert protocol_words(None, SHOPS, (None, 0)) == {}


def test_looks_in_words() -> None:
    numbers: dict[str, float | None] = {"look": 3, "candidates": 61, "luck": 0.004}
    words = look_words(Verdict(Award.REFUSED, "Refused.", "all", numbers), 3, 20)
    assert words["this run"] == "look 3"
    assert words["budget"] == "20"
    assert words["luck"] == "the best of 61 equally good candidates would gain 0.004 by luck"


def test_a_gap_is_a_limit_only_where_the_intervals_do_not_overlap() -> None:
    known, near = Interval(0.8, 0.78, 0.82), Interval(0.75, 0.72, 0.79)
    far = Score("accuracy", "accuracy", True, known, Interval(0.7, 0.65, 0.75))
    found = limits(make_report([True]), SHOPS, None, [far], [])
    assert "Held-out and cross-validated scores differ beyond luck: accuracy 0.7 and 0.8." in found
    for held in (near, None, Interval(0.2)):
        found = limits(make_report([True]), SHOPS, None, [replace(far, held_out=held)], [])
        assert not any("beyond luck" in one for one in found)


def test_the_data_are_shown_column_by_column() -> None:
    plain = {"problem": "regression", "label": "sales", "id": "shop"}
    kinds = {"size": "number", "town": "category", "open": "boolean", "since": "date"}
    since = pd.to_datetime(["2025-01-01", "2025-01-05", "", "2025-01-09"] * 50)
    size = [3.0, np.nan, 5.0, -8.0] * 50
    frame = pd.DataFrame({"shop": [f"s{row}" for row in range(200)], "size": size})
    frame = frame.assign(town=["a", "b", "b", np.nan] * 50, open=[True, False] * 100, since=since)
    frame["sales"] = -2 * frame["size"].fillna(1)
    page = data_page(frame, Task.read(plain | {"columns": kinds}))
    shop, size_, town, open_, since_, sales = page.columns
    assert (shop.distinct, shop.common, sales.kind) == (200, (), "label")
    assert (size_.missing, size_.distinct, size_.numbers[2:]) == (0.25, 3, (-8.0, 3.0, 5.0))
    assert town.common == (("b", 0.5), ("a", 0.25))
    assert (town.bars, open_.bars) == ((1.0, 0.5), (1.0, 1.0))
    assert (since_.numbers, len(since_.bars), since_.bars[10]) == ((), 20, 1.0)
    pairs = {(one.first, one.second): one for one in page.pairs}
    assert pairs["size", "sales"].pearson == pytest.approx(-1)
    assert pairs["size", "town"].cramer == pytest.approx(1)
    found = chi2_contingency(pd.crosstab(frame["town"].fillna("-"), frame["open"]))
    assert pairs["town", "open"].cramer == pytest.approx(np.sqrt(found.statistic / 200))
    assert pairs["shop", "size"].cramer == 0
    assert page.first[1] == {
        "shop": "s1",
        "size": "-",
        "town": "b",
        "open": "False",
        "since": "2025-01-05",
        "sales": "-2",
    }


def test_of_a_wide_table_the_first_columns_are_shown() -> None:
    names = [f"c{n}" for n in range(300)]
    plain = {"problem": "regression", "label": "y", "columns": dict.fromkeys(names, "number")}
    frame = pd.DataFrame(np.zeros((3, 301)), columns=[*names, "y"])
    page = data_page(frame, Task.read(plain))
    assert (len(page.columns), page.left_out, len(page.pairs)) == (60, 241, 20)
    assert page.pairs[0].cramer == 0
    empty = data_page(frame[:0], Task.read(plain))
    assert empty.columns[0].numbers == ()


def test_a_time_that_is_not_known_is_empty() -> None:
    assert moment(None) == ""
