"""The journal under its lock: what is written stays, whoever is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from filelock import Timeout
from optuna.storages.journal import JournalFileSymlinkLock

from hydra_plugins.spaceship_optuna._storage import open_storage

Open = Callable[[], optuna.Study]


def test_lock_of_a_killed_process_is_free_at_once(journal: Path, study: optuna.Study) -> None:
    hold = (
        "import sys, time; from hydra_plugins.spaceship_optuna._storage import open_storage;"
        "s = open_storage(sys.argv[1]); s._backend.lock.acquire(); print('held', flush=True);"
        "time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(journal)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    start = time.monotonic()
    study.set_user_attr("key", 1)
    assert time.monotonic() - start < 2


def test_lock_is_held_though_optunas_own_is_let_go(journal: Path, study: optuna.Study) -> None:
    storage: Any = study._storage
    lock = storage._backend.lock
    lock.acquire()
    theirs = JournalFileSymlinkLock(str(journal))
    theirs.acquire()
    theirs.release()
    other: Any = open_storage(str(journal))
    with pytest.raises(Timeout):
        other._backend.lock.acquire(timeout=0.1)
    lock.release()


def test_line_that_a_killed_process_left_unfinished_is_cut_off(
    journal: Path, study: optuna.Study
) -> None:
    study.set_user_attr("before", 1)
    with journal.open("a") as file:
        file.write('{"op_code":2,"wor')
    assert optuna.load_study(study_name="s", storage=open_storage(str(journal))).user_attrs
    study.set_user_attr("after", 2)
    fresh = optuna.load_study(study_name="s", storage=open_storage(str(journal)))
    assert fresh.user_attrs["before"] == 1
    assert fresh.user_attrs["after"] == 2


def test_entry_that_was_written_outlives_its_process(journal: Path, study: optuna.Study) -> None:
    write = (
        "import os, sys, optuna;"
        "from hydra_plugins.spaceship_optuna._storage import open_storage;"
        "study = optuna.load_study(study_name='s', storage=open_storage(sys.argv[1]));"
        "study.set_user_attr('last', 1); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", write, str(journal)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert study.user_attrs["last"] == 1
