"""What the benchmarks ask for, compute and print; nothing here is timed."""

import argparse
import os
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.bench import ablation as ablate
from scripts.bench import accuracy as bench_accuracy
from scripts.bench import features as bench_features
from scripts.bench import generator as bench_synthetic
from scripts.bench import main_job as bench_main_job
from scripts.bench import measure as bench
from scripts.bench import startup as bench_startup
from scripts.chaos import first_runs as bench_first_runs
from scripts.chaos import kills as bench_kills
from scripts.chaos.state import NOTHING

BEFORE = replace(NOTHING, runs={"a": "FINISHED"}, versions={"1": "a"}, champion="1")


def says(code: str, **environment: str) -> bench.Measured:
    return bench.measure([sys.executable, "-c", code], **environment)


def test_spread_is_median_least_and_most() -> None:
    assert bench.spread([3.0, 1.0, 2.26], 1) == "2.3 (1.0 … 3.0)"


def test_table_is_markdown_with_figures_to_the_right() -> None:
    assert bench.table(["what", "s"], [["a", 1]]) == "| what | s |\n| --- | ---: |\n| a | 1 |\n"


def test_machine_names_python_packages_cores_and_date() -> None:
    line = bench.machine()
    assert line.startswith("Python 3.")
    assert "mlflow 3." in line
    assert " cores; 20" in line


def test_names_are_split_at_commas() -> None:
    assert bench.names("raw, full,") == ["raw", "full"]


def test_folder_without_passengers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"train\.csv"):
        bench.kaggle_folder(str(tmp_path))
    (tmp_path / "train.csv").touch()
    assert bench.kaggle_folder(str(tmp_path)) == tmp_path


def test_a_measured_process_tells_what_it_took_and_said() -> None:
    measured = says("print('done', len(bytearray(200_000_000)))")
    assert measured.status == 0
    assert measured.output.startswith("done")
    assert 200 < measured.peak < 100_000  # MB; not less than this process has
    assert measured.cpu > 0
    assert 0 < measured.wall < bench.TIMEOUT_SECONDS


def test_what_fails_ends_the_benchmark() -> None:
    failed = says("import sys; print('no luck'); sys.exit(3)")
    assert failed.status == 3
    with pytest.raises(SystemExit, match="no luck"):
        failed.expect("")
    with pytest.raises(SystemExit, match="expected 0 and 'yes'"):
        says("print('no')").expect("yes")


def test_a_process_does_not_see_the_caller_s_folder_or_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "nowhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nowhere")
    told = says("import os; print(os.getcwd(), dict(os.environ))", COMP_LINE="python a.py ").output
    assert "nowhere" not in told
    assert "python a.py " in told
    assert told.split()[0] != os.fspath(tmp_path)


def test_import_times_are_read_for_heavy_packages() -> None:
    told = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:       100 |        100 |   pandas_flavour\n"
        "import time:       100 |        200 | mlflow.entities\n"
        "import time:       100 |        100 |     sklearn\n"
    )
    assert bench_startup.heavy_imports(told) == ["mlflow", "sklearn"]


@pytest.mark.slow
def test_minimal_app_answers_like_the_project(tmp_path: Path) -> None:
    scripts = (bench_startup.write_app(tmp_path), bench.RUN)
    for query in bench_startup.QUERIES:
        answers = [bench_startup.ask(query, scripts, which).status for which in (0, 1)]
        assert answers == [0, 0]


def test_main_job_keeps_its_bars_only_in_every_run() -> None:
    case = bench_main_job.Case(("mode=train",), real=False, seconds=30, megabytes=900)
    good = bench.Measured(20.0, 25.0, 500.0, 0, "")
    row = bench_main_job.row(case, [(good, "champion"), (good, "champion")])
    assert row[5:] == ["30 s, 900 MB", "yes", "champion"]
    for bad in (replace(good, wall=30.5), replace(good, peak=901.0)):
        assert bench_main_job.row(case, [(good, "champion"), (bad, "refused")])[6] == "no"
    free = bench_main_job.Case(("mode=train",), real=False)
    assert bench_main_job.row(free, [(good, "champion")])[5:7] == ["-", "-"]


def folds(*losses: float) -> list[dict[str, float]]:
    return [dict.fromkeys(bench_features.METRICS, loss) for loss in losses]


def test_differences_are_paired_and_counted_in_the_metric_s_direction() -> None:
    base, full = {1: folds(0.4, 0.6), 2: folds(0.5, 0.5)}, {1: folds(0.3, 0.5), 2: folds(0.6, 0.4)}
    assert bench_features.difference(full, base, "log_loss") == "-0.0500 ± 0.0500 (1/2)"
    assert bench_features.difference(base, full, "accuracy") == "+0.0500 ± 0.0500 (1/2)"


def test_feature_bars_need_their_candidates() -> None:
    raw, full = {1: folds(0.384, 0.384)}, {1: folds(0.3795, 0.3795)}
    assert bench_features.bar_rows({("lgbm", "full"): full}) == []
    rows = bench_features.bar_rows({("catboost", "raw"): raw, ("catboost", "full"): full})
    assert [row[1:] for row in rows] == [["0.0045", "no"], ["0.3795", "no"], ["0.3795", "no"]]
    rows = bench_features.bar_rows({("lgbm", "raw"): raw, ("lgbm", "full"): full})
    assert [row[1:] for row in rows] == [["0.0045", "yes"]]


