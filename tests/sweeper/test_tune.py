"""`mode=tune`: a sweep without flags, a mean of its best trials at the end."""

from typing import Any

import pytest

from spaceship.evaluation.report import Report
from tests.sweeper.shell import (
    Project,
    results,
    run,
)

pytestmark = pytest.mark.slow
DEFAULT_C = 0.3  # of configs/model/logistic_regression.yaml
TWO_CANDIDATES = ("model=logistic_regression,lgbm", "model.estimator.n_estimators=range(5,20)")


def test_tune_mode_needs_no_flag(project: Project) -> None:
    command = [item for item in project.command() if item not in {"-m", "mode=train"}]
    command.remove("hydra/sweeper=optuna")
    asked = ["mode=tune", "model=logistic_regression", "hydra.sweeper.n_trials=3"]
    done = run([*command, *asked, "mode.blend=null"], project.outputs.parent)
    assert done.returncode == 0, done.stderr
    project.check_complete(3)
    assert "mode=train" in results(project.outputs)["command"]


def test_tune_mode_ends_with_a_blend_and_gates_the_better(project: Project) -> None:
    command = [item for item in project.command() if item not in {"-m", "mode=train"}]
    command.remove("hydra/sweeper=optuna")
    sweep = ["mode=tune", *TWO_CANDIDATES, "hydra.sweeper.n_trials=4", "mode.blend=2"]
    sweep += ["model@mode.start=logistic_regression", "++mode.start.bags=3"]
    done = run([*command, *sweep], project.outputs.parent)
    assert done.returncode == 0, done.stderr
    (folder,) = project.outputs.glob("multiruns/*/*/blend-*")
    report = Report.read(folder)
    recipe: Any = report.recipe
    fits = [(member["estimator"].get("C"), member["bags"]) for member in recipe["members"]]
    assert max(bags for c, bags in fits if c == DEFAULT_C) >= 3, "the mean starts from it as it is"
    assert sum(bags for _, bags in fits) <= 5
    better = report.metrics["cv_log_loss"] < project.study().best_value
    (gated,) = (path.parent for path in folder.parent.glob("*/verdict.json"))
    assert (gated == folder) == better
    assert "RUNNING" not in {run.info.status for run in project.runs()}

    again = ["mode=train", "model=blend", "model.study=last", "model.top=2", "gate=off"]
    single = [item for item in command if item != "hydra/sweeper=optuna"]
    done = run([*single, *again], project.outputs.parent)
    assert done.returncode == 0, done.stderr
    (path,) = project.outputs.glob("runs/*/*/report.json")
    recipe = Report.read(path.parent).recipe
    assert sorted(one["name"] for one in recipe["members"]) == ["lgbm", "logistic_regression"]
