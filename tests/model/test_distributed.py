"""Trees grown by workers of a real Dask cluster: the same each time, stored as a plain model."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("distributed")
from spaceship.engine.dask import DaskEngine
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError
from spaceship.model.distributed import grown_on
from spaceship.model.lightgbm import FrameLGBMClassifier, FrameLGBMRegressor
from tests.commands import QUICK, Shell

LGBM = {"name": "lgbm", "estimator": {"_target_": "spaceship.model.lightgbm.FrameLGBMClassifier"}}
SETTINGS: dict[str, Any] = {"n_estimators": 10, "verbose": -1, "deterministic": True, "n_jobs": 1}
Rows = tuple[pd.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """Give rows sorted by their label, so that a plain cut would leave a worker one class."""
    draw = np.random.default_rng(1)
    X = pd.DataFrame(draw.normal(size=(4000, 3)), columns=["a", "b", "c"])
    X["planet"] = pd.Categorical(draw.choice(["Earth", "Mars"], 4000))
    y = np.asarray(X["a"] + (X["planet"] == "Mars") + draw.normal(size=4000) > 0)
    order = np.argsort(y, kind="stable")
    return X.iloc[order].reset_index(drop=True), y[order]


def trees(model: FrameLGBMClassifier | FrameLGBMRegressor) -> str:
    return str(model.booster_.model_to_string())


@pytest.fixture(scope="module")
def grown(rows: Rows) -> list[FrameLGBMClassifier]:
    """Give two fits on one cluster, within its use, and one on another cluster."""
    made = []
    for times in (2, 1):
        with grown_on(DaskEngine(2), LGBM):
            made += [FrameLGBMClassifier(**SETTINGS).fit(*rows) for _ in range(times)]
    return made


@pytest.mark.slow
def test_every_cluster_of_as_many_workers_grows_the_same_trees(
    rows: Rows, grown: list[FrameLGBMClassifier]
) -> None:
    assert len({trees(one) for one in grown}) == 1
    alone = FrameLGBMClassifier(**SETTINGS).fit(*rows)
    assert trees(alone) != trees(grown[0])
    found, usual = (one.predict_proba(rows[0])[:, 1] for one in (grown[0], alone))
    assert np.abs(found - usual).mean() < 0.05
    assert ((found > 0.5) == rows[1]).mean() > ((usual > 0.5) == rows[1]).mean() - 0.02


@pytest.mark.slow
def test_the_model_is_a_plain_one(grown: list[FrameLGBMClassifier]) -> None:
    assert grown[0].get_params() == FrameLGBMClassifier(**SETTINGS).get_params()
    assert type(grown[0]) is FrameLGBMClassifier
    assert "machines" not in trees(grown[0])
    assert "127.0.0.1" not in str(vars(grown[0]))


@pytest.mark.slow
def test_few_rows_and_rare_classes_are_fitted_here(rows: Rows) -> None:
    X, y = rows
    alone = FrameLGBMRegressor(**SETTINGS)
    with grown_on(DaskEngine(2), LGBM):
        few = FrameLGBMRegressor(**SETTINGS).fit(X[:1500], y[:1500].astype(float))
        rare = FrameLGBMClassifier(**SETTINGS).fit(X, X.index == 7)
        many = FrameLGBMRegressor(**SETTINGS).fit(X, y.astype(float))
    assert trees(few) == trees(alone.fit(X[:1500], y[:1500].astype(float)))
    assert trees(rare) == trees(FrameLGBMClassifier(**SETTINGS).fit(X, X.index == 7))
    assert trees(many) != trees(alone.fit(X, y.astype(float)))


def test_other_models_and_engines_are_refused() -> None:
    blend = {"members": [LGBM, {"name": "svm", "estimator": {"_target_": "sklearn.svm.SVC"}}]}
    with (
        pytest.raises(ConfigError, match="found svm; choose model=lgbm"),
        grown_on(DaskEngine(2), blend),
    ):
        pass
    with pytest.raises(ConfigError, match="an engine that trains"), grown_on(LocalEngine(2), LGBM):
        pass


@pytest.mark.slow
def test_a_command_trains_on_a_cluster(shell: Shell) -> None:
    words = ("mode=train", "engine=dask", "engine.workers=2", *QUICK, "data.n_groups=2500")
    refused = shell(*words, "model=logistic_regression")
    assert (refused.returncode, "found logistic_regression" in refused.stderr) == (2, True)
    done = shell(*words, "model=lgbm", "model.estimator.n_estimators=20", "split.n_folds=2")
    assert done.returncode == 0, done.stderr
    assert "Trees are grown by 2 workers of Dask" in done.stdout
    assert "Verdict: champion" in done.stdout
    assert shell("mode=inference", "data.n_groups=2500").returncode == 0
    swept = shell("mode=tune", "engine=dask", *QUICK)
    assert swept.returncode == 2
    assert "expected one job with engine=" in swept.stderr
