"""Machine output: one object on standard output whatever happens, and nothing else there."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import forks
from tests.commands import ROOT, Shell
from tests.machine_output import object_of

PROGRAM = """
import ctypes, logging, os, signal, subprocess, sys, time, warnings
from dataclasses import dataclass
from spaceship.cli.machine_output import open_machine_output
from spaceship.cli.main import exit_with
from spaceship.cli.signals import catch_signals
from spaceship.cli.streams import escape_log_records, open_streams
from spaceship.errors import *
from spaceship.results import COMMAND, Result, report_result

@dataclass(frozen=True)
class Scores(Result):
    loss: float
    more: object = None

class Odd:
    def __repr__(self):
        raise ValueError("no words for it")

def work():
    escape_log_records()
    {work}

catch_signals()
open_streams()
open_machine_output()
exit_with(work)
"""
LOUD = """
    print("printed")
    os.write(1, b"written\\n")
    ctypes.CDLL(None).puts(b"put by C")
    ctypes.CDLL(None).fflush(None)
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    logging.getLogger("spaceship.model").warning("3 rows are odd")
    logging.getLogger("other").warning("not ours")
"""
FORKED = """
    child = os.fork()
    if child:
        os.waitpid(child, 0)
"""


def program(work: str, *words: str) -> list[str]:
    text = PROGRAM.format(work=work.strip())
    return [sys.executable, "-c", text, *(words or ("mode=pp", "output=json"))]


def run(work: str, *words: str) -> forks.Done:
    return forks.run(program(work, *words), ROOT)


def test_all_that_is_printed_goes_to_stderr() -> None:
    done = run(LOUD)
    found = object_of(done)
    assert found["outcome"] == "done"
    assert found["mode"] == "pp"
    assert found["warnings"] == ["3 rows are odd"]
    for line in ("printed", "written", "put by C", "from a child", "not ours"):
        assert line in done.stderr.splitlines()


def test_without_json_standard_output_stays() -> None:
    assert run(LOUD, "mode=pp", "output=json", "output=text").stdout.startswith("printed\n")


@pytest.mark.parametrize(
    ("work", "status", "outcome", "kind"),
    [
        ("1 / 0", 1, "error", "ZeroDivisionError"),
        ("raise DataError(expected('a', 'b; c', 'd; e'))", 2, "error", "DataError"),
        ("raise RefusedError(expected('a', 'b; c', 'd; e'))", 3, "refused", "RefusedError"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)", 143, "interrupted", "SIGTERM"),
        ("signal.raise_signal(signal.SIGINT)", 130, "interrupted", "SIGINT"),
        ("sys.exit(2)", 2, "error", "SystemExit"),
    ],
)
def test_every_end_has_its_object(work: str, status: int, outcome: str, kind: str) -> None:
    done = run(work)
    found = object_of(done)
    assert (done.returncode, found["outcome"], found["error"]["kind"]) == (status, outcome, kind)
    assert ("Traceback" in done.stderr) == (status == 1)
    if "expected" in work:
        parts = [found["error"][name] for name in ("expected", "found", "do")]
        assert parts == ["a", "b; c", "d; e"]


def test_a_result_that_is_reported_before_a_crash_is_there() -> None:
    found = object_of(run("report_result(Scores(float('nan'))); 1 / 0", "mode=mine", "output=json"))
    assert found["result"] == {"loss": None, "more": None}
    assert found["error"]["message"] == "division by zero"


def test_a_result_may_hold_values_of_libraries() -> None:
    work = (
        "import numpy as np; report_result(Scores(np.float32(0.5), {'n': np.int64(3), 'o': int}))"
    )
    found = object_of(run(work, "mode=mine", "output=json"))
    assert found["result"] == {"loss": 0.5, "more": {"n": 3, "o": "<class 'int'>"}}


def test_a_result_that_cannot_be_written_is_null_and_an_error() -> None:
    done = run("report_result(Scores(0.5, Odd()))", "mode=mine", "output=json")
    found = object_of(done)
    assert (done.returncode, found["outcome"], found["result"]) == (1, "error", None)
    assert "no words for it" in found["error"]["message"]
    assert "Traceback" in done.stderr


def test_a_forked_child_writes_no_object() -> None:
    assert object_of(run(FORKED))["status"] == 0


def test_passwords_are_hidden() -> None:
    done = run("raise DataError('no answer from postgresql://me:s3cret@host/db')")
    assert object_of(done)["error"]["message"] == "no answer from postgresql://me:***@host/db"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "status"), [(">&-", 2), ("> /dev/full", 2), ("| true; exit ${PIPESTATUS[0]}", 141)]
)
def test_status_if_standard_output_takes_nothing(target: str, status: int) -> None:
    script = f'"$@" {target}'
    command = ["bash", "-c", script, "bash", *program("time.sleep(0.2)")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_a_lost_stderr_does_not_end_the_work() -> None:
    work = "os.close(2); os.close(1); print('lost'); sys.stdout.flush()"
    assert object_of(run(work))["status"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--version"], "spaceship "),
        (["--keys", "serve"], "port: "),
        (["--cfg", "job"], "seed: 42"),
    ],
)
def test_text_of_a_flag_is_the_result(words: list[str], said: str, shell: Shell) -> None:
    found = object_of(shell(*words, "output=json"))
    assert found["mode"] is None
    assert said in found["result"]["text"]


@pytest.mark.parametrize(
    ("words", "suggested"),
    [
        (["mode=trian"], "mode=train output=json"),
        (["mode=train", "sede=3"], "mode=train seed=3 output=json"),
        (["mode=train", "--mulitrun"], "mode=train --multirun output=json"),
        (["mode=train", "calibration=isotonc"], "mode=train calibration=isotonic output=json"),
        (["model={a"], None),
        (["--experimental-rerun", "x"], None),
    ],
)
def test_errors_before_the_job_suggest_a_command(
    words: list[str], suggested: str | None, shell: Shell
) -> None:
    done = shell(*words, "output=json")
    error = object_of(done)["error"]
    assert (done.returncode, error["kind"]) == (2, "ConfigError")
    assert error["message"].split("\n")[0][:40] in done.stderr
    if suggested:
        assert f" {suggested} " in error["suggestions"][0]


def test_no_command_that_moves_a_file_is_suggested(tmp_path: Path, shell: Shell) -> None:
    (tmp_path / "tain.csv").write_text("a,b\n1,2\n")
    found = object_of(shell("data=local", f"data.train={tmp_path}/train.csv", "output=json"))
    assert "mv " in found["error"]["message"]
    assert found["error"]["suggestions"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("mode=show", "RegistryError"),
        ("mode=show run=nobody", "ConfigError"),
        ("mode=report", "RegistryError"),
        ("mode=explain row=1", "NoChampionError"),
        ("mode=rollback", "RegistryError"),
        ("mode=inference", "NoChampionError"),
        ("task=churn", "ConfigError"),
        ("report", "ConfigError"),
    ],
)
def test_commands_of_errors_are_suggestions(line: str, kind: str, shell: Shell) -> None:
    error = object_of(shell(*line.split(), "output=json"))["error"]  # which compares them
    assert (error["kind"], "python" in error["message"]) == (kind, bool(error["suggestions"]))


def test_a_yaml_cannot_choose_json(shell: Shell) -> None:
    local = shell.outputs.parent / "configs" / "local"
    local.mkdir(parents=True)
    (local / "default.yaml").write_text("# @package _global_\noutput: json\n")
    done = shell("mode=history")
    assert done.returncode == 2
    assert "expected output=json on the command line, found it in a YAML file" in done.stderr
    assert object_of(shell("mode=history", "output=json"))["result"]["champion"] is None
