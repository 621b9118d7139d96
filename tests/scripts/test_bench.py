"""Benchmarks: measured processes, paired differences and bars; nothing here is timed."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from scripts.bench import accuracy, features, main_job, startup, tables
from scripts.bench.measure import ROOT, RUN, TIMEOUT_SECONDS, Measured, kaggle_folder, measure
from spaceship.evaluation.metrics import better, metric_names
from spaceship.evaluation.protocol import Protocol
from spaceship.task.label import Problem
from tests.tasks import PROBLEMS, fields, harvest


def run_code(code: str, **environment: str) -> Measured:
    return measure([sys.executable, "-c", code], None, **environment)


def test_folder_without_passengers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"train\.csv"):
        kaggle_folder(str(tmp_path))
    (tmp_path / "train.csv").touch()
    assert kaggle_folder(str(tmp_path)) == tmp_path


def test_a_process_is_measured() -> None:
    measured = run_code("print('done', len(bytearray(200_000_000)))")
    assert measured.expect("done") is measured
    assert 200 < measured.peak < 100_000  # MB; not less than this process has
    assert measured.cpu > 0
    assert 0 < measured.wall < TIMEOUT_SECONDS


def test_a_failure_ends_the_benchmark() -> None:
    failed = run_code("import sys; print('no luck'); sys.exit(3)")
    assert failed.status == 3
    with pytest.raises(SystemExit, match="no luck"):
        failed.expect("")
    with pytest.raises(SystemExit, match="expected 0 and 'yes'"):
        replace(failed, status=0).expect("yes")


def test_a_process_imports_this_checkout_whatever_the_caller_s_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "nowhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere")
    code = "import os, spaceship; print(os.getcwd(), spaceship.__file__, dict(os.environ))"
    output = run_code(code, COMP_LINE="python a.py ").output
    folder, imported, *_ = output.split()
    assert folder != os.fspath(tmp_path)
    assert Path(imported).is_relative_to(ROOT)
    assert "nowhere" not in output
    assert "python a.py " in output


def test_import_times_are_read_for_heavy_packages() -> None:
    output = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       100 |        100 |   pandas_flavour\n"
        "import time:       100 |        200 | mlflow.entities\n"
        "import time:       100 |        100 |     sklearn\n"
    )
    assert startup.heavy_imports(output) == ["mlflow", "sklearn"]


@pytest.mark.slow
def test_minimal_app_answers_like_the_project(tmp_path: Path) -> None:
    scripts = (startup.write_app(tmp_path), RUN)
    for query in startup.QUERIES:
        for which in (0, 1):
            startup.answer(query, scripts, which)  # exits if the answer is wrong


def test_main_job_must_keep_its_bars_in_every_run() -> None:
    case = main_job.Case(("mode=train",), real=False, seconds=30, megabytes=900)
    good = Measured(20.0, 25.0, 500.0, 0, "")
    assert main_job.row(case, [(good, "champion")] * 2)[5:] == ["30 s, 900 MB", "yes", "champion"]
    for bad in (replace(good, wall=30.5), replace(good, peak=901.0)):
        assert main_job.row(case, [(good, "champion"), (bad, "refused")])[6] == "no"
    free = main_job.Case(("mode=train",), real=False)
    assert main_job.row(free, [(good, "champion")])[5:7] == ["-", "-"]


def folds(*losses: float) -> list[dict[str, float]]:
    return [dict.fromkeys(features.METRICS, loss) for loss in losses]


def test_differences_are_paired_and_counted_in_the_metric_s_direction() -> None:
    base, full = {1: folds(0.4, 0.6), 2: folds(0.5, 0.5)}, {1: folds(0.3, 0.5), 2: folds(0.6, 0.4)}
    assert features.difference(full, base, "log_loss") == "-0.0500 ± 0.0500 (1/2)"
    assert features.difference(base, full, "accuracy") == "+0.0500 ± 0.0500 (1/2)"


def test_feature_bars_need_their_candidates() -> None:
    raw, full = {1: folds(0.384, 0.384)}, {1: folds(0.3795, 0.3795)}
    assert features.bar_rows({("lgbm", "full"): full}) == []
    rows = features.bar_rows({("catboost", "raw"): raw, ("catboost", "full"): full})
    assert [row[1:] for row in rows] == [["0.0045", "no"], ["0.3795", "no"], ["0.3795", "no"]]


def test_changes_of_full_leave_a_block_out_add_one_or_set_an_option() -> None:
    found = features.changes_of_full(["spending", "child", "calibration=sigmoid"])
    assert list(found) == ["full", "- spending", "+ child", "calibration=sigmoid"]
    assert "spending," not in found["- spending"][1]
    assert "child" in found["+ child"][1]


def fold(loss: float, *, right: bool = True) -> dict[str, object]:
    probabilities = [0.75, 0.25, 0.75, 0.25]
    figures = dict.fromkeys(accuracy.METRICS, loss)
    truth = [True, False, True, False] if right else [False, True, False, True]
    return {**figures, "seconds": 1.0, "peak": 2.0, "truth": truth, "probabilities": probabilities}


def test_contestants_are_compared_fold_by_fold() -> None:
    own = {"42/0": fold(0.3), "42/1": fold(0.5)}
    other = {"42/0": fold(0.4), "42/1": fold(0.7), "42/2": fold(9.0)}
    assert accuracy.difference_row("other", own, other)[1] == "-0.1500 ± 0.0500"


def test_calibration_is_judged_on_all_folds_of_a_seed_together() -> None:
    half = {"42/0": fold(0.3), "42/1": fold(0.3, right=False)}
    assert accuracy.pooled_ece({"42/0": fold(0.3)}) == pytest.approx(0.25)
    assert accuracy.pooled_ece(half) == pytest.approx(0.25)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_plain_model_is_scored_on_the_folds_of_the_protocol(
    problem: Problem, tmp_path: Path
) -> None:
    task = fields(problem)
    frame, file = harvest(task), tmp_path / "fields.csv"
    frame.to_csv(file, index=False)
    folds = Protocol(0.2, "spaceship", n_folds=3, seed=1), task, frame, file
    dummy, plain = (tables.fold_scores(*folds, learn) for learn in (tables.constant, tables.plain))
    assert len(dummy) == len(plain) == 3
    assert better(metric_names(problem)[0], fmean(plain), fmean(dummy))


def test_a_plain_model_sees_every_column_but_label_id_and_group(tmp_path: Path) -> None:
    task = fields(Problem.BINARY)
    frame, file = harvest(task), tmp_path / "fields.csv"
    frame.assign(left_out="a").to_csv(file, index=False)
    columns = tables.plain_columns(frame.iloc[5:], task, file)
    assert columns.columns.tolist() == ["soil", "rain", "sun", "flat", "left_out"]
    assert columns.index.tolist() == frame.index[5:].tolist()


def test_the_thirty_tables_are_of_every_kind() -> None:
    assert len({(one.package, one.name) for one in tables.TABLES}) == 30
    assert sum(one.group is not None for one in tables.TABLES) >= 8
