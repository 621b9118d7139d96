"""Apps written for Hydra's released Optuna plugin, with its examples' keys, on this sweeper."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState

from tests.sweeper.shell import app, counting, load, results, run

pytestmark = pytest.mark.slow


def test_sphere(tmp_path: Path) -> None:
    done = app("sphere.py", tmp_path, "-m")
    assert done.returncode == 0, done.stderr
    found = results(tmp_path)
    trials = counting(load(tmp_path))
    assert len(trials) == 20
    assert found["name"] == "optuna"
    assert found["best_value"] == min(
        one.params["x"] ** 2 + one.params.get("y", 1) ** 2  # y=1, the default, is not in its space
        for one in trials
    )
    assert set(found["best_evaluated_params"]) == {"x", "y"}
    assert "Traceback" not in done.stderr
    assert "categorical units" not in done.stdout + done.stderr


def test_workers_on_the_basic_launcher_take_turns(tmp_path: Path) -> None:
    done = app("sphere.py", tmp_path, "-m", "hydra.sweeper.n_jobs=2", "hydra.sweeper.n_trials=4")
    assert done.returncode == 0, done.stderr
    assert len(counting(load(tmp_path))) == 4
    assert done.stdout.count("one after the other") == 1


def test_sphere_on_a_seed_repeats_itself(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        assert app("sphere.py", tmp_path / name, "-m").returncode == 0
        told.append([trial.params for trial in load(tmp_path / name).get_trials()])
    assert told[0] == told[1]


def test_sphere_with_override_of_a_sweep(tmp_path: Path) -> None:
    done = app("sphere.py", tmp_path, "-m", "x=choice(0,1,2)", "y=0,1", "+w=1,2")
    assert done.returncode == 0, done.stderr
    points = [tuple(sorted(one.params.items())) for one in counting(load(tmp_path))]
    assert len(set(points)) == len(points)
    assert {dict(point)["x"] for point in points} == {0, 1, 2}
    assert {dict(point).get("w") for point in points} == {None, 1, 2}  # it has no default
    assert results(tmp_path)["best_value"] == 0


def test_settings_are_beside_the_jobs_without_passwords(tmp_path: Path) -> None:
    asked = ["+note=http://me:hunter2@there/", "+home=${oc.env:HOME}", "hydra.sweeper.n_trials=2"]
    done = app("sphere.py", tmp_path, "-m", *asked)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.rglob("multirun.yaml")
    assert (path.parent / "0" / ".hydra" / "config.yaml").is_file()
    settings = OmegaConf.load(path)
    plain: Any = OmegaConf.to_container(settings)
    assert settings.hydra.sweeper.n_trials == 2
    assert plain["home"] == "${oc.env:HOME}"
    assert settings.note == "http://me:***@there/"
    assert list(settings.hydra.overrides.hydra) == [*asked[2:], "hydra.mode=MULTIRUN"]


@pytest.mark.parametrize(("rate", "failed"), [(0.0, 1), (0.5, 11), (1.0, 20)])
def test_sphere_that_always_fails_ends_with_one_message(
    tmp_path: Path, rate: float, failed: int
) -> None:
    asked = ["error=true", f"hydra.sweeper.max_failure_rate={rate}"]
    done = app("sphere.py", tmp_path, "-m", *asked)
    assert done.returncode == 1
    reason = "no trial has finished" if rate == 1 else f"{failed} trials have failed"
    assert f"{reason}, most often with: RuntimeError: cfg.error is True." in done.stderr
    assert "Traceback" not in done.stderr
    states = [trial.state for trial in counting(load(tmp_path))]
    assert states.count(TrialState.FAIL) == failed


def test_failures_that_are_all_allowed_are_in_the_results(tmp_path: Path) -> None:
    asked = ["error=true", "hydra.sweeper.max_failure_rate=1", "hydra.sweeper.n_trials=3"]
    done = app("sphere.py", tmp_path, "-m", *asked)
    assert "Traceback" not in done.stderr
    assert results(tmp_path)["n_trials"] == {"complete": 0, "pruned": 0, "failed": 3, "void": 0}
    assert results(tmp_path)["best_value"] is None


def test_function_suggests_a_known_key_and_a_new_one(tmp_path: Path) -> None:
    done = app("custom-search-space-objective.py", tmp_path, "-m")
    assert done.returncode == 0, done.stderr
    trials = counting(load(tmp_path))
    assert len(trials) == 20
    for trial in trials:
        assert abs(trial.params["z"] - trial.params["x"]) <= 0.5
        assert 0 <= trial.params["+w"] <= 1
    best = results(tmp_path)
    assert best["best_value"] == pytest.approx(
        sum(value**2 for value in ({"y": 1} | best["best_params"]).values())
    )
    command = shlex.split(best["command"])
    assert f"+w={best['best_params']['+w']}" in command
    assert run(command, tmp_path).returncode == 0


def test_multi_objective(tmp_path: Path) -> None:
    done = app("multi-objective.py", tmp_path, "-m")
    assert done.returncode == 0, done.stderr
    solutions = results(tmp_path)["solutions"]
    study = load(tmp_path)
    assert {one["trial"] for one in solutions} == {one.number for one in study.best_trials}
    assert all(len(one["values"]) == 2 for one in solutions)


@pytest.mark.parametrize("sampler", ["random", "qmc", "grid", "nsgaii"])
def test_samplers(tmp_path: Path, sampler: str) -> None:
    arguments = [f"hydra/sweeper/sampler={sampler}", "hydra.sweeper.n_trials=4", "y=choice(0,1)"]
    done = app("sphere.py", tmp_path, "-m", *arguments)
    assert done.returncode == 0, done.stderr
    assert len(counting(load(tmp_path))) == 4


def test_grid_tries_every_point_once_and_no_more(tmp_path: Path) -> None:
    asked = ["hydra/sweeper/sampler=grid", "x=range(0,3)", "y=choice(0,1)"]
    done = app("sphere.py", tmp_path, "-m", *asked)
    assert done.returncode == 0, done.stderr
    points = {(one.params["x"], one.params["y"]) for one in counting(load(tmp_path))}
    assert points == {(x, y) for x in range(3) for y in range(2)}


@pytest.mark.parametrize(("sampler", "package"), [("cmaes", "cmaes"), ("gp", "torch")])
def test_sampler_without_its_package_names_it(tmp_path: Path, sampler: str, package: str) -> None:
    done = app("failing.py", tmp_path, "-m", f"hydra/sweeper/sampler={sampler}")
    assert done.returncode == 2, done.stderr
    assert f"pip install {package}" in done.stderr
    assert "Traceback" not in done.stderr


def test_failures_are_data(tmp_path: Path) -> None:
    done = app("failing.py", tmp_path, "-m", "point=choice(fine,good,raise,undefined,none)")
    assert done.returncode == 0, done.stderr
    failed = {
        one.params["point"]: one.user_attrs["error"]
        for one in load(tmp_path).get_trials(states=[TrialState.FAIL])
        if "error" in one.user_attrs
    }
    assert set(failed) == {"raise", "undefined", "none"}
    assert failed["raise"] == "ValueError: it cannot be done"
    assert "NaN" in failed["undefined"]
    assert "None" in failed["none"]
    assert results(tmp_path)["best_value"] == 0.5


def test_job_that_ends_its_process_is_one_failed_trial(tmp_path: Path) -> None:
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    done = app("failing.py", tmp_path, "-m", "point=choice(fine,good,exit)", *launcher)
    assert done.returncode == 0, done.stderr
    states = {
        one.params["point"]: one.state for one in counting(load(tmp_path)) if "point" in one.params
    }
    assert states["exit"] == TrialState.FAIL
    assert states["good"] == TrialState.COMPLETE
    assert "sweep goes on" in done.stdout


def test_jobs_that_end_their_process_count_as_failures(tmp_path: Path) -> None:
    asked = ["point=exit,fine,good", "hydra/sweeper/sampler=grid"]
    most = "hydra.sweeper.max_failure_rate=0"
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    done = app("failing.py", tmp_path, "-m", *asked, most, *launcher)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "trials have failed, most often with: WorkerDied" in done.stderr
    assert "hydra.sweeper.resume=" in done.stderr


def test_too_many_failures_stop_with_the_commonest_error(tmp_path: Path) -> None:
    asked = ["point=choice(raise,undefined,fine)", "hydra.sweeper.max_failure_rate=0"]
    done = app("failing.py", tmp_path, "-m", *asked, "hydra/sweeper/sampler=grid")
    assert done.returncode == 2
    assert "it cannot be done" in done.stderr or "NaN" in done.stderr
    assert "hydra.sweeper.resume=" in done.stderr
    assert "Traceback" not in done.stderr
