"""Time limit of trials: what does not return is ended in every launcher, and the sweep goes on."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from optuna.trial import TrialState

from tests.commands import Keep
from tests.forks import Fork
from tests.sweeper.shell import APPS, TWO_WORKERS, Project, app, counting, load

pytestmark = pytest.mark.slow
LIMIT = "hydra.sweeper.trial_timeout=2"
SUBMITIT = ("hydra/launcher=submitit_local", "hydra.sweeper.n_jobs=2")


def children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.parametrize("launcher", [(), TWO_WORKERS, SUBMITIT])
def test_a_job_that_does_not_return_is_one_failed_trial(
    tmp_path: Path, launcher: tuple[str, ...]
) -> None:
    asked = ("point=fine,sleep,deaf,exit,raise,good", "hydra/sweeper/sampler=grid")
    done = app("failing.py", tmp_path, "-m", *asked, LIMIT, *launcher)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    trials = {trial.params["point"]: trial for trial in counting(load(tmp_path))}
    failed = {
        "sleep": "TrialLost: it took longer than hydra.sweeper.trial_timeout=2 s",
        "deaf": "TrialLost: it took longer than hydra.sweeper.trial_timeout=2 s",
        "exit": "TrialLost: its process died: killed, out of memory, or ended by the job",
        "raise": "ValueError: it cannot be done",
    }
    assert {point: trials[point].user_attrs["error"] for point in failed} == failed
    states = {trial.state for point, trial in trials.items() if point not in failed}
    assert states == {TrialState.COMPLETE}
    assert load(tmp_path).best_value == 0.5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_a_sweep_that_is_ended_during_a_trial(
    tmp_path: Path, processes: Keep, number: int
) -> None:
    given = ("point=sleep,deaf", "hydra.sweeper.trial_timeout=100")
    command = [sys.executable, str(APPS / "failing.py"), "-m", *given]
    process = processes(Fork(command, tmp_path, start_new_session=True))
    deadline = time.monotonic() + 60
    while not [*tmp_path.rglob("1/.hydra/config.yaml")] and time.monotonic() < deadline:
        time.sleep(0.1)
    started = children(process.pid)
    assert started
    os.kill(process.pid, number)
    process.wait(30)
    _, alive = psutil.wait_procs(started, 10)
    assert not alive


def test_the_runs_of_trials_that_were_ended_have_failed(project: Project) -> None:
    slow = ("model=logistic_regression,svm", "data.n_groups=40000", "hydra.sweeper.n_trials=2")
    done = project.sweep(*slow, "hydra.sweeper.trial_timeout=20", "hydra/sweeper/pruner=nop")
    assert done.returncode == 0, done.stdout + done.stderr
    trials = {one.params["candidate"]: one for one in counting(project.study())}
    assert trials["svm"].state == TrialState.FAIL
    assert trials["logistic_regression"].state == TrialState.COMPLETE
    runs = {run.data.tags["model"]: run for run in project.runs() if "trial" in run.data.tags}
    assert {name: run.info.status for name, run in runs.items()} == {
        "svm": "FAILED",
        "logistic_regression": "FINISHED",
    }
    assert "took longer than" in runs["svm"].data.tags["error"]
    assert "traceback.txt" in project.artifacts(runs["svm"])
    (parent,) = (run for run in project.runs() if "mlflow.parentRunId" not in run.data.tags)
    assert parent.info.status == "FINISHED"
