"""A run's process is told from any other, also from one that got its number later."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hydra_plugins.spaceship_optuna import process as identity
from hydra_plugins.spaceship_optuna.process import (
    is_here,
    is_orphan,
    is_others,
    is_own,
    process_id,
    process_tags,
    uninterrupted,
)

TELLS_AND_WAITS = """
import json
from hydra_plugins.spaceship_optuna.process import is_own, process_tags
tags = process_tags()
print(json.dumps([is_own(tags), tags]), flush=True)
input()
"""
NAMESPACES = (("--mount-proc",), ())  # with a /proc of its own, and with the outer one
OWN_START = json.loads(process_tags()["spaceship.process"])[1]


def numbered(pid: int, start: float | None = OWN_START) -> dict[str, str]:
    return process_tags() | {"spaceship.process": json.dumps([pid, start])}


def test_a_living_process_owns_its_runs() -> None:
    assert not is_orphan(process_tags())
    assert is_own(process_tags())
    assert process_tags() == process_tags()


def test_another_process_of_the_same_number_does_not() -> None:
    other = numbered(os.getpid(), OWN_START - 1)
    assert is_orphan(other)
    assert not is_own(other)
    assert not is_own(numbered(os.getppid()))
    assert not is_own({})


def test_neither_a_set_clock_nor_a_new_host_name_changes_who_a_process_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = process_tags()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr("psutil.boot_time", lambda: 7200.0)
    monkeypatch.setattr("socket.gethostname", lambda: "renamed")
    assert is_own(before)
    assert not is_orphan(before)
    assert process_tags() | {"spaceship.host": ""} == before | {"spaceship.host": ""}


@pytest.mark.parametrize("reaped", [False, True])
def test_a_killed_process_owns_nothing_even_while_its_parent_has_not_noticed(
    *, reaped: bool
) -> None:
    command = [sys.executable, "-c", TELLS_AND_WAITS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        own, tags = told(process)
        assert own
        assert not is_orphan(tags)
        assert not is_others(tags), "a child of this process"
        process.kill()
        if reaped:
            process.wait()
        else:
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_orphan(tags)


@pytest.mark.parametrize("options", NAMESPACES)
def test_a_live_job_of_a_container_with_the_same_host_name_is_not_taken_for_dead(
    options: tuple[str, ...],
) -> None:
    unshare = ["unshare", "--pid", "--fork", "--kill-child", *options]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no PID namespace may be made here")
    command = [*unshare, sys.executable, "-c", TELLS_AND_WAITS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        own, tags = told(process)
        assert own, "it knows itself"
        assert tags["spaceship.host"] == process_tags()["spaceship.host"]
        assert not is_here(tags)
        assert not is_orphan(tags)
        assert is_others(tags)
        process.kill()
    assert not is_orphan(tags), "its end cannot be seen either"


def test_other_boots_and_runs_of_other_tools_are_left_alone() -> None:
    gone = numbered(2**22 + 1)
    assert is_orphan(gone)
    assert not is_orphan(gone | {"spaceship.place": "another boot"})
    assert not is_orphan({"spaceship.host": gone["spaceship.host"]})
    assert not is_orphan({})


def test_tags_of_earlier_releases_are_read_and_their_processes_not_taken_for_dead() -> None:
    host = process_tags()["spaceship.host"]
    old = {"spaceship.host": host, "spaceship.process": "[4194305, 1700000000.0]"}
    assert process_id(old) == 4194305
    assert not is_here(old)
    assert not is_orphan(old)
    assert not is_own(old)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '["a", "b"]', "[-1, 0]", "[1e30, 0]"])
def test_tags_that_name_no_process_break_nothing(text: str) -> None:
    tags = process_tags() | {"spaceship.process": text}
    assert not is_own(tags)
    assert is_orphan(tags) == (text == "[1e30, 0]"), "no process has such a number"


def test_a_process_that_is_hidden_from_this_account_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hidden(_: int, __: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", hidden)
    assert not is_orphan(numbered(2**22 + 1))


def test_without_proc_the_kernel_s_own_times_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(identity, "PROC", tmp_path)
    tags = process_tags()
    assert tags["spaceship.place"] == tags["spaceship.host"]
    assert is_own(tags)
    pid, start = json.loads(tags["spaceship.process"])
    assert is_orphan(tags | {"spaceship.process": json.dumps([pid, start - 1])})
    assert is_orphan(tags | {"spaceship.process": json.dumps([2**22 + 1, start])})


def told(process: subprocess.Popen[str]) -> tuple[bool, dict[str, str]]:
    """Return whether a process knows its own tags, and the tags."""
    assert process.stdout is not None
    own, tags = json.loads(process.stdout.readline())
    return own, tags


@pytest.mark.parametrize("fails", [False, True])
def test_an_interruption_waits_for_the_end_of_what_must_be_whole(*, fails: bool) -> None:
    done = []

    @uninterrupted()
    def whole() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        done.append("inner")
        if fails:
            raise ValueError

    with pytest.raises(KeyboardInterrupt):
        whole()
    assert done == ["inner"]


def test_threads_are_never_interrupted_and_may_say_so() -> None:
    seen = []

    def work() -> None:
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
