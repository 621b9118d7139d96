"""What a candidate chooses for itself, from the command line to the submission."""

import pandas as pd
import pytest

from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.evaluation.cross_validation import decision_threshold
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.report import Report
from spaceship.registry import packaging
from spaceship.task.task import Task
from spaceship.tracking.relocation import place_of
from tests.commands import QUICK, SUBMISSION, Shell

pytestmark = pytest.mark.slow
TREES = ("model.estimator.n_estimators=5", "model.estimator.num_leaves=4")


def test_a_champion_with_choices_of_its_own_is_judged_and_predicts_by_them(
    shell: Shell, task: Task
) -> None:
    choices = ["calibration=sigmoid", "threshold=tuned"]
    done = shell(*QUICK, "model=lgbm", *TREES, *choices, "split.n_folds=2")
    assert done.returncode == 0, done.stderr
    (path,) = shell.outputs.glob("runs/*/*/report.json")
    source = SyntheticData(n_groups=400, seed=2912, drift=0.0, test_fraction=0.33)
    people = checked(source.read(task), task)
    report = Report.read(path.parent, Labels.of(people.task, people.train))
    assert {key: report.recipe[key] for key in ("calibration", "threshold")} == {
        "calibration": "sigmoid",
        "threshold": "tuned",
    }
    holdout = report.holdout
    assert isinstance(holdout, HoldOut)
    assert holdout.accuracy == report.metrics["holdout_accuracy"]

    uri = shell.client.get_model_version_download_uri(
        "spaceship_titanic-synthetic", str(shell.champion())
    )
    champion = packaging.load(place_of(uri))
    chance = champion.predict_proba(people.test)[:, 1]
    written = pd.read_csv(shell.outputs / SUBMISSION)["Transported"].to_numpy()
    assert (written == (chance > decision_threshold(champion))).all()
