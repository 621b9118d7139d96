"""Inner folds choose rounds, calibration and threshold, and keep travel groups whole."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from xgboost import XGBClassifier

from spaceship.errors import ConfigError, DataError
from spaceship.evaluation.cross_validation import decision_threshold
from spaceship.features.raw import RawFeatures
from spaceship.model.blend import Blend
from spaceship.model.catboost import CategoryCatBoost
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import Calibration, InnerIterations, with_inner_choices
from spaceship.model.lightgbm import FrameLGBMClassifier
from spaceship.model.pipeline import build_pipeline
from spaceship.model.rounds import loss_by_rounds
from spaceship.registry import packaging
from spaceship.split.folds import inner_folds
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.tasks import built_in, fields, harvest

People = tuple[pd.DataFrame, Any]
SILENT: dict[str, Any] = {"allow_writing_files": False, "logging_level": "Silent"}
BOOSTERS = {
    "lgbm": LGBMClassifier(n_estimators=60, learning_rate=0.3, verbose=-1, n_jobs=1),
    "catboost": CategoryCatBoost(iterations=60, learning_rate=0.5, thread_count=1, **SILENT),
    "hist_gradient_boosting": HistGradientBoostingClassifier(max_iter=60, learning_rate=0.3),
}
WATCHED = {
    "lgbm": (LGBMClassifier, FrameLGBMClassifier),
    "catboost": (CatBoostClassifier, CategoryCatBoost),
}
"""Classes of libraries, which fit every round, and those that watch the loss of other rows."""


def candidate(estimator: Any, n_folds: int = 3, **choices: Any) -> Any:
    """Return a candidate whose choices rest on a few inner folds, not on five, at every level."""
    pipeline = build_pipeline(RawFeatures(), Encoding.ONEHOT, estimator)
    made = with_inner_choices(pipeline, built_in(), **choices, seed=0)
    folds = [name for name in made.get_params() if name.endswith("n_folds")]
    return made.set_params(**dict.fromkeys(folds, n_folds))


def forest() -> Any:
    return RandomForestClassifier(n_estimators=20, min_samples_leaf=3, random_state=0)


def test_nothing_to_choose_leaves_the_pipeline_as_it_is() -> None:
    assert [name for name, _ in candidate(forest()).steps] == ["features", "encoding", "estimator"]


@pytest.mark.parametrize("name", BOOSTERS)
def test_rounds_that_only_fit_noise_are_not_taken(people: People, name: str) -> None:
    fitted = candidate(BOOSTERS[name], iterations="inner_cv").fit(*people)
    chosen = fitted[-1]
    assert isinstance(chosen, InnerIterations)
    assert max(chosen.curve_) == 120
    assert chosen.rounds_ == min(chosen.curve_, key=lambda rounds: chosen.curve_[rounds])
    assert chosen.rounds_ < 60


def test_one_inner_fold_chooses_rounds_by_its_own_losses(people: People) -> None:
    every, one = (
        candidate(BOOSTERS["lgbm"], iterations=f"inner_{kind}").fit(*people)[-1]
        for kind in ("cv", "fold")
    )
    assert one.n_used == 1
    assert one.rounds_ == min(one.curve_, key=lambda rounds: one.curve_[rounds])
    assert one.curve_ != every.curve_


@pytest.mark.parametrize("kind", ["fold", "cv"])
def test_a_table_too_small_for_folds_has_the_configured_rounds_or_is_told(
    people: People, kind: str
) -> None:
    """One fold is a default, so that it must do for every table; all folds are asked for."""
    frame, labels = people
    rare = np.zeros(len(labels), dtype=bool)
    rare[:2] = True
    chosen = candidate(BOOSTERS["lgbm"], n_folds=5, iterations=f"inner_{kind}")
    task = built_in().to_plain()
    blend = Blend(
        [chosen[-1].pipeline[:-1]], [(0, BOOSTERS["lgbm"])], task, iterations=[f"inner_{kind}"]
    )
    if kind == "cv":
        for one in (chosen, blend):
            with pytest.raises(DataError, match="only 2 rows labelled"):
                one.fit(frame, rare)
    else:
        assert chosen.fit(frame, rare)[-1].rounds_ == 60
        ((_, (fitted,)),) = blend.fit(frame, rare).fitted_members_
        assert fitted.n_estimators == 60


def test_xgboost_chooses_its_rounds_too(people: People) -> None:
    booster = XGBClassifier(n_estimators=60, learning_rate=0.3, n_jobs=1)
    fitted = candidate(booster, iterations="inner_cv").fit(*people)
    assert fitted[-1].rounds_ < 60


def test_a_forest_has_no_rounds_to_choose(people: People) -> None:
    with pytest.raises(ConfigError, match=r"model\.iterations=fixed for RandomForestClassifier"):
        candidate(forest(), iterations="inner_cv").fit(*people)


@pytest.mark.parametrize("method", ["isotonic", "sigmoid", "temperature"])
def test_calibration_changes_probabilities_and_can_be_stored(
    people: People, task: Task, method: str, tmp_path: Path
) -> None:
    frame, labels = people
    plain = candidate(forest()).fit(frame, labels).predict_proba(frame)
    fitted = candidate(forest(), calibration=method).fit(frame, labels)
    mended = fitted.predict_proba(frame)
    assert not np.allclose(plain, mended)
    np.testing.assert_allclose(mended.sum(axis=1), 1)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(frame), mended)


def test_a_tuned_threshold_is_what_predictions_and_figures_go_by(
    people: People, task: Task, tmp_path: Path
) -> None:
    frame, labels = people
    many = labels | (np.arange(len(labels)) % 3 == 0)
    fitted = candidate(forest(), threshold="tuned").fit(frame, many)
    threshold = decision_threshold(fitted)
    assert threshold != 0.5
    chance = fitted.predict_proba(frame)[:, 1]
    np.testing.assert_array_equal(fitted.predict(frame), chance > threshold)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    assert decision_threshold(loaded) == threshold
    np.testing.assert_array_equal(loaded.predict(frame), fitted.predict(frame))


@pytest.mark.slow
def test_all_choices_together(people: People) -> None:
    frame, labels = people
    choices = {"iterations": "inner_cv", "calibration": "sigmoid", "threshold": "tuned"}
    quick = LGBMClassifier(n_estimators=10, num_leaves=4, verbose=-1, n_jobs=1)
    fitted = candidate(quick, 2, **choices).fit(frame, labels)
    assert ((fitted.predict_proba(frame)[:, 1] > 0.5) == labels).mean() > 0.6


def test_inner_folds_keep_travel_groups_whole(task: Task) -> None:
    ids = pd.Series([f"{row // 3:04d}_{row % 3 + 1:02d}" for row in range(90)])
    names = task.group_names(ids.to_frame("PassengerId"))
    folds = inner_folds(names, np.arange(90) % 2 == 0, task, n_splits=4, seed=1)
    groups = ids.str[:4].to_numpy()
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(90))
    assert all(not set(groups[train]) & set(groups[test]) for train, test in folds)


def test_a_library_that_stops_early_cannot_be_asked_for_every_round(people: People) -> None:
    early = HistGradientBoostingClassifier(max_iter=400, early_stopping=True, n_iter_no_change=2)
    with pytest.raises(ConfigError, match=r"stopped early.*model\.iterations=fixed"):
        candidate(early, iterations="inner_cv").fit(*people)


def test_too_few_travel_groups_for_inner_folds_are_told(task: Task) -> None:
    ids = pd.Series([f"{row // 4:04d}_{row % 4 + 1:02d}" for row in range(12)])
    names = task.group_names(ids.to_frame("PassengerId"))
    with pytest.raises(DataError, match="3 travel groups"):
        inner_folds(names, [True, False] * 6, task, n_splits=5, seed=1)


def test_a_class_too_rare_to_be_calibrated_is_named() -> None:
    task = fields(Problem.MULTICLASS, grouped=False, classes=["a", "b", "rare"])
    frame = harvest(task, size=40)
    labels = np.array(["a", "b"] * 19 + ["a", "rare"], dtype=object)
    frame[task.label] = pd.Series(labels, dtype="str")
    pipeline = build_pipeline(RawFeatures(task.to_plain()), Encoding.ONEHOT, forest())
    made = with_inner_choices(pipeline, task, calibration=Calibration.ISOTONIC)
    with pytest.raises(DataError, match=r"too few of 'rare'; give more .* set calibration=none"):
        made.fit(frame, task.target(frame))


@pytest.mark.parametrize("name", ["lgbm", "catboost"])
def test_a_fit_for_one_inner_fold_stops_once_rounds_do_not_help(people: People, name: str) -> None:
    """Up to the best number its losses are those of the library itself, which fits every round."""
    known = BOOSTERS[name].get_params()
    whole, stopped = (
        candidate(one(**known), iterations="inner_fold").fit(*people)[-1] for one in WATCHED[name]
    )
    assert max(stopped.curve_) == stopped.rounds_ < max(whole.curve_)
    for rounds in stopped.curve_.keys() & whole.curve_.keys():
        assert stopped.curve_[rounds] == pytest.approx(whole.curve_[rounds])
    assert stopped.curve_[stopped.rounds_] <= min(whole.curve_.values()) + 1e-9


@pytest.mark.parametrize("name", ["lgbm", "catboost"])
def test_a_class_that_only_the_other_rows_have_stops_no_fit(name: str) -> None:
    task = fields(Problem.MULTICLASS, grouped=False, classes=["a", "rare", "b"])
    labels = np.array([0, 2] * 20)
    labels[-1] = 1
    columns = pd.DataFrame({"size": np.arange(40.0)})
    parts = columns[:30], labels[:30], columns[30:], labels[30:]
    estimator = WATCHED[name][1](**BOOSTERS[name].get_params())
    _, losses = loss_by_rounds(estimator, [parts], task, alone=True)
    known = columns[:30], labels[:30], columns[30:-1], labels[30:-1]
    _, without = loss_by_rounds(estimator, [known], task, alone=True)
    assert [*losses] == [*without]
