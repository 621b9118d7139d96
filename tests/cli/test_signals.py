"""Signals: one is raised once, an exception that Python drops comes again, nohup is respected."""

import subprocess
import sys

import pytest

from hydra_plugins.spaceship_optuna.process import ENDING_SIGNALS
from spaceship.cli.signals import ending_signals

PROGRAM = """
import os, signal, sys, time
from spaceship.cli.main import exit_with
from spaceship.cli.signals import catch_signals
{before}
catch_signals()

def work():
{work}

exit_with(work)
"""
DROPPED = """
    class Closed:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)
    Closed()
    time.sleep(30)
"""
TURNED = """
    try:
        os.kill(os.getpid(), signal.SIGQUIT)
        time.sleep(1)
    except BaseException:
        raise ImportError("a library failed") from None
"""
CLEARING_UP = """
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(1)
    finally:
        for _ in range(8):
            os.kill(os.getpid(), signal.SIGINT)
        print("cleared up")
"""
SURVIVED = """
    os.kill(os.getpid(), signal.SIGHUP)
    print("still there")
"""


def run(work: str, before: str = "") -> "subprocess.CompletedProcess[str]":
    program = PROGRAM.format(work=work, before=before)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "before", "status", "said"),
    [
        (DROPPED, "", 143, ""),
        (TURNED, "", 131, ""),
        (CLEARING_UP, "", 129, "cleared up\n"),
        (SURVIVED, "signal.signal(signal.SIGHUP, signal.SIG_IGN)", 0, "still there\n"),
    ],
)
def test_a_signal_ends_a_command_once_and_without_a_traceback(
    work: str, before: str, status: int, said: str
) -> None:
    done = run(work, before)
    assert (done.returncode, done.stdout, done.stderr) == (status, said, "")


def test_writes_are_protected_from_every_signal_that_ends_a_command() -> None:
    assert ending_signals() == ENDING_SIGNALS
