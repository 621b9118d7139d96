"""Whole sweeps that are interrupted, killed, resumed and shared: no trial is lost or run twice."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import optuna
import psutil
import pytest
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna import _recovery
from hydra_plugins.spaceship_optuna._hooks import Objective
from hydra_plugins.spaceship_optuna._results import candidates_of
from hydra_plugins.spaceship_optuna._search_space import SearchPlan
from hydra_plugins.spaceship_optuna._settings import Settings
from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._study import open_to_joiners
from hydra_plugins.spaceship_optuna._sweep import Sweep
from tests.commands import Keep
from tests.sweeper.shell import (
    LOGISTIC,
    ROOT,
    TWO_WORKERS,
    Project,
    counting,
    load,
    results,
    resume_command,
    run,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("number", "status", "launcher"),
    [(signal.SIGINT, 130, ()), (signal.SIGINT, 130, TWO_WORKERS), (signal.SIGTERM, 143, ())],
)
def test_interrupted_sweep_goes_on_with_the_command_it_prints(
    project: Project, processes: Keep, number: int, status: int, launcher: tuple[str, ...]
) -> None:
    process = processes(project.start(*LOGISTIC, *launcher, "hydra.sweeper.n_trials=9"))
    _wait_for_trials(project, 3)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == status, told
    assert told.count("Traceback") == 0, told
    assert "RUNNING" not in {run.info.status for run in project.runs()}
    assert "KILLED" in {run.info.status for run in project.runs()}
    assert TrialState.RUNNING not in {trial.state for trial in project.study().get_trials()}
    folders = {
        path: path.stat().st_mtime for path in project.outputs.glob("multiruns/*/*/*/*.json")
    }
    done = run(resume_command(told), project.outputs.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    project.check_complete(9)
    kept = {path: path.stat().st_mtime for path in folders}
    best = {path for path in folders if str(results(project.outputs)["best_job"]) in str(path)}
    assert all(kept[path] == folders[path] for path in set(folders) - best)


def test_second_interruption_finds_the_command_told_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    journal = str(tmp_path / "s.journal")
    study = optuna.create_study(study_name="s", storage=open_storage(journal))
    study.enqueue_trial({})
    sweep: Any = Sweep.__new__(Sweep)
    sweep.context = sweep.task = None
    sweep.config = OmegaConf.create({})
    sweep.settings = Settings(n_trials=1, storage=journal, objectives=[Objective()])
    monkeypatch.setattr(sweep, "launch", interrupted)
    monkeypatch.setattr(_recovery, "release_all", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep.work(study, SearchPlan((), ()))
    assert "hydra.sweeper.resume=s" in caplog.text


def test_resumed_study(project: Project) -> None:
    start = [*LOGISTIC, "seed=7", "hydra.sweeper.n_trials=3"]
    assert project.sweep(*start).returncode == 0
    parent = _parent(project)
    again = project.sweep(*start, "hydra.sweeper.resume=last")
    assert again.returncode == 0, again.stderr
    assert "are done" in again.stdout
    assert "Verdict" not in again.stdout
    project.check_complete(3)
    more = project.sweep(
        *LOGISTIC, "seed=7", "hydra.sweeper.n_trials=5", "hydra.sweeper.resume=last"
    )
    assert more.returncode == 0, more.stderr
    assert len(counting(project.study())) == 5
    assert _parent(project) == parent
    changed = {
        "data.n_groups=301": "data: was",
        "split.salt=pepper": "split.salt: was spaceship, is pepper",
        "seed=8": "seed: was 7, is 8",
        "model.estimator.C=interval(0.5,1)": "model.estimator.C: was",
        "objective.metric=cv_brier": "objective.metric: was cv_log_loss, is cv_brier",
    }
    refused = project.sweep(*start, *changed, "hydra.sweeper.resume=last")
    assert refused.returncode == 2, refused.stdout
    assert [named for named in changed.values() if named not in refused.stderr] == []
    assert {run.info.status for run in project.runs()} == {"FINISHED"}
    elsewhere = project.sweep(*start, "hydra.sweeper.resume=last", "hydra.sweep.dir=elsewhere")
    assert elsewhere.returncode == 2
    assert "leave it out" in elsewhere.stderr


def test_study_keeps_the_order_of_its_candidates(project: Project) -> None:
    (project.outputs / "studies").mkdir()
    storage = open_storage(str(project.outputs / "studies" / "old.journal"))
    study = optuna.create_study(study_name="old", storage=storage)
    open_to_joiners(study)
    order = ["logistic_regression", "lgbm"]
    study.ask({"candidate": CategoricalDistribution(order)})
    study.tell(0, state=TrialState.FAIL)
    candidates = ["model=lgbm,logistic_regression", "model.estimator.n_estimators=range(5,20)"]
    done = project.sweep(*candidates, "hydra.sweeper.resume=old", "hydra.sweeper.n_trials=3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert candidates_of(project.study()) == order
    assert len(counting(project.study())) == 3


def test_timeout_leaves_the_rest_for_a_resume(project: Project) -> None:
    done = project.sweep(*LOGISTIC, "hydra.sweeper.n_trials=400", "hydra.sweeper.timeout=2")
    assert done.returncode == 0, done.stderr
    assert "Time is up" in done.stdout
    assert 0 < results(project.outputs)["n_trials"]["complete"] < 400
    assert len(project.verdicts()) == 1
    assert "hydra.sweeper.resume=" in " ".join(resume_command(done.stdout))


def test_two_processes_share_a_study(project: Project, processes: Keep) -> None:
    asked = [*LOGISTIC, "hydra.sweeper.n_trials=8", "hydra.sweeper.study_name=both"]
    both = [processes(project.start(*asked)) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    project.check_complete(8)


def test_killed_worker_costs_no_trial(project: Project, processes: Keep) -> None:
    process = processes(project.start(*LOGISTIC, *TWO_WORKERS, "hydra.sweeper.n_trials=8"))
    _wait_for_trials(project, 2)
    _workers(process.pid)[0].kill()
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "sweep goes on" in told
    project.check_complete(8)


def test_worker_killed_before_its_first_trial_costs_nothing(
    project: Project, processes: Keep
) -> None:
    process = processes(project.start(*LOGISTIC, *TWO_WORKERS, "hydra.sweeper.n_trials=4"))
    deadline = time.monotonic() + 60
    while not (workers := _workers(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    workers[0].kill()
    told, _ = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "sweep goes on" in told
    project.check_complete(4)


@pytest.mark.parametrize("launcher", [(), TWO_WORKERS])
def test_killed_parent_is_resumed(
    project: Project, processes: Keep, launcher: tuple[str, ...]
) -> None:
    process = processes(project.start(*LOGISTIC, *launcher, "hydra.sweeper.n_trials=9"))
    _wait_for_trials(project, 3)
    workers = _workers(process.pid)
    process.kill()
    process.wait(10)
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive, "workers outlive their parent"
    done = project.sweep(
        *LOGISTIC, *launcher, "hydra.sweeper.n_trials=9", "hydra.sweeper.resume=last"
    )
    assert done.returncode == 0, done.stderr
    project.check_complete(9)


def _parent(project: Project) -> str:
    (run,) = (run for run in project.runs() if "mlflow.parentRunId" not in run.data.tags)
    return str(run.info.run_id)


def _workers(parent: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "popen_loky" in " ".join([child.name(), *child.cmdline()]):
                found.append(child)
    return found


def _wait_for_trials(project: Project, count: int) -> None:
    """Wait until so many trials are finished; look at the file, so as to disturb nobody."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(ValueError, KeyError):  # no journal, or no study in it, yet
            states = [trial.state for trial in load(project.outputs).get_trials()]
            if sum(state.is_finished() for state in states) >= count:
                return
        time.sleep(0.05)
    pytest.fail(f"{count} trials were not finished in time; see {ROOT}")
