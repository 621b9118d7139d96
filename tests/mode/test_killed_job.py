"""Jobs that are ended half-way, and jobs that start at once: nothing is left to clean up."""

import signal
import time
from pathlib import Path

import pytest

from tests.commands import QUICK, QUICK_MODEL, Keep, Shell
from tests.forks import Fork

pytestmark = pytest.mark.slow
SLOW = (*QUICK, "model=svm", "data.n_groups=20000")


@pytest.mark.parametrize(
    ("number", "times", "status"),
    [
        (signal.SIGTERM, 1, 143),
        (signal.SIGHUP, 1, 129),
        (signal.SIGQUIT, 1, 131),
        (signal.SIGINT, 8, 130),
    ],
)
def test_a_signal_ends_the_run_as_killed(
    shell: Shell, processes: Keep, number: int, times: int, status: int
) -> None:
    process = processes(shell.start("mode=train", *SLOW))
    _wait_for(process, "Cross-validation")
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.1)
    lines = process.communicate(timeout=60)[0].splitlines()
    assert process.returncode == status
    said = [line for line in lines if not line.startswith("Checked data")]
    assert said == (["Interrupted."] if number == signal.SIGINT else [])
    assert [run.info.status for run in shell.runs()] == ["KILLED"]


REPORT = "report.of_jobs=true"


def test_an_interruption_of_the_report_leaves_the_champions_run_finished(
    shell: Shell, processes: Keep
) -> None:
    process = processes(shell.start("mode=train", *QUICK, QUICK_MODEL, REPORT))
    _wait_for(process, "Writing the report")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert [run.info.status for run in shell.runs()] == ["FINISHED"]
    assert shell.champion() == "1"


def test_a_reader_that_goes_away_ends_the_run_as_killed(shell: Shell, processes: Keep) -> None:
    process = processes(shell.start("mode=train", *SLOW, "features=baseline"))
    _wait_for(process, "Cross-validation")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 141
    assert [run.info.status for run in shell.runs()] == ["KILLED"]


def test_sigkill_leaves_nothing_to_clean_up(shell: Shell, processes: Keep) -> None:
    process = processes(shell.start("mode=train", *QUICK, QUICK_MODEL))
    _wait_for(process, "Cross-validation")
    process.kill()
    process.wait(60)
    assert [run.info.status for run in shell.runs()] == ["RUNNING"]
    assert shell("mode=train", *QUICK, QUICK_MODEL).returncode == 0
    assert sorted(run.info.status for run in shell.runs()) == ["FINISHED", "KILLED"]
    assert shell.champion() == "1"


def test_four_first_runs_at_once(tmp_path: Path, processes: Keep) -> None:
    shell = Shell(tmp_path / "outputs")
    started = [processes(shell.start(*QUICK, QUICK_MODEL)) for _ in range(4)]
    told = [process.communicate(timeout=300)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4, told
    assert {run.info.status for run in shell.runs()} == {"FINISHED"}
    awards = [verdict["award"] for verdict in shell.verdicts()]
    assert sorted(awards) == ["champion", "refused", "refused", "refused"]
    assert shell.champion() == "1"


def _wait_for(process: Fork, text: str) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + 120
    for line in process.stdout:
        if text in line:
            return
        assert time.monotonic() < deadline
    pytest.fail(f"the process ended without saying {text!r}")