def test_worst_share_keeps_its_sign() -> None:
    found, wanted = {"a": 0.5, "b": 0.48, "missing": 0.02}, {"a": 0.49, "b": 0.51, "missing": 0.02}
    assert bench_synthetic.worst(found, wanted) == ["-3.00", "b", "no"]
    assert bench_synthetic.worst(found, {"a": 0.49}) == ["+1.00", "a", "yes"]


def test_moments_of_kills_are_spread_over_the_whole_run() -> None:
    shares = bench_kills.moments(10, 1, 0.0)
    assert shares != sorted(shares)
    assert [int(share * 10) for share in sorted(shares)] == list(range(10))
    assert bench_kills.moments(10, 1, 0.0) == shares
    assert min(bench_kills.moments(10, 1, 0.8)) >= 0.8


def test_a_killed_run_may_leave_the_old_champion_or_its_own() -> None:
    running = replace(BEFORE, runs=BEFORE.runs | {"b": "RUNNING"})
    moved = replace(running, versions={"1": "a", "2": "b"}, champion="2")
    ended = {"b": "KILLED", "c": "FINISHED"}
    again = replace(BEFORE, runs=ended, versions={"1": "a", "2": "c"}, champion="2")
    kept = replace(moved, runs=ended)
    assert bench_kills.judge(BEFORE, running, again, 0) == []
    assert bench_kills.judge(BEFORE, moved, kept, 0) == []


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ({"champion": "1"}, 0, "not champion in the end"),
        ({}, 1, "status 1"),
        ({"runs": {"b": "RUNNING", "c": "FINISHED"}}, 0, "1 RUNNING"),
        ({"runs": {"b": "FINISHED", "c": "FINISHED"}}, 0, "RUNNING became FINISHED"),
        ({"intents": 1}, 0, "1 intent"),
        ({"pending": 2}, 0, "2 PENDING"),
        ({"unfinished": (".mlflow.db.unfinished",)}, 0, ".mlflow.db.unfinished"),
        ({"faults": ("twin: gone",)}, 0, "twin: gone"),
    ],
)
def test_what_a_kill_must_not_leave(change: dict[str, object], status: int, told: str) -> None:
    killed = replace(BEFORE, runs=BEFORE.runs | {"b": "RUNNING"})
    runs = {"b": "KILLED", "c": "FINISHED"}
    after = replace(BEFORE, runs=runs, versions={"1": "a", "2": "c"}, champion="2")
    faults = bench_kills.judge(BEFORE, killed, replace(after, **change), status)
    assert any(told in fault for fault in faults)


def test_a_lost_champion_is_a_fault() -> None:
    lost = replace(BEFORE, champion=None)
    after = replace(BEFORE, versions={"1": "a", "2": "c"}, champion="2")
    assert any("neither" in fault for fault in bench_kills.judge(BEFORE, lost, after, 0))


def test_first_runs_need_one_champion() -> None:
    runs = dict.fromkeys("abcd", "FINISHED")
    state = replace(NOTHING, runs=runs, versions={"1": "a"}, champion="1")
    awards = Counter(champion=1, refused=3)
    assert bench_first_runs.judge([0] * 4, awards, state) == []
    assert bench_first_runs.judge([0, 0, 1, 0], awards, state)
    assert bench_first_runs.judge([0] * 4, Counter(champion=2, refused=2), state)
    assert bench_first_runs.judge([0] * 4, awards, replace(state, champion=None))
    assert bench_first_runs.judge([0] * 4, awards, replace(state, runs={"a": "FINISHED"}))


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("cabin", ["spending"]),
        ("child", ["cabin", "spending", "child"]),
        ("fill_planet", ["fill_planet", "cabin", "spending"]),
    ],
)
def test_a_block_is_left_out_or_added_where_it_belongs(name: str, blocks: list[str]) -> None:
    assert ablate.changed(["cabin", "spending"], name) == blocks


def fold(loss: float, *, right: bool = True) -> dict[str, object]:
    chances = [0.75, 0.25, 0.75, 0.25]
    figures = dict.fromkeys(bench_accuracy.METRICS, loss)
    truth = [True, False, True, False] if right else [False, True, False, True]
    return {**figures, "seconds": 1.0, "peak": 2.0, "truth": truth, "chances": chances}


def test_contestants_are_compared_fold_by_fold() -> None:
    mine = {"42/0": fold(0.3), "42/1": fold(0.5)}
    theirs = {"42/0": fold(0.4), "42/1": fold(0.7), "42/2": fold(9.0)}
    name, *cells = bench_accuracy.difference_row("other", mine, theirs)
    assert name == "other"
    assert cells[0] == "-0.1500 ± 0.0500"


def test_calibration_is_judged_on_all_folds_of_a_seed_together() -> None:
    half = {"42/0": fold(0.3), "42/1": fold(0.3, right=False)}
    assert bench_accuracy.pooled_ece({"42/0": fold(0.3)}) == pytest.approx(0.25)
    assert bench_accuracy.pooled_ece(half) == pytest.approx(0.25)
    assert bench_accuracy.needed(["blend", "flaml raw"]) == ["flaml"]
