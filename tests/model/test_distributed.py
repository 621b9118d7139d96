"""Trees grown by workers of a real Dask cluster: the same each time, stored as a plain model."""

import json
import os
import signal
from multiprocessing import active_children
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("distributed")
import dask

from spaceship.engine.dask import DaskEngine
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError
from spaceship.model.distributed import growing_workers, grown_on
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
    """Give fits on two clusters, whose clients ask far oftener than they use to who is there."""
    X, y = rows
    made = []
    for _ in range(2):
        with (
            dask.config.set({"distributed.client.scheduler-info-interval": "5ms"}),
            grown_on(DaskEngine(2), LGBM),
        ):
            made += [FrameLGBMClassifier(**SETTINGS).fit(X, y) for _ in range(5)]
            with pytest.raises(ConfigError, match="1,500 in all in a fit; take fewer workers"):
                FrameLGBMRegressor(**SETTINGS).fit(X[:1500], y[:1500].astype(float))
            with pytest.raises(ConfigError, match="a class of 1 in a fit"):
                FrameLGBMClassifier(**SETTINGS).fit(X, X.index == 7)
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
def test_trees_of_several_workers_keep_constraints(rows: Rows) -> None:
    signs = {"a": -1, "not there": 1}
    with grown_on(DaskEngine(2), LGBM):
        model = FrameLGBMClassifier(**SETTINGS, monotone_constraints=signs).fit(*rows)
    assert model.get_params()["monotone_constraints"] == {"a": -1}
    alike = rows[0].iloc[[0] * 40].assign(a=np.linspace(-3, 3, 40))
    assert (np.diff(model.predict_proba(alike)[:, 1]) <= 0).all()


@pytest.mark.slow
def test_a_worker_that_ends_ends_the_fit(rows: Rows) -> None:
    X, y = rows
    with (
        grown_on(DaskEngine(2), LGBM),
    ):
        assert growing_workers() == 2
        os.kill(int(active_children()[0].pid or 0), signal.SIGKILL)
        with pytest.raises(ConfigError, match="until a fit ends, found 1 that ended; run the"):
            FrameLGBMRegressor(**SETTINGS).fit(X, y.astype(float))
    assert growing_workers() == 0


def test_other_models_and_engines_are_refused() -> None:
    blend = {"members": [LGBM, {"name": "svm", "estimator": {"_target_": "sklearn.svm.SVC"}}]}
    with (
        pytest.raises(ConfigError, match="found svm; choose model=lgbm"),
        grown_on(DaskEngine(2), blend),
    ):
        pass
    with (
        pytest.raises(ConfigError, match="an engine that fits models"),
        grown_on(LocalEngine(2), LGBM),
    ):
        pass


@pytest.mark.slow
def test_a_command_trains_on_a_cluster(shell: Shell) -> None:
    words = ("mode=train", "engine=dask", "engine.workers=2", *QUICK, "data.n_groups=5000")
    done = shell(*words, "model=lgbm", "model.estimator.n_estimators=20", "split.n_folds=3")
    assert done.returncode == 0, done.stderr
    assert "Trees are grown by 2 workers of Dask" in done.stderr + done.stdout
    assert "Verdict: champion" in done.stdout
    for name in ("report.json", "provenance.json"):
        kept = [json.loads(path.read_text()) for path in shell.outputs.rglob(name)]
        assert {one["grown_by"] for one in kept} == {2}
    assert shell("mode=inference", "data.n_groups=5000").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("mode=train", "model=svm"), "found svm; choose model=lgbm, or leave engine=dask out"),
        (("mode=pp",), "expected a mode that works on a cluster, found mode=pp engine=dask; leave"),
        (("mode=history",), "found mode=history engine=dask; leave engine= out"),
        (("mode=tune",), "found mode=tune engine=dask; leave engine= out"),
        (("-m", "mode=train", "model=lgbm", "seed=1,2"), "expected one job on a cluster, found a"),
    ],
)
def test_commands_without_use_for_a_cluster_refuse_it(
    shell: Shell, words: tuple[str, ...], refusal: str
) -> None:
    done = shell(*words, "engine=dask", *QUICK)
    assert (done.returncode, refusal in done.stderr) == (2, True), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ray", "pyspark"])
def test_other_engines_do_not_fit(shell: Shell, name: str) -> None:
    pytest.importorskip(name)
    done = shell("mode=train", "model=lgbm", f"engine={name.removeprefix('py')}", *QUICK)
    assert done.returncode == 2
    assert "expected an engine that fits models, found mode=train engine=" in done.stderr
