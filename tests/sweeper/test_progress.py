"""What a watcher of a study shows, in a log and where there is no terminal."""

import io
import logging
import re
from pathlib import Path

import pytest

from hydra_plugins.spaceship_optuna._progress import Progress
from tests.sweeper.watched import QUICK, Terminal, finish, study_in, tune, wait_for

NAME = "hydra_plugins.spaceship_optuna._progress"


@pytest.fixture(autouse=True)
def _a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")


def test_a_log_gets_one_line_a_trial(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    study, stream = study_in(tmp_path), io.StringIO()
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=stream, every=QUICK):
        tune(study)
    lines = [re.sub(r"\d\.\d s$", "T s", one.getMessage()) for one in caplog.records]
    mine = [line for line, one in zip(lines, caplog.records, strict=True) if one.name == NAME]
    best = "best 0.37991 (catboost, trial 1)"
    assert mine == [
        "trial 0  lgbm  complete  0.50000  best 0.50000 (lgbm, trial 0)  1/6  T s",
        f"trial 1  catboost  complete  0.37991  {best}  2/6  T s",
        f"trial 2  lgbm  pruned  after step 1  {best}  3/6  T s",
        f"trial 3  failed  ValueError: no  {best}  4/6  T s",
        (
            f"4/6 trials  2 complete, 1 pruned, 1 failed  {best.replace('best', 'best value')}"
            "  in 00:00"
        ),
    ]
    assert stream.getvalue() == ""


def test_a_resumed_study_reports_only_what_is_new(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = study_in(tmp_path)
    tune(study)
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=io.StringIO()):
        finish(study, None, 0.2)
    first, last = (one.getMessage() for one in caplog.records if one.name == NAME)
    assert first.startswith("trial 5  complete  0.20000  best 0.20000 (trial 5)  5/6")
    assert last.startswith("5/6 trials  3 complete")


def test_several_objectives_show_values_and_the_front(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = study_in(tmp_path, directions=2)
    with caplog.at_level(logging.INFO, NAME), Progress(study, 3, stream=io.StringIO()):
        finish(study, None, 0.5, 0.1)
        finish(study, None, 0.4, 0.2)
        finish(study, None, 0.6, 0.3)
    lines = [one.getMessage() for one in caplog.records if one.name == NAME]
    assert lines[0].startswith("trial 0  complete  0.50000 / 0.10000  Pareto front: 1 trials  1/3")
    assert "Pareto front: 2 trials" in lines[1]
    assert "Pareto front: 2 trials" in lines[2]


def test_a_dumb_terminal_gets_log_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    study, stream = study_in(tmp_path), Terminal()
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=stream, every=QUICK):
        finish(study, None, 0.5)
    assert [one.getMessage()[:7] for one in caplog.records if one.name == NAME] == [
        "trial 0",
        "1/6 tri",
    ]
    assert stream.getvalue() == ""


def test_colours_forced_on_a_pipe_make_no_terminal_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.setenv(name, "1")
    study, stream = study_in(tmp_path), io.StringIO()
    with Progress(study, 6, stream=stream, every=QUICK):
        finish(study, None, 0.5)
    assert stream.getvalue() == ""


def test_a_storage_that_hiccups_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = study_in(tmp_path)
    tune(study)
    journal = tmp_path / "study.journal"
    away = journal.rename(tmp_path / "away")
    with (
        caplog.at_level(logging.DEBUG, NAME),
        Progress(study, 6, stream=io.StringIO(), every=QUICK),
    ):
        wait_for(lambda: "could not be read" in caplog.text)
        away.rename(journal)
        finish(study, None, 0.2)
    assert caplog.messages[-1].startswith("5/6 trials  3 complete")


def test_a_closed_stream_does_not_reach_the_sweep(tmp_path: Path) -> None:
    study, stream = study_in(tmp_path), Terminal()
    with Progress(study, 6, stream=stream, every=QUICK):
        stream.close()
        tune(study)
    assert len(study.trials) == 5
