"""Promises of every candidate, for each YAML in configs/model."""

import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf
from sklearn.base import clone, is_classifier

from spaceship.config.build import build
from spaceship.config.resolvers import register_resolvers
from spaceship.features.raw import RawFeatures
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging
from spaceship.task.spaceship_titanic.columns import COLUMNS, SPENDS
from spaceship.task.task import Task
from tests.foundation import MISSING, PACKAGES, weights

ROOT = Path(__file__).resolve().parents[2]
YAMLS = {path.stem: path for path in sorted((ROOT / "configs" / "model").glob("*.yaml"))}
FAST = {"n_estimators": 30, "iterations": 30, "max_iter": 300}
BOOSTERS = {"catboost", "catboost_table", "hist_gradient_boosting", "lgbm", "lgbm_table", "xgboost"}
NOT_ALONE = {"blend", "champion"}
"""What is made of other candidates."""


def node(name: str) -> DictConfig:
    """Load a candidate as it stands below `model` in the whole config."""
    register_resolvers()
    config = OmegaConf.create({"seed": 42, "threads": 1, "model": OmegaConf.load(YAMLS[name])})
    model: DictConfig = config.model
    return model


@pytest.fixture(params=sorted(set(YAMLS) - NOT_ALONE))
def model(request: pytest.FixtureRequest) -> DictConfig:
    made = node(request.param)
    if request.param in PACKAGES:
        pytest.importorskip(request.param, reason=f"{request.param} {MISSING}")
        made.estimator.update({"weights": str(weights()), "device": "cpu"})
    return made


@cache
def passengers() -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(3)
    size = 300
    asleep = rng.random(size) < 0.4
    planets = np.array(["Earth", "Europa", "Mars"])[rng.integers(0, 3, size)]
    decks, numbers = np.array(list("BEFG"))[rng.integers(0, 4, size)], rng.integers(0, 900, size)
    spends = {name: np.where(asleep, 0.0, rng.integers(0, 900, size)) for name in SPENDS}
    frame = pd.DataFrame(spends).assign(
        PassengerId=[f"{row // 2:04d}_{row % 2 + 1:02d}" for row in range(size)],
        HomePlanet=planets,
        CryoSleep=asleep,
        Cabin=[f"{deck}/{number}/P" for deck, number in zip(decks, numbers, strict=True)],
        Destination="TRAPPIST-1e",
        Age=rng.integers(0, 80, size).astype(float),
        VIP=False,
        Name="Ann Bee",
    )
    frame = frame.mask(rng.random(frame.shape) < 0.02)
    frame["PassengerId"] = [f"{row // 2:04d}_{row % 2 + 1:02d}" for row in range(size)]
    return frame[list(COLUMNS)], asleep ^ (rng.random(size) < 0.1)


def quick(model: DictConfig) -> Any:
    """Build the candidate's pipeline with few trees."""
    estimator = build(model.estimator)
    few = {key: value for key, value in FAST.items() if key in estimator.get_params(deep=False)}
    few = {"n_estimators": 2} if model.name in PACKAGES else few
    return build_pipeline(RawFeatures(), model.encoding, estimator.set_params(**few))


def plain(node: DictConfig) -> Any:
    return OmegaConf.to_container(node)


def leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from leaves(value, here)
        else:
            yield here, value


def test_is_named_like_its_file(model: DictConfig) -> None:
    assert model.name in YAMLS
    own = {"iterations", "bags"} if model.name in BOOSTERS else set()
    own |= {"monotone"} if hasattr(build(model.estimator), "monotone") else set()
    assert set(model) == {"name", "encoding", "estimator", "search_space"} | own


def test_search_space_is_a_sweep_over_declared_defaults(model: DictConfig) -> None:
    space = dict(leaves(plain(model.search_space)))
    defaults = dict(leaves({"estimator": plain(model.estimator)}))
    assert space
    for path, sweep in space.items():
        assert path in defaults, f"{path} has no default"
        override = OverridesParser.create().parse_override(f"model.{path}={sweep}")
        assert override.is_sweep_override(), f"{path}: {sweep!r} is no sweep"


def test_fits_and_predicts_probabilities_without_a_warning(model: DictConfig) -> None:
    frame, labels = passengers()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = quick(model).fit(frame, labels)
        probabilities = fitted.predict_proba(frame)
    assert probabilities.shape == (300, 2)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    if model.name not in PACKAGES:  # whose weights are drawn at random here
        assert ((probabilities[:, 1] > 0.5) == labels).mean() > 0.8
    assert ((probabilities[:, 1] > 0.5) == fitted.predict(frame)).all()
    assert is_classifier(fitted)
    assert fitted.classes_.tolist() == [False, True]


def test_takes_unseen_categories_and_blank_rows(model: DictConfig) -> None:
    frame, labels = passengers()
    strange = frame.head(6).assign(HomePlanet="Pluto", Cabin="Z/1/Q")
    strange.loc[3:, list(COLUMNS[1:])] = np.nan
    fitted = quick(model).fit(frame, labels)
    probabilities = fitted.predict_proba(strange)
    assert np.isfinite(probabilities).all()
    alone = [fitted.predict_proba(strange.iloc[[row]]) for row in range(6)]
    np.testing.assert_allclose(np.vstack(alone), probabilities, rtol=1e-12)


def test_same_seed_same_bits_also_in_a_clone(model: DictConfig) -> None:
    frame, labels = passengers()
    pipeline = quick(model)
    first = clone(pipeline).fit(frame, labels).predict_proba(frame)
    second = clone(pipeline.fit(frame, labels)).fit(frame, labels).predict_proba(frame)
    np.testing.assert_array_equal(first, second)


def test_is_stored_and_loaded(model: DictConfig, task: Task, tmp_path: Path) -> None:
    frame, labels = passengers()
    fitted = quick(model).fit(frame, labels)
    packaging.save(fitted, tmp_path / "model", frame, task)
    loaded = packaging.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_proba(frame), fitted.predict_proba(frame))
