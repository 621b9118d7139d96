"""A study under other code: refused with one message, or told to go on; an older one goes on."""

import logging
from pathlib import Path

import optuna
import pytest

from hydra_plugins.spaceship_optuna._errors import SettingsError
from hydra_plugins.spaceship_optuna._study import check_code
from spaceship.callbacks._study import study_code
from spaceship.config.installation import code_digest, package_folder
from tests.sweeper.shell import LOGISTIC, Project, counting

OLD, NEW = {"version": "1", "model": "abc"}, {"version": "1", "model": "def"}


def test_other_code_is_refused_with_the_setting_that_lets_it_go_on(study: optuna.Study) -> None:
    check_code(study, OLD, "refuse")
    check_code(study, OLD, "refuse")
    with pytest.raises(SettingsError) as caught:
        check_code(study, NEW, "refuse")
    assert "found other code (model: was abc, is def); go back to it" in str(caught.value)
    assert str(caught.value).endswith("or add hydra.sweeper.on_code_change=go_on")
    assert study.user_attrs["code"] == OLD


def test_other_code_goes_on_when_told_to_and_is_the_codes_own_from_then_on(
    study: optuna.Study, caplog: pytest.LogCaptureFixture
) -> None:
    check_code(study, OLD, "refuse")
    check_code(study, NEW, "go_on")
    assert caplog.messages == ["The study goes on under other code: model: was abc, is def"]
    check_code(study, NEW, "refuse")


def test_a_study_from_before_the_code_was_on_record_goes_on_with_a_note(
    study: optuna.Study, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    study.enqueue_trial({})
    check_code(study, {}, "refuse")  # of an app whose host says nothing
    check_code(study, OLD, "refuse")
    assert [message for message in caplog.messages if "not on record" in message]
    with pytest.raises(SettingsError):
        check_code(study, NEW, "refuse")


def test_the_code_is_the_version_and_each_part_that_figures_rest_on(tmp_path: Path) -> None:
    found = study_code()
    assert {"version", "features", "model", "split", "task"} <= {*found}
    (tmp_path / "one.py").write_text("x = 1\n")
    (tmp_path / "notes.txt").write_text("no code")
    before = code_digest(tmp_path)
    assert before == code_digest(tmp_path / "one.py", None)
    (tmp_path / "one.py").write_text("x = 2\n")
    assert code_digest(tmp_path) != before
    assert package_folder("no_such_package.at_all") is None
    assert package_folder("json.decoder").name == "decoder.py"  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_sweep_is_not_resumed_under_other_code(project: Project) -> None:
    start = [*LOGISTIC, "hydra.sweeper.n_trials=1"]
    assert project.sweep(*start).returncode == 0
    study = project.study()
    assert study.user_attrs["code"] == study_code()
    study.set_user_attr("code", {**study_code(), "features": "other"})
    more = [*LOGISTIC, "hydra.sweeper.n_trials=2", "hydra.sweeper.resume=last"]
    refused = project.sweep(*more)
    assert refused.returncode == 2
    assert refused.stderr.count("error: ") == 1
    assert "features: was other, is " in refused.stderr
    assert "Traceback" not in refused.stderr
    gone_on = project.sweep(*more, "hydra.sweeper.on_code_change=go_on")
    assert gone_on.returncode == 0, gone_on.stderr
    assert len(counting(project.study())) == 2
    assert "RUNNING" not in {run.info.status for run in project.runs()}
