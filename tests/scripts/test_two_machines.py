"""One stack, one study and one registry, used by two machines; one of them is killed."""

import json
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import NamedTuple

import pytest

from scripts import servers
from tests.commands import QUICK, QUICK_MODEL, ROOT, SUBMISSION
from tests.machines import Machine

pytestmark = pytest.mark.slow
N_TRIALS = 12
SWEEP = [
    *("-m", "hydra/sweeper=optuna", "mode=train", QUICK_MODEL, "gate=off"),
    *("hydra/sweeper/pruner=nop", f"hydra.sweeper.n_trials={N_TRIALS}"),
    *("hydra.sweeper.study_name=shared", "model.estimator.C=tag(log,interval(0.001,100))"),
]
STATES = "SELECT state, count(*) FROM trials GROUP BY state"
OWNED = """SELECT state, count(*) FROM trials JOIN trial_user_attributes USING (trial_id)
WHERE key = 'owner' AND value_json LIKE '%machine-b%' GROUP BY state"""
REPLACED = "SELECT value_json, count(*) FROM trial_user_attributes WHERE key = 'void' GROUP BY 1"
RUNS = "SELECT status, count(*) FROM runs GROUP BY status"
OPEN = """SELECT 'open', count(*) FROM pg_stat_activity
WHERE state LIKE 'idle in transaction%' AND xact_start < now() - interval '5 seconds'"""


class Pair(NamedTuple):
    """Two machines; the stack runs on the first."""

    a: Machine
    b: Machine
    stack: Path

    def command(self, machine: Machine, *arguments: str) -> list[str]:
        """Return a command of the project, as a user of the stack types it on a machine."""
        own = [f"paths.outputs={machine.folder}/outputs", "tracking=server", *QUICK]
        line = shlex.join([sys.executable, str(ROOT / "scripts" / "run.py"), *arguments, *own])
        files = f". {machine.folder}/env; export PGPASSFILE={machine.folder}/clients.pgpass"
        return ["sh", "-c", f"{files}; exec {line}"]

    def sweep(self, machine: Machine) -> list[str]:
        """Return the command by which any machine works at the study."""
        *words, line = self.command(machine, *SWEEP)
        return [*words, f'{line} hydra.sweeper.storage="$SPACESHIP_STUDIES"']

    def done(self, machine: Machine, *arguments: str) -> str:
        """Run a command of the project on a machine; return what it prints."""
        status, told = machine.run(*self.command(machine, *arguments))
        assert status == 0, told
        return told

    def ask(self, query: str, database: str = "studies") -> dict[str, int]:
        """Return the counts that a query gives, by name."""
        file = "clients.pgpass" if database == "studies" else "server.pgpass"
        psql = [str(servers.programs()) + "/psql", "--quiet", "--tuples-only", "--no-align"]
        url = f"postgresql://{database}@127.0.0.1:5433/{database}"
        told = self.a.run(*psql, url, "-c", query, PGPASSFILE=str(self.stack / file))[1]
        rows = (line.rpartition("|") for line in told.splitlines())
        return {name: int(count) for name, _, count in rows if count.isdigit()}


