"""Several processes, as of several machines, that share one study in a PostgreSQL database."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._study import VOID
from spaceship.errors import ConfigError, MissingDependencyError

ROOT = Path(__file__).resolve().parents[2]
N_TRIALS = 12
SWEEP = [
    *("-m", "hydra/sweeper=optuna", "mode=train", "model=logistic_regression", "features=raw"),
    *("data.n_groups=400", "gate.floor.minimum=0.5", f"hydra.sweeper.n_trials={N_TRIALS}"),
    "model.estimator.C=tag(log,interval(0.001,100))",
]
OWNER = "owner"  # attribute of a trial that names its process
PASSWORD = secrets.token_hex(8)
pytestmark = pytest.mark.slow


class Postgres:
    """A database server of the test's own, under an account that is not root."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._databases = 0

    def start(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        access = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=tuner"]
        self.run("initdb", "-D", "data", "--no-sync", "--encoding=UTF8", "--locale=C", *access)
        settings = f"-F -p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*as_user, str(self.programs / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://tuner:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        import psycopg

        self._databases += 1
        name = f"study{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Give a running server, or skip the test where there is no PostgreSQL."""
    if find_spec("psycopg") is None:
        pytest.skip('no driver for PostgreSQL; pip install -e ".[postgres]"')
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("no PostgreSQL server; on Debian and Ubuntu: apt install postgresql")
    programs = found[-1] if found else Path(str(on_path)).resolve()
    # Not below pytest's folder, which is closed to the account the server has to run under.
    folder = Path(tempfile.mkdtemp(prefix="spaceship-postgres-"))
    server = Postgres(folder, programs.parent)
    try:
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)


