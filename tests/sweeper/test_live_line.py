"""The live line that a watcher of a study keeps on a terminal."""

import logging
import re
import sys
import threading
import time
from pathlib import Path

import pytest

from hydra_plugins.spaceship_optuna._hooks import StudyTerms
from hydra_plugins.spaceship_optuna._live_line import clock
from hydra_plugins.spaceship_optuna._progress import Progress
from tests.sweeper.watched import LOSS, QUICK, Terminal, finish, study_in, tune, wait_for


@pytest.fixture(autouse=True)
def _a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")


def test_a_terminal_gets_a_live_line_and_keeps_each_new_best(tmp_path: Path) -> None:
    study, stream = study_in(tmp_path), Terminal()
    with Progress(study, 6, LOSS, stream=stream, every=QUICK):
        tune(study)
        wait_for(lambda: re.search(r"4/6 trials.*\)  \d", stream.lines()[-1]) is not None)
        live = stream.lines()[-1]
    assert re.fullmatch(
        r". ━{6}╌{4} 4/6 trials  2 complete, 1 pruned, 1 failed  best cv_log_loss 0\.37991 "
        r"\(catboost, trial 1\)  \d\d:\d\d  \d\d:\d\d left",
        live,
    )
    assert stream.lines() == [
        "trial 0  lgbm  best cv_log_loss yet 0.50000",
        "trial 1  catboost  best cv_log_loss yet 0.37991",
        (
            "4/6 trials  2 complete, 1 pruned, 1 failed  "
            "best cv_log_loss 0.37991 (catboost, trial 1)  in 00:00"
        ),
        "",
    ]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (120, "0/20 trials  trial 0 (catboost): fold 3 of 5, log_loss 0.41235  00:00  01:00 left"),
        (80, "0/20 trials  catboost: fold 3 of 5, log_loss 0.41235  01:00 left"),
        (70, "0/20 trials  catboost: fold 3/5, 0.41235  01:00 left"),
        (40, "0/20 trials  01:00 left"),
    ],
)
def test_before_the_first_result_the_line_has_the_running_trial(
    columns: int, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    study, stream = study_in(tmp_path), Terminal()
    terms = StudyTerms(n_steps=5, step="fold")
    with Progress(study, 20, LOSS, terms, timeout=60, stream=stream, every=QUICK):
        wait_for(lambda: "0/20 trials" in stream.lines()[-1])
        assert "the first trial starts" in stream.getvalue() or columns < 60
        trial = study.ask()
        trial.suggest_categorical("candidate", ["catboost"])
        for step, loss in enumerate((0.43, 0.412354)):
            trial.report(loss, step)
        wait_for(lambda: shown in stream.lines()[-1])
        assert len(stream.lines()[-1]) <= columns


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (130, "4/6 trials  2 complete, 1 pruned, 1 failed  best value 0.37991 (catboost, trial 1)"),
        (80, "4/6 trials  best value 0.37991 (catboost, trial 1)  --:-- left"),
        (70, "4/6 trials  best 0.37991 (catboost, trial 1)  --:-- left"),
        (40, "4/6 trials  --:-- left"),
        (20, "4/6 tr…"),
    ],
)
def test_the_live_line_has_what_fits(
    columns: int, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    study, stream = study_in(tmp_path), Terminal()
    tune(study)
    with Progress(study, 6, stream=stream, every=QUICK):
        wait_for(lambda: "4/6" in stream.lines()[-1])
        assert shown in stream.lines()[-1]
        assert len(stream.lines()[-1]) <= columns


def test_the_time_left_never_grows_and_stays_within_the_timeout(tmp_path: Path) -> None:
    study, stream = study_in(tmp_path), Terminal()
    with Progress(study, 200, timeout=9, stream=stream, every=QUICK):
        for seconds in (0.0, 0.0, 0.0, 0.1, 0.5, 0.1, 1.0):  # ever slower, as deeper trees are
            time.sleep(seconds)
            finish(study, None, 0.5)
            time.sleep(2 * QUICK)
    left = [int(one) for one in re.findall(r"00:(\d\d) left", stream.getvalue())]
    assert left[0] == 9
    assert left == sorted(left, reverse=True)
    assert left[-1] < 8


def test_log_lines_and_prints_find_an_empty_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, stream = study_in(tmp_path), Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    logger, handler = logging.getLogger("a.task"), logging.StreamHandler(stream)
    logger.addHandler(handler)
    with Progress(study, 6, every=QUICK):
        for number in range(3):
            wait_for(lambda: "0/6" in stream.lines()[-1])
            logger.warning("fold %d of [red]%s", number, "x" * 300)
        print("and a print")  # noqa: T201
        own = logging.StreamHandler()  # as Hydra makes one for each job
        own.setStream(sys.stdout)
        logger.addHandler(own)
    logger.warning("afterwards")
    logger.removeHandler(handler)
    logger.removeHandler(own)
    lines = [f"fold {number} of [red]{'x' * 300}" for number in range(3)]
    assert stream.lines()[:4] == [*lines, "and a print"]
    assert stream.lines()[-3:] == ["afterwards", "afterwards", ""]
    assert handler.stream is own.stream is sys.stdout is stream


def test_an_error_goes_on_and_the_thread_ends(tmp_path: Path) -> None:
    study, stream = study_in(tmp_path), Terminal()
    with pytest.raises(KeyboardInterrupt), Progress(study, 6, stream=stream):
        raise KeyboardInterrupt
    assert stream.lines() == ["0/6 trials  none finished  no best value yet  in 00:00", ""]
    assert "progress" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "--:--"), (0.4, "00:00"), (61, "01:01"), (3725, "1:02:05")]
)
def test_clock(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text
