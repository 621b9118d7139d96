"""What a watcher of a study shows, on a terminal and in a log."""

import io
import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from hydra_plugins.spaceship_optuna._hooks import Objective, StudyTerms
from hydra_plugins.spaceship_optuna._live_line import clock
from hydra_plugins.spaceship_optuna._progress import Progress
from tests.screen import lines_of

NAME = "hydra_plugins.spaceship_optuna._progress"
QUICK = 0.01
LOSS = Objective("cv_log_loss", step_metric="log_loss")


class Terminal(io.StringIO):
    """Text stream that claims to be a terminal, and shows the screen one would show."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Return the lines on the screen."""
        return lines_of(self.getvalue())


@pytest.fixture(autouse=True)
def _a_real_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")


def _study(folder: Path, directions: int = 1) -> optuna.Study:
    backend = JournalFileBackend(str(folder / "study.journal"))
    storage = optuna.storages.JournalStorage(backend)
    return optuna.create_study(storage=storage, directions=["minimize"] * directions)


def _finish(study: optuna.Study, label: str | None, *values: float) -> None:
    trial = study.ask()
    if label:
        trial.suggest_categorical("candidate", ["lgbm", "catboost"])
    study.tell(trial, list(values))


def _tune(study: optuna.Study) -> None:
    """Finish five trials, of which one is void."""
    for label in ("lgbm", "catboost", "lgbm", "catboost", "lgbm"):
        study.enqueue_trial({"candidate": label})
    _finish(study, "lgbm", 0.5)
    _finish(study, "catboost", 0.379914)
    pruned, failed = study.ask(), study.ask()
    pruned.suggest_categorical("candidate", ["lgbm", "catboost"])
    pruned.report(0.7, 0)
    study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    failed.set_user_attr("error", "ValueError: no\nsecond line")
    study.tell(failed, state=optuna.trial.TrialState.FAIL)
    void = study.ask()
    void.set_user_attr("void", "its worker died")
    study.tell(void, state=optuna.trial.TrialState.FAIL)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_log_gets_one_line_a_trial(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    study, stream = _study(tmp_path), io.StringIO()
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=stream, every=QUICK):
        _tune(study)
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
    study = _study(tmp_path)
    _tune(study)
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=io.StringIO()):
        _finish(study, None, 0.2)
    first, last = (one.getMessage() for one in caplog.records if one.name == NAME)
    assert first.startswith("trial 5  complete  0.20000  best 0.20000 (trial 5)  5/6")
    assert last.startswith("5/6 trials  3 complete")


def test_several_objectives_show_values_and_the_front(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = _study(tmp_path, directions=2)
    with caplog.at_level(logging.INFO, NAME), Progress(study, 3, stream=io.StringIO()):
        _finish(study, None, 0.5, 0.1)
        _finish(study, None, 0.4, 0.2)
        _finish(study, None, 0.6, 0.3)
    lines = [one.getMessage() for one in caplog.records if one.name == NAME]
    assert lines[0].startswith("trial 0  complete  0.50000 / 0.10000  Pareto front: 1 trials  1/3")
    assert "Pareto front: 2 trials" in lines[1]
    assert "Pareto front: 2 trials" in lines[2]


def test_a_terminal_gets_a_live_line_and_keeps_each_new_best(tmp_path: Path) -> None:
    study, stream = _study(tmp_path), Terminal()
    with Progress(study, 6, LOSS, stream=stream, every=QUICK):
        _tune(study)
        _wait_for(lambda: re.search(r"4/6 trials.*\)  \d", stream.lines()[-1]) is not None)
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
    study, stream = _study(tmp_path), Terminal()
    terms = StudyTerms(n_steps=5, step="fold")
    with Progress(study, 20, LOSS, terms, timeout=60, stream=stream, every=QUICK):
        _wait_for(lambda: "0/20 trials" in stream.lines()[-1])
        assert "the first trial starts" in stream.getvalue() or columns < 60
        trial = study.ask()
        trial.suggest_categorical("candidate", ["catboost"])
        for step, loss in enumerate((0.43, 0.412354)):
            trial.report(loss, step)
        _wait_for(lambda: shown in stream.lines()[-1])
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
    study, stream = _study(tmp_path), Terminal()
    _tune(study)
    with Progress(study, 6, stream=stream, every=QUICK):
        _wait_for(lambda: "4/6" in stream.lines()[-1])
        assert shown in stream.lines()[-1]
        assert len(stream.lines()[-1]) <= columns


def test_the_time_left_never_grows_and_stays_within_the_timeout(tmp_path: Path) -> None:
    study, stream = _study(tmp_path), Terminal()
    with Progress(study, 200, timeout=9, stream=stream, every=QUICK):
        for seconds in (0.0, 0.0, 0.0, 0.1, 0.5, 0.1, 1.0):  # ever slower, as deeper trees are
            time.sleep(seconds)
            _finish(study, None, 0.5)
            time.sleep(2 * QUICK)
    left = [int(one) for one in re.findall(r"00:(\d\d) left", stream.getvalue())]
    assert left[0] == 9
    assert left == sorted(left, reverse=True)
    assert left[-1] < 8


def test_log_lines_and_prints_find_an_empty_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, stream = _study(tmp_path), Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    logger, handler = logging.getLogger("a.task"), logging.StreamHandler(stream)
    logger.addHandler(handler)
    with Progress(study, 6, every=QUICK):
        for number in range(3):
            _wait_for(lambda: "0/6" in stream.lines()[-1])
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


def test_a_dumb_terminal_gets_log_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    study, stream = _study(tmp_path), Terminal()
    with caplog.at_level(logging.INFO, NAME), Progress(study, 6, stream=stream, every=QUICK):
        _finish(study, None, 0.5)
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
    study, stream = _study(tmp_path), io.StringIO()
    with Progress(study, 6, stream=stream, every=QUICK):
        _finish(study, None, 0.5)
    assert stream.getvalue() == ""


def test_a_storage_that_hiccups_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = _study(tmp_path)
    _tune(study)
    journal = tmp_path / "study.journal"
    away = journal.rename(tmp_path / "away")
    with (
        caplog.at_level(logging.DEBUG, NAME),
        Progress(study, 6, stream=io.StringIO(), every=QUICK),
    ):
        _wait_for(lambda: "could not be read" in caplog.text)
        away.rename(journal)
        _finish(study, None, 0.2)
    assert caplog.messages[-1].startswith("5/6 trials  3 complete")


def test_a_closed_stream_does_not_reach_the_sweep(tmp_path: Path) -> None:
    study, stream = _study(tmp_path), Terminal()
    with Progress(study, 6, stream=stream, every=QUICK):
        stream.close()
        _tune(study)
    assert len(study.trials) == 5


def test_an_error_goes_on_and_the_thread_ends(tmp_path: Path) -> None:
    study, stream = _study(tmp_path), Terminal()
    with pytest.raises(KeyboardInterrupt), Progress(study, 6, stream=stream):
        raise KeyboardInterrupt
    assert stream.lines() == ["0/6 trials  none finished  no best value yet  in 00:00", ""]
    assert "progress" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "--:--"), (0.4, "00:00"), (61, "01:01"), (3725, "1:02:05")]
)
def test_clock(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text
