"""Plots of real studies: which files appear, what they show, and that nothing else happens."""

import logging
from pathlib import Path
from typing import Any

import optuna
import pytest
from matplotlib import image
from matplotlib import pyplot as plt
from optuna.storages.journal import JournalFileBackend

from hydra_plugins.spaceship_optuna._plots import extract, short_names, write_plots

KINDS = ("importances", "slice", "parallel")


@pytest.fixture(autouse=True)
def _no_remarks() -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _values(trial: optuna.Trial) -> tuple[float, float]:
    label = trial.suggest_categorical("candidate", ["lgbm", "catboost"])
    rate = trial.suggest_float(f"{label}/model.estimator.rate", 1e-3, 1, log=True)
    if label == "catboost":
        depth = trial.suggest_int(f"{label}/model.estimator.depth", 2, 8)
        return rate + depth, rate - depth
    kind = trial.suggest_categorical(f"{label}/model.estimator.kind", ["gbdt", "a" * 40, None])
    return rate + (kind == "gbdt"), rate


def _study(directions: int = 1, n_trials: int = 12, **options: Any) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=1)
    study = optuna.create_study(
        study_name="tuning", directions=["minimize"] * directions, sampler=sampler, **options
    )
    for label in ("lgbm", "catboost"):
        study.enqueue_trial({"candidate": label})
    study.optimize(lambda trial: _values(trial)[:directions], n_trials=n_trials)
    return study


def test_each_candidate_gets_its_plots_and_nothing_is_left_changed(tmp_path: Path) -> None:
    backend = JournalFileBackend(str(tmp_path / "study.journal"))
    study = _study(storage=optuna.storages.JournalStorage(backend))
    folder = tmp_path / "plots"
    style, verbosity = dict(plt.rcParams), optuna.logging.get_verbosity()
    written = write_plots(study, folder)
    assert plt.get_fignums() == []
    changed = {key for key, value in style.items() if plt.rcParams[key] != value}
    assert changed <= {"backend", "backend_fallback"}  # resolved on first use
    assert optuna.logging.get_verbosity() == verbosity
    names = ["history", *(f"{kind}-{one}" for one in ("lgbm", "catboost") for kind in KINDS)]
    assert {*written} == {*folder.iterdir()} == {folder / f"{name}.png" for name in names}
    for path in written:
        height, width = image.imread(path).shape[:2]
        assert 300 < height < 800
        assert 400 < width < 2200


def test_categories_that_look_like_numbers_bring_no_remark(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_categorical("bins", [63, 127, 255]), n_trials=6)
    with caplog.at_level(logging.INFO):
        write_plots(study, tmp_path)
    assert not [one for one in caplog.records if one.name.startswith("matplotlib")]


def _one_candidate() -> optuna.Study:
    study = optuna.create_study(study_name="tuning", direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("model.rate", 0, 1), n_trials=5)
    return study


def test_a_study_of_one_candidate_is_plotted_whole(tmp_path: Path) -> None:
    names = {path.name for path in write_plots(_one_candidate(), tmp_path)}
    assert names == {"history.png", "importances.png", "slice.png", "parallel.png"}


def test_several_objectives_show_the_front_instead_of_a_history(tmp_path: Path) -> None:
    names = {path.name for path in write_plots(_study(directions=2), tmp_path)}
    assert {"pareto-front.png", "slice-lgbm-value-0.png", "slice-lgbm-value-1.png"} <= names
    assert not any(name.startswith("history") for name in names)


@pytest.mark.parametrize("n_trials", [0, 1])
def test_too_few_trials_give_no_plots(tmp_path: Path, n_trials: int) -> None:
    assert write_plots(_study(n_trials=n_trials), tmp_path / "plots") == []


def test_a_candidate_with_one_trial_is_in_the_history_only(tmp_path: Path) -> None:
    names = {path.stem for path in write_plots(_study(n_trials=2), tmp_path)}
    assert names == {"history"}


def test_candidates_without_parameters_have_a_history(tmp_path: Path) -> None:
    study = optuna.create_study()
    study.optimize(lambda trial: trial.suggest_categorical("candidate", ["a", "b"]) == "a", 4)
    assert {path.name for path in write_plots(study, tmp_path)} == {"history.png"}


def test_a_plot_that_fails_is_logged_and_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "history.png").mkdir()
    with caplog.at_level(logging.WARNING):
        written = write_plots(_one_candidate(), tmp_path)
    assert tmp_path / "history.png" not in written
    assert tmp_path / "slice.png" in written
    assert "tuning: value of each trial could not be drawn" in caplog.text


def test_extracted_trials_keep_numbers_values_and_short_names() -> None:
    study = _study()
    own = extract(study, "catboost", 0)
    theirs = [one for one in study.trials if one.params["candidate"] == "catboost"]
    complete = [one for one in own.trials if one.state == optuna.trial.TrialState.COMPLETE]
    assert [one.number for one in complete] == [one.number for one in theirs]
    assert [one.value for one in complete] == [one.value for one in theirs]
    assert all(set(one.params) == {"rate", "depth"} for one in complete)


def test_short_names_stay_distinct() -> None:
    names = {"a/model.rate", "a/features.rate", "a/model.depth", "candidate"}
    assert short_names(names, "a") == {
        "a/model.rate": "model.rate",
        "a/features.rate": "features.rate",
        "a/model.depth": "depth",
    }
