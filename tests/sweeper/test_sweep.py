"""Whole sweeps of this project's candidates: refused, run, pruned, blended, gated."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from optuna.trial import TrialState

from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.split.holdout import holdout_mask
from spaceship.task.task import Task
from tests.sweeper.shell import (
    LOGISTIC,
    TWO_WORKERS,
    Project,
    counting,
    results,
    resume_command,
    run,
)

pytestmark = pytest.mark.slow
TWO_CANDIDATES = ("model=logistic_regression,lgbm", "model.estimator.n_estimators=range(5,20)")


@pytest.fixture(scope="module")
def finished(database: Path, shared_folder: Path) -> tuple[Project, str]:
    """Give a project with one finished sweep of two candidates, and what it said."""
    project = Project.new(shared_folder / "outputs", database)
    done = project.sweep(*TWO_CANDIDATES, *TWO_WORKERS, "hydra.sweeper.n_trials=7")
    assert done.returncode == 0, done.stdout + done.stderr
    return project, done.stdout + done.stderr


def test_finished_sweep_is_complete(finished: tuple[Project, str]) -> None:
    project, told = finished
    project.check_complete(7)
    assert "Traceback" not in told
    assert "Warning" not in told


def test_candidates_start_fairly_each_on_its_own_space(finished: tuple[Project, str]) -> None:
    trials = finished[0].study().get_trials()
    first = {trial.params["candidate"]: trial for trial in reversed(trials)}
    assert [one.user_attrs.get("default") for one in first.values()] == [True, True]
    assert [one.state for one in first.values()] == [TrialState.COMPLETE] * 2  # never pruned
    assert first["logistic_regression"].params["logistic_regression/model.estimator.C"] == 0.3
    for trial in trials:
        label = trial.params["candidate"]
        assert all(key == "candidate" or key.startswith(f"{label}/") for key in trial.params)
        estimators = trial.params.get("lgbm/model.estimator.n_estimators", 5)
        assert 5 <= estimators < 20  # the command line's range replaces the candidate's own
    labels = [trial.params["candidate"] for trial in trials[:6]]
    assert labels.count("lgbm") == labels.count("logistic_regression") == 3


def test_runs_tell_of_trials(finished: tuple[Project, str]) -> None:
    project, _ = finished
    study, runs = project.study(), project.runs()
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    assert "run.py -m hydra/sweeper=optuna" in parent.data.tags["command"]
    assert "hydra.sweeper.n_trials=7 mode=train" in parent.data.tags["command"]
    children = {int(run.data.tags["trial"]): run for run in runs if run is not parent}
    assert sorted(children) == [trial.number for trial in study.get_trials()]
    for trial in study.get_trials():
        run = children[trial.number]
        assert run.data.tags["state"] == trial.state.name
        assert run.data.tags["model"] == trial.params["candidate"]
        if trial.state == TrialState.COMPLETE:
            assert run.data.metrics["cv_log_loss"] == trial.value
    logged = project.artifacts(parent)
    assert {"optimization_results.yaml", "leaderboard.txt", "history.png"} <= logged


def test_retrain_command_reaches_the_best_value(finished: tuple[Project, str]) -> None:
    project, _ = finished
    found = results(project.outputs)
    before = {one.info.run_id for one in project.runs()}
    done = run(shlex.split(found["command"]), project.outputs.parent)
    assert done.returncode == 0, done.stderr
    (retrained,) = (one for one in project.runs() if one.info.run_id not in before)
    assert retrained.data.metrics["cv_log_loss"] == pytest.approx(found["best_value"], rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["model=svm", "model.estimator.CC=interval(0,1)"], "model.estimator.C"),
        (["modell=lgbm,svm"], "did you mean model=lgbm,svm"),
        (["model=lgbmm,svm"], "lgbm"),
        (["model=svm", "model.search_space=null"], "something to sweep"),
        (["model=svm", "hydra.sweeper.n_trails=3"], "n_trails"),
        (["model=svm", "hydra.sweeper.n_trials=0"], "n_trials"),
        (["model=svm", "hydra.sweeper.timeout=0"], "timeout"),
        (["model=svm", "hydra.sweeper.max_failure_rate=2"], "max_failure_rate"),
        (["model=svm", "hydra.sweeper.direction=maximize"], "declares"),
        (["model=svm", "hydra.sweeper.direction=up"], "minimize or maximize"),
        (["model=svm", "hydra.sweeper.study_name='a,b'"], "study_name"),
        (["model=svm", "hydra.sweeper.resume=nothing"], "found none"),
        (["model=svm", "hydra.sweeper.resume=last"], "found none"),
        (["model=svm", "hydra.sweeper.storage=nowhere://x"], "hydra.sweeper.storage"),
        (["model=svm", "hydra.sweeper.custom_search_space=no.such"], "no.such"),
        (["model=svm", "hydra/sweeper/sampler=grid"], "range"),
        (["model=svm", "hydra.sweeper.sampler.sead=1"], "sead"),
        (["model=svm", "objective.metric=holdout_accuracy"], "cv_accuracy"),
        (["model=svm", "objective.metric=cv_f1"], "accuracy"),
        (
            [
                "model=svm",
                "objective.metric=[cv_log_loss,cv_accuracy]",
                "hydra/sweeper/pruner=median",
            ],
            "one objective",
        ),
        (["model=svm,lgbm", "hydra.sweeper.n_trials=1"], "each of 2 candidates"),
        (["model=svm", "threads=64", *TWO_WORKERS], "threads"),
        (["model=svm", "threads=-1", *TWO_WORKERS], "2 workers of -1 threads"),
    ],
)
def test_what_a_user_can_mend(project: Project, arguments: list[str], told: str) -> None:
    done = project.sweep(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(project.outputs.rglob("*.journal"))


def test_dry_run_writes_nothing(project: Project) -> None:
    before = sorted(project.outputs.rglob("*"))
    done = project.sweep(*TWO_CANDIDATES, "hydra.sweeper.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "lgbm" in done.stdout
    assert re.search(r"n_estimators +5 … 19, default ", done.stdout)
    assert sorted(project.outputs.rglob("*")) == before


def test_one_objective_in_a_list_is_one_objective(project: Project) -> None:
    asked = ["objective.metric=[cv_log_loss]", "hydra.sweeper.n_trials=3"]
    done = project.sweep(*LOGISTIC, *asked)
    assert done.returncode == 0, done.stderr
    assert "best cv_log_loss" in done.stdout
    trials = counting(project.study())
    assert {one.state for one in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
    assert all(one.intermediate_values for one in trials)


def test_several_objectives_give_a_pareto_front(project: Project) -> None:
    asked = ["objective.metric=[cv_log_loss,cv_accuracy]", "hydra.sweeper.n_trials=4"]
    done = project.sweep(*LOGISTIC, *asked)
    assert done.returncode == 0, done.stderr
    study = project.study()
    assert [direction.name for direction in study.directions] == ["MINIMIZE", "MAXIMIZE"]
    solutions = results(project.outputs)["solutions"]
    assert {one["trial"] for one in solutions} == {one.number for one in study.best_trials}
    assert len(project.verdicts()) == 1


@pytest.mark.parametrize(("launcher", "n_trials"), [((), 5), (TWO_WORKERS, 12)])
def test_pruner_stops_hopeless_trials(
    project: Project, launcher: tuple[str, ...], n_trials: int
) -> None:
    """Two workers need more: the hopeless ones may be over before the good one has ended."""
    hopeless = "model.estimator.C=tag(log,interval(1e-9,1e-8))"
    pruner = ["hydra/sweeper/pruner=median", "hydra.sweeper.pruner.n_startup_trials=1"]
    budget = f"hydra.sweeper.n_trials={n_trials}"
    asked = ["model=logistic_regression", hopeless, *pruner, budget]
    done = project.sweep(*asked, *launcher)
    assert done.returncode == 0, done.stderr
    states = [trial.state for trial in counting(project.study())]
    assert TrialState.PRUNED in states
    (pruned, *_) = (run for run in project.runs() if run.data.tags.get("state") == "PRUNED")
    assert pruned.info.status == "FINISHED"
    assert not pruned.data.metrics  # the study has those of its folds


def test_no_pruner_prunes_nothing(project: Project) -> None:
    done = project.sweep(*LOGISTIC, "hydra/sweeper/pruner=nop", "hydra.sweeper.n_trials=4")
    assert done.returncode == 0, done.stderr
    assert {trial.state for trial in project.study().get_trials()} == {TrialState.COMPLETE}


def test_failed_trials_have_failed_runs_with_tracebacks(project: Project) -> None:
    asked = ["model=logistic_regression", "model.estimator.solver=choice(lbfgs,nonsense)"]
    # Five points in all, the default among them: each is tried once, and two of them must fail.
    finite = ["+model.estimator.tol=choice(0.1,0.01)", "hydra.sweeper.search_space=null"]
    done = project.sweep(*asked, *finite, "hydra.sweeper.n_trials=5")
    assert done.returncode == 0, done.stderr
    failed = [run for run in project.runs() if run.data.tags.get("state") == "FAILED"]
    trials = [
        trial
        for trial in project.study().get_trials()
        if trial.state == TrialState.FAIL and "void" not in trial.user_attrs
    ]
    assert len(failed) == len(trials) == 2
    assert {run.info.status for run in failed} == {"FAILED"}
    assert all("traceback.txt" in project.artifacts(run) for run in failed)
    assert "nonsense" in trials[0].user_attrs["error"]


def test_no_trial_reads_the_holdout(database: Path, tmp_path: Path, task: Task) -> None:
    source = SyntheticData(n_groups=300, seed=1, drift=0.0, test_fraction=0.3)
    passengers = checked(source.read(task), task)
    assert passengers.test is not None
    told = []
    for name in ("true", "scrambled"):
        train = passengers.train.copy()
        held, _ = holdout_mask(task.group_names(train), task, fraction=0.2, salt="spaceship")
        if name == "scrambled":
            labels = np.random.default_rng(0).permutation(train.loc[held, "Transported"])
            assert (labels != train.loc[held, "Transported"]).any()
            train.loc[held, "Transported"] = labels
        folder = tmp_path / name
        folder.mkdir()
        train.to_csv(folder / "train.csv", index=False)
        passengers.test.to_csv(folder / "test.csv", index=False)
        project = Project.new(folder / "outputs", database)
        cfg = ["data=local", f"data.dir={folder}", "~data.n_groups"]
        command = [one for one in project.command(*LOGISTIC) if not one.startswith("data.")]
        done = run(
            [*command, *cfg[:2], "hydra.sweeper.n_trials=3", "hydra.sweeper.sampler.seed=3"],
            folder,
        )
        assert done.returncode == 0, done.stderr
        told.append([(one.params, one.value) for one in project.study().get_trials()])
    assert told[0] == told[1]


def test_storage_in_sqlite_and_names_that_need_quoting(project: Project) -> None:
    storage = f"hydra.sweeper.storage=sqlite:///{project.outputs}/my studies.db"
    asked = [*LOGISTIC, storage, "hydra.sweeper.study_name=my study", "reason='it, is \"so\"'"]
    asked.append("hydra/sweeper/pruner=nop")  # all that finish are complete
    done = project.sweep(*asked, "hydra.sweeper.n_trials=3", "hydra.sweeper.timeout=0.001")
    assert done.returncode == 2, done.stdout + done.stderr
    command = [
        item for item in resume_command(done.stderr) if not item.startswith("hydra.sweeper.timeout")
    ]
    again = run(command, project.outputs.parent)
    assert again.returncode == 0, again.stdout + again.stderr
    assert results(project.outputs)["n_trials"]["complete"] == 3