def machine_b(folder: Path) -> Machine:
    """Start the second machine, or start it again on its disk."""
    machine = Machine("machine-b", "10.77.0.2", folder / "b")
    for others in ("a", "stack"):
        assert machine.run("mount", "-t", "tmpfs", "none", str(folder / others))[0] == 0
    return machine


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that root's PostgreSQL may enter, which a test's own folder is not."""
    made = Path(tempfile.mkdtemp(prefix="spaceship-machines-"))
    made.chmod(0o711)
    for name in ("a", "b", "stack"):
        (made / name).mkdir()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def pair(folder: Path) -> Iterator[Pair]:
    """Give two machines that share a cable and no disk, or skip the test where none can be made."""
    if find_spec("psycopg") is None or servers.programs() is None:
        pytest.skip(servers.MISSING)
    try:
        a, b = Machine("machine-a", "10.77.0.1", folder / "a"), machine_b(folder)
    except OSError as error:
        pytest.skip(f"{error}; run the tests as root, where unshare and ip are")
    made = Pair(a, b, folder / "stack")
    try:
        a.connect(b)
        assert a.run("mount", "-t", "tmpfs", "none", str(b.folder))[0] == 0
        yield made
    finally:
        a.kill()
        b.kill()


def stack(pair: Pair, verb: str) -> str:
    command = [sys.executable, "-m", "scripts.stack", verb, "--folder", str(pair.stack)]
    status, told = pair.a.run(*command, "--host", pair.a.address)
    assert status == 0, told
    return told


def test_two_machines_share_a_study_and_a_registry(pair: Pair, folder: Path) -> None:
    assert "http://10.77.0.1:5001" in stack(pair, "start")
    for name in ("env", "clients.pgpass"):  # as scp does
        content = (pair.stack / name).read_bytes()
        for machine in (pair.a, pair.b):
            machine.folder.joinpath(name).write_bytes(content)
            machine.folder.joinpath(name).chmod(0o600)

    pair.b.start(*pair.sweep(pair.b))
    _wait(lambda: bool(pair.ask(OWNED)))
    survivor = pair.a.start(*pair.sweep(pair.a))
    _wait(lambda: _is_frozen_in_a_trial(pair))
    pair.b.link("down")
    pair.b.kill()

    again = machine_b(folder)
    pair = pair._replace(b=again)
    try:
        pair.a.connect(again)
        _share_the_registry(pair)
        told = survivor.communicate(timeout=200)[0]
        assert survivor.returncode == 0, told
        assert ("the verdict:" in told) != ("the machine that ran it judges it" in told), told
        assert pair.ask(STATES) == {"COMPLETE": N_TRIALS, "FAIL": 1}
        assert pair.ask(REPLACED) == {'"its worker died"': 1}

        pair.done(pair.b, "mode=clean", "clean.dry_run=false", "clean.close_host=machine-b")
        runs = pair.ask(RUNS, "mlflow")
        assert runs.keys() <= {"FINISHED", "KILLED"}, runs
        assert not list((pair.b.folder / "outputs").glob("multiruns/*/*/*/run.json"))
        assert pair.ask(OPEN, "mlflow") | pair.ask(OPEN) == {"open": 0}
        assert "Stopped" in stack(pair, "stop")
        left = pair.a.run("ps", "-eo", "args")[1]
        assert "mlflow" not in left
        assert "postgres" not in left
    finally:
        again.kill()


def _share_the_registry(pair: Pair) -> None:
    """Train and promote on one machine, look, go back and predict on the other."""
    pair.done(pair.a, "mode=train", QUICK_MODEL)
    pair.done(pair.a, "mode=train", QUICK_MODEL, "gate.force=true", "reason=forced")
    pair.done(pair.b, "mode=rollback", "reason=too soon")
    pair.done(pair.a, "mode=history", "history.output=moves.json")
    moves = json.loads((pair.a.folder / "moves.json").read_text())["moves"]
    assert [move["after"] for move in moves] == ["1", "2", "1"]
    assert [move["by"].partition("@")[2] for move in moves] == [
        *("machine-a", "machine-a", "machine-b")
    ]
    told = {}
    for machine in (pair.a, pair.b):
        pair.done(machine, "mode=inference")
        told[machine.name] = machine.folder.joinpath("outputs", SUBMISSION).read_bytes()
    assert told["machine-a"] == told["machine-b"]


def _is_frozen_in_a_trial(pair: Pair) -> bool:
    """Freeze the second machine if it is in a trial, and has finished another one."""
    if "COMPLETE" not in pair.ask(OWNED):
        return False
    pair.b.signal(SIGSTOP)
    if "RUNNING" in pair.ask(OWNED):
        return True
    pair.b.signal(SIGCONT)
    return False


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, "the moment has not come"
        time.sleep(0.05)
