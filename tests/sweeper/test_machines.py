"""Several processes, as of several machines, that share one study in a PostgreSQL database."""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._errors import MissingPackageError, SettingsError
from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._study import VOID
from scripts.servers import Postgres
from tests.commands import ROOT, Keep
from tests.forks import Fork

N_TRIALS = 8
SWEEP = [
    *("-m", "hydra/sweeper=optuna", "mode=train", "model=logistic_regression", "features=raw"),
    *("data.n_groups=400", "gate.floor.minimum=0.5", f"hydra.sweeper.n_trials={N_TRIALS}"),
    "model.estimator.C=tag(log,interval(0.001,100))",
]
OWNER = "owner"  # attribute of a trial that names its process
pytestmark = pytest.mark.slow


@pytest.fixture
def study_url(postgres: Postgres) -> str:
    """Give the URL of an empty database."""
    return postgres.new_database(f"study_{secrets.token_hex(4)}")


class Machine:
    """Runs the script with one outputs folder, as each machine that shares it does."""

    def __init__(self, outputs: Path, template: Path | None = None) -> None:
        self.outputs = outputs
        if template is not None:
            shutil.copytree(template, outputs)
        uri = f"sqlite:///{outputs}/mlflow.db"
        self.client = MlflowClient(uri, uri)

    def start(self, *arguments: str) -> Fork:
        command = [sys.executable, str(ROOT / "scripts" / "run.py"), *arguments]
        command.append(f"paths.outputs={self.outputs}")
        return Fork(command, self.outputs.parent, start_new_session=True)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments)
        told = process.communicate(timeout=300)[0]
        return process.wait(), told

    def runs(self) -> Sequence[Run]:
        experiment = self.client.get_experiment_by_name("spaceship")
        assert experiment is not None
        runs = self.client.search_runs([experiment.experiment_id])
        return [run for run in runs if run.data.tags.get("mode") != "pp"]  # the template's

    def job_folders(self) -> list[int]:
        found = self.outputs.glob("multiruns/*/*/*/.hydra/config.yaml")
        return sorted(int(path.parents[1].name) for path in found)


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
    assert {trial.number for trial in finished} <= set(numbers)
    assert set(numbers) <= set(folders) <= {trial.number for trial in trials}
    assert len(trials) - len(finished) <= deaths

    complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
    best = min(complete, key=lambda trial: trial.value or 0.0)
    verdicts = list(machine.outputs.glob("multiruns/*/*/*/verdict.json"))
    assert [path.parent.name for path in verdicts] == [str(best.number)]
    assert len(list(machine.outputs.glob("multiruns/*/*"))) == 1
    assert json.loads(verdicts[0].read_text())["award"] in {"champion", "challenger", "refused"}


def assert_secret(password: str, machine: Machine, url: str | None, *told: str) -> None:
    """Assert that no output, file or attribute of the study holds the password."""
    assert password not in "".join(told)
    for path in machine.outputs.rglob("*"):
        assert not (path.is_file() and password.encode() in path.read_bytes()), path
    if url is not None:
        trials, own = read(url)
        attributes = [own, *(one.user_attrs | one.system_attrs for one in trials)]
        assert password not in json.dumps(attributes)


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_two_processes_share_one_study(
    machine: Machine, postgres: Postgres, study_url: str, processes: Keep, driver: str
) -> None:
    url = study_url.replace("postgresql", driver)
    whole = "hydra/sweeper/pruner=nop"  # else one is done before the other has started
    both = [processes(machine.start(*shared(url, whole))) for _ in range(2)]
    told = [process.communicate(timeout=300)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert "".join(told).count("Verdict:") == 1
    assert_whole(machine, url)
    owners = {json.dumps(trial.user_attrs[OWNER]) for trial in read(url)[0]}
    assert len(owners) == 2
    assert_secret(postgres.password, machine, url, *told)


def test_one_of_two_processes_is_killed(machine: Machine, study_url: str, processes: Keep) -> None:
    survivor, victim = (processes(machine.start(*shared(study_url))) for _ in range(2))
    _wait_until_it_works(study_url, victim.pid)
    os.killpg(victim.pid, signal.SIGKILL)
    told = survivor.communicate(timeout=300)[0]
    assert survivor.returncode == 0, told
    if len(counting(read(study_url)[0])) < N_TRIALS:
        status, told = machine(*shared(study_url, "hydra.sweeper.resume=shared"))
        assert status == 0, told
    assert_whole(machine, study_url, deaths=1)


def test_joblib_workers_share_a_study_in_postgres(
    machine: Machine, postgres: Postgres, study_url: str
) -> None:
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    status, told = machine(*shared(study_url, *launcher))
    assert status == 0, told
    assert_whole(machine, study_url)
    assert_secret(postgres.password, machine, study_url, told)


@pytest.mark.parametrize(("launcher", "package"), [("submitit_local", "submitit"), ("ray", "ray")])
def test_workers_of_other_launchers_share_a_study_in_postgres(
    machine: Machine, postgres: Postgres, study_url: str, launcher: str, package: str
) -> None:
    pytest.importorskip(package, reason=f'no {package}; pip install -e ".[{package}]"')
    chosen = [f"hydra/launcher={launcher}", "hydra.sweeper.n_jobs=2"]
    status, told = machine(*shared(study_url, *chosen))
    assert status == 0, told
    assert_whole(machine, study_url)
    owners = {json.dumps(trial.user_attrs[OWNER]) for trial in read(study_url)[0]}
    assert len(owners) == 2
    assert_secret(postgres.password, machine, study_url, told)


def test_database_that_cannot_be_opened(machine: Machine, postgres: Postgres) -> None:
    urls = {
        "password authentication failed": postgres.url("postgres", f"{postgres.password}x"),
        "does not exist": postgres.url("nowhere"),
        "Connection refused": f"postgresql://postgres:{postgres.password}@127.0.0.1:9/postgres",
        "resolve": f"postgresql://postgres:{postgres.password}@nowhere.invalid/postgres",
        "encoded": f"postgresql://postgres:{postgres.password}@/x@127.0.0.1/postgres",
    }
    for reason, url in urls.items():
        status, told = machine(*shared(f'"{url}"'))
        assert status == 2, told
        assert reason in told
        assert "hydra.sweeper.storage" in told
        assert told.count("error: ") == 1
        assert "Traceback" not in told
        assert_secret(postgres.password, machine, None, told)


def test_driver_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for driver in ("psycopg", "psycopg2"):
        monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingPackageError, match=r'pip install "psycopg\[binary\]"'):
        open_storage("postgresql://postgres@127.0.0.1/postgres")


def test_tables_are_made_once_by_processes_that_start_at_once(study_url: str) -> None:
    program = (
        "import sys, time\n"
        "from hydra_plugins.spaceship_optuna._storage import open_storage\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "open_storage(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", program, study_url, str(time.time() + 5)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, told


def _wait_until_it_works(url: str, pid: int) -> None:
    """Wait until a process has a trial, and the other process one, too."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(KeyError, SettingsError):  # no study yet
            running = [one for one in read(url)[0] if one.state == TrialState.RUNNING]
            if any(f"[{pid}," in json.dumps(one.user_attrs.get(OWNER)) for one in running):
                return
        time.sleep(0.05)
    pytest.fail("the process has not started a trial")
