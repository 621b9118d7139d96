"""`hydra/launcher=ray` with the real Ray: what the joblib launcher does for sweeps, it does too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna.process import is_orphan, process_id
from tests.commands import Keep
from tests.ray_cluster import needs_ray, ray_cluster
from tests.sweeper.shell import LOGISTIC, Project, app, counting, load, resume_command

pytestmark = [pytest.mark.slow, needs_ray]
RAY = ("hydra/launcher=ray", "hydra.launcher.n_jobs=2")
OWNER = "owner"  # attribute of a trial that names its process


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Give the address of a cluster."""
    with ray_cluster() as found:
        yield found


def test_trials_that_fail_hang_or_end_their_process_are_results(
    tmp_path: Path, address: str
) -> None:
    asked = ("point=fine,sleep,exit,raise,good", "hydra/sweeper/sampler=grid")
    limit = "hydra.sweeper.trial_timeout=3"
    joined = f"hydra.launcher.address={address}"
    done = app("failing.py", tmp_path, "-m", *asked, limit, *RAY, joined)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    trials = {trial.params["point"]: trial for trial in counting(load(tmp_path))}
    errors = {point: trials[point].user_attrs.get("error", "") for point in trials}
    assert errors["sleep"].startswith("TrialLost: it took longer than hydra.sweeper.trial_timeout")
    assert errors["exit"].startswith("TrialLost: its process died")
    assert errors["raise"] == "ValueError: it cannot be done"
    assert {trials[point].state for point in ("fine", "good")} == {TrialState.COMPLETE}


def test_a_cluster_that_is_none_is_an_error_that_the_user_can_mend(tmp_path: Path) -> None:
    nowhere = "hydra.launcher.address=127.0.0.1:9"
    done = app("failing.py", tmp_path, "-m", "point=fine,good", *RAY, nowhere)
    assert done.returncode == 2, done.stderr
    found = "found: 127.0.0.1:9: [Errno 111] Connection refused"
    assert f"expected a Ray cluster at hydra.launcher.address, {found}; give" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_trial_of_a_killed_worker_is_run_again(project: Project, processes: Keep) -> None:
    process = processes(project.start(*LOGISTIC, *RAY, "hydra.sweeper.n_trials=4"))
    os.kill(process_id(_wait_for_owner(project)), signal.SIGKILL)
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0, told
    assert "A worker died; the sweep goes on without it." in told
    assert "raylet" not in told
    project.check_complete(4)


def test_an_interrupted_sweep_closes_its_runs_and_leaves_no_process(
    project: Project, processes: Keep
) -> None:
    whole = "hydra/sweeper/pruner=nop"
    process = processes(project.start(*LOGISTIC, *RAY, whole, "hydra.sweeper.n_trials=40"))
    owner = _wait_for_owner(project)
    started = psutil.Process(process.pid).children(recursive=True)
    folder = next(one for one in started if one.name() == "gcs_server").cmdline()
    listening = [
        one for process in started for one in process.net_connections("tcp") if not one.raddr
    ]
    assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}
    os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=100)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert resume_command(told)[-1].startswith("hydra.sweeper.resume=")
    assert "RUNNING" not in {run.info.status for run in project.runs()}
    assert "KILLED" in {run.info.status for run in project.runs()}
    assert TrialState.RUNNING not in {trial.state for trial in project.study().get_trials()}
    assert is_orphan(owner)
    assert not psutil.wait_procs(started, 10)[1]
    [logs] = [word.partition("=")[2] for word in folder if word.startswith("--session-dir=")]
    assert not Path(logs).parent.exists()


def _wait_for_owner(project: Project) -> dict[str, str]:
    """Return the tags of a process that runs a trial, once one does."""
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        with suppress(KeyError):  # the journal has no study yet
            kept = any(project.outputs.rglob("*.journal"))
            for trial in project.study().get_trials() if kept else ():
                if trial.state == TrialState.RUNNING and OWNER in trial.user_attrs:
                    owner: dict[str, str] = trial.user_attrs[OWNER]
                    return owner
        time.sleep(0.05)
    pytest.fail("no worker has started a trial")


DROPPED = """
import sys, time
from hydra_plugins.spaceship_ray._jobs import raise_again
sys.unraisablehook = raise_again
class Last:
    def __del__(self):
        raise KeyboardInterrupt
try:
    Last()
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_that_python_drops_comes_again() -> None:
    """Python drops what is raised at the end of an object, where Ray's cancelling may hit."""
    done = subprocess.run(
        [sys.executable, "-c", DROPPED], capture_output=True, text=True, check=False, timeout=50
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")
