"""A run's process is told from any other, also from one that got its number later."""

import json
import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from hydra_plugins.spaceship_optuna.process import is_orphan, is_own, process_tags, uninterrupted


def test_a_living_process_owns_its_runs() -> None:
    assert not is_orphan(process_tags())


def test_another_process_of_the_same_number_does_not() -> None:
    tags = process_tags()
    pid, created = json.loads(tags["spaceship.process"])
    assert is_orphan(tags | {"spaceship.process": json.dumps([pid, created - 60])})
    assert not is_orphan(tags | {"spaceship.process": json.dumps([pid, created - 1])})


def test_a_process_knows_its_own_runs_though_the_clock_was_set() -> None:
    tags = process_tags()
    pid, created = json.loads(tags["spaceship.process"])
    parent = json.dumps([os.getppid(), psutil.Process(os.getppid()).create_time()])
    assert is_own(tags | {"spaceship.process": json.dumps([pid, created - 1])})
    assert not is_own(tags | {"spaceship.process": json.dumps([pid, created - 60])})
    assert not is_own(tags | {"spaceship.process": parent})
    assert not is_own(tags | {"spaceship.host": "elsewhere"})
    assert not is_own({})


@pytest.mark.parametrize("reaped", [False, True])
def test_a_killed_process_owns_nothing_even_while_its_parent_has_not_noticed(
    *, reaped: bool
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = [process.pid, psutil.Process(process.pid).create_time()]
        tags = process_tags() | {"spaceship.process": json.dumps(identity)}
        assert not is_orphan(tags)
        process.kill()
        if reaped:
            process.wait()
        else:
            _wait_until_dead(process.pid)
        assert is_orphan(tags)


def test_other_machines_and_runs_of_other_tools_are_left_alone() -> None:
    tags = process_tags() | {"spaceship.process": json.dumps([2**22 + 1, 0.0])}
    assert is_orphan(tags)
    assert not is_orphan(tags | {"spaceship.host": "elsewhere"})
    assert not is_orphan({"spaceship.host": tags["spaceship.host"]})
    assert not is_orphan({})


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


def _wait_until_dead(pid: int) -> None:
    while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        pass


def test_threads_are_never_interrupted_and_may_say_so() -> None:
    seen = []

    def work() -> None:
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