class Machine:
    """Runs the script with one outputs folder, as each machine that shares it does."""

    def __init__(self, outputs: Path, template: Path | None = None) -> None:
        self.outputs = outputs
        if template is not None:
            shutil.copytree(template, outputs)
        uri = f"sqlite:///{outputs}/mlflow.db"
        self.client = MlflowClient(uri, uri)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        script = [sys.executable, str(ROOT / "scripts" / "run.py")]
        return subprocess.Popen(
            [*script, *arguments, f"paths.outputs={self.outputs}"],
            cwd=self.outputs.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        told = process.communicate(timeout=300)[0]
        return process.returncode, told

    def runs(self) -> Sequence[Run]:
        experiment = self.client.get_experiment_by_name("spaceship")
        assert experiment is not None
        runs = self.client.search_runs([experiment.experiment_id])
        return [run for run in runs if run.data.tags.get("mode") != "pp"]  # the template's

    def job_folders(self) -> list[int]:
        found = self.outputs.glob("multiruns/*/*/*/.hydra/config.yaml")
        names = [path.parents[1].name for path in found]
        return sorted(int(name) for name in names if not name.startswith("worker-"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an outputs folder that is set up: without that wait, processes start at once."""
    machine = Machine(tmp_path_factory.mktemp("template") / "outputs")
    status, told = machine("mode=pp", "data.n_groups=400")
    assert status == 0, told
    machine.client.search_experiments(max_results=1)
    return machine.outputs


@pytest.fixture
def machine(template: Path, tmp_path: Path) -> Machine:
    """Give a machine with a set-up outputs folder of the test's own."""
    return Machine(tmp_path / "outputs", template)


@pytest.fixture
def started() -> Iterator[Callable[[subprocess.Popen[str]], subprocess.Popen[str]]]:
    """Give a function that keeps a process, to be ended with the test and its workers."""
    kept: list[subprocess.Popen[str]] = []

    def keep(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
        kept.append(process)
        return process

    yield keep
    for process in kept:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def shared(url: str, *more: str) -> list[str]:
    return [*SWEEP, "hydra.sweeper.study_name=shared", f"hydra.sweeper.storage={url}", *more]


def read(url: str) -> tuple[Sequence[FrozenTrial], dict[str, Any]]:
    """Return the study's trials and attributes, and leave no connection open."""
    storage = open_storage(url)
    assert isinstance(storage, RDBStorage)
    try:
        study = optuna.load_study(study_name="shared", storage=storage)
        return study.get_trials(deepcopy=False), study.user_attrs
    finally:
        storage.remove_session()
        storage.engine.dispose()


def counting(trials: Sequence[FrozenTrial]) -> Sequence[FrozenTrial]:
    return [one for one in trials if one.state.is_finished() and VOID not in one.user_attrs]


def assert_whole(machine: Machine, url: str, *, deaths: int = 0) -> None:
    """Assert what must hold when a study has ended, however many processes had a part in it."""
    trials, _ = read(url)
    finished = counting(trials)
    assert len(finished) == N_TRIALS
    assert {trial.state for trial in finished} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert {trial.state for trial in trials if trial not in finished} <= {TrialState.FAIL}
    assert len({trial.params["model.estimator.C"] for trial in finished}) == N_TRIALS

    runs = machine.runs()
    (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} == {parent.info.run_id}
    assert "RUNNING" not in {run.info.status for run in runs}
    numbers = Counter(int(run.data.tags["trial"]) for run in children)
    assert set(numbers.values()) == {1}
    folders = machine.job_folders()
    assert len(folders) == len(set(folders))
    assert {trial.number for trial in finished} <= set(numbers) & set(folders)
    assert len(trials) - len(finished) <= deaths

    complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
    best = min(complete, key=lambda trial: trial.value or 0.0)
    verdicts = list(machine.outputs.glob("multiruns/*/*/*/verdict.json"))
    assert [path.parent.name for path in verdicts] == [str(best.number)]
    assert len(list(machine.outputs.glob("multiruns/*/*"))) == 1
    assert json.loads(verdicts[0].read_text())["award"] in {"champion", "challenger", "refused"}


def assert_secret(machine: Machine, url: str | None, *told: str) -> None:
    """Assert that no output, file or attribute of the study holds the password."""
    assert PASSWORD not in "".join(told)
    for path in machine.outputs.rglob("*"):
        assert not (path.is_file() and PASSWORD.encode() in path.read_bytes()), path
    if url is not None:
        trials, own = read(url)
        attributes = [own, *(one.user_attrs | one.system_attrs for one in trials)]
        assert PASSWORD not in json.dumps(attributes)


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_two_processes_share_one_study(
    machine: Machine,
    postgres: Postgres,
    started: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
    driver: str,
) -> None:
    url = postgres.new_database().replace("postgresql", driver)
    whole = "hydra/sweeper/pruner=nop"  # else one is done before the other has started
    both = [started(machine.start(*shared(url, whole))) for _ in range(2)]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert "".join(told).count("Verdict:") == 1
    assert_whole(machine, url)
    owners = {json.dumps(trial.user_attrs[OWNER]) for trial in read(url)[0]}
    assert len(owners) == 2
    assert_secret(machine, url, *told)


def test_one_of_two_processes_is_killed(
    machine: Machine,
    postgres: Postgres,
    started: Callable[[subprocess.Popen[str]], subprocess.Popen[str]],
) -> None:
    url = postgres.new_database()
    survivor, victim = (started(machine.start(*shared(url))) for _ in range(2))
    _wait_until_it_works(url, victim.pid)
    os.killpg(victim.pid, signal.SIGKILL)
    told = survivor.communicate(timeout=300)[0]
    assert survivor.returncode == 0, told
    if len(counting(read(url)[0])) < N_TRIALS:
        status, told = machine(*shared(url, "hydra.sweeper.resume=shared"))
        assert status == 0, told
    assert_whole(machine, url, deaths=1)


def test_joblib_workers_share_a_study_in_postgres(machine: Machine, postgres: Postgres) -> None:
    url = postgres.new_database()
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    status, told = machine(*shared(url, *launcher))
    assert status == 0, told
    assert_whole(machine, url)
    assert_secret(machine, url, told)


@pytest.mark.parametrize(("launcher", "package"), [("submitit_local", "submitit"), ("ray", "ray")])
def test_workers_of_other_launchers_share_a_study_in_postgres(
    machine: Machine, postgres: Postgres, launcher: str, package: str
) -> None:
    pytest.importorskip(package, reason=f"no {package}; see docs/many_machines.md")
    url = postgres.new_database()
    chosen = [f"hydra/launcher={launcher}", "hydra.sweeper.n_jobs=2"]
    status, told = machine(*shared(url, *chosen))
    assert status == 0, told
    assert_whole(machine, url)
    owners = {json.dumps(trial.user_attrs[OWNER]) for trial in read(url)[0]}
    assert len(owners) == 2
    assert_secret(machine, url, told)


def test_database_that_cannot_be_opened(machine: Machine, postgres: Postgres) -> None:
    urls = {
        "password authentication failed": postgres.url("postgres", f"{PASSWORD}x"),
        "does not exist": postgres.url("nowhere"),
        "Connection refused": f"postgresql://tuner:{PASSWORD}@127.0.0.1:9/postgres",
        "resolve": f"postgresql://tuner:{PASSWORD}@nowhere.invalid/postgres",
        "encoded": f"postgresql://tuner:{PASSWORD}@/x@127.0.0.1/postgres",
    }
    for reason, url in urls.items():
        status, told = machine(*shared(f'"{url}"'))
        assert status == 2, told
        assert reason in told
        assert "hydra.sweeper.storage" in told
        assert len(told.strip().splitlines()) == 1
        assert_secret(machine, None, told)


def test_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for driver in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingDependencyError, match=r'pip install -e "\.\[postgres\]"'):
        open_storage("postgresql://tuner@127.0.0.1/postgres")


def test_tables_are_made_once_by_processes_that_start_at_once(postgres: Postgres) -> None:
    url = postgres.new_database()
    program = (
        "import sys, time\n"
        "from hydra_plugins.spaceship_optuna._storage import open_storage\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "open_storage(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", program, url, str(time.time() + 5)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told


def _wait_until_it_works(url: str, pid: int) -> None:
    """Wait until a process has a trial, and the other process one, too."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(KeyError, ConfigError):  # no study yet
            running = [one for one in read(url)[0] if one.state == TrialState.RUNNING]
            if any(f"[{pid}," in json.dumps(one.user_attrs.get(OWNER)) for one in running):
                return
        time.sleep(0.05)
    pytest.fail("the process has not started a trial")
