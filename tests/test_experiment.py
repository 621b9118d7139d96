"""What a config describes: the recipe in production, the store, the protocol, the policy."""

import json
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.trial import reporting_to
from spaceship import experiment as parts
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.data.local import LocalData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError, TrackingError
from spaceship.evaluation.twins import Protocol
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.store import Store

RAW = {"_target_": "spaceship.task.spaceship_titanic.features.raw.RawFeatures"}
BASELINE = {"_target_": "spaceship.task.spaceship_titanic.features.baseline.BaselineFeatures"}
LOGISTIC = {
    "name": "logistic_regression",
    "encoding": "onehot",
    "estimator": {
        "_target_": "sklearn.linear_model.LogisticRegression",
        "C": 0.3,
        "random_state": "${seed}",
    },
    "search_space": {"estimator": {"C": "tag(log, interval(0.001, 100.0))"}},
}
LGBM = {
    "name": "lgbm",
    "encoding": "native",
    "estimator": {"_target_": "lightgbm.LGBMClassifier", "random_state": "${seed}"},
}
IN_PRODUCTION = {
    "name": "lgbm",
    "encoding": "native",
    "estimator": {
        "_target_": "lightgbm.LGBMClassifier",
        "n_estimators": 3,
        "random_state": "${seed}",
        "n_jobs": "${threads}",
    },
    "features": BASELINE,
}
CHAMPION_MODEL = {"name": "champion", "fallback": LOGISTIC}


def config(store: Store, **changes: Any) -> DictConfig:
    register_resolvers()
    content = {
        "seed": 7,
        "threads": 1,
        "paths": {"outputs": str(Path(str(store.artifacts)).parent)},
        "data": {
            "_target_": "spaceship.data.synthetic.SyntheticData",
            "n_groups": 30,
            "seed": 1,
            "drift": 0.0,
            "test_fraction": 0.3,
        },
        "features": RAW,
        "model": LGBM,
        "calibration": "none",
        "threshold": 0.5,
        "split": {"holdout_fraction": 0.25, "salt": "pepper", "n_folds": 3},
        "tracking": {
            "uri": store.uri,
            "artifacts": store.artifacts,
            "experiment": store.experiment,
        },
    }
    return OmegaConf.create(content | changes)


def enthrone(registry: Registry, folder: Path, tags: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    registry.move(CHAMPION, registry.register(folder, run_id, tags), "test")


def test_a_named_models_recipe_is_what_builds_it_and_nothing_else(store: Store) -> None:
    recipe = parts.recipe(config(store, model=LOGISTIC), features_chosen=False)
    wanted = {key: LOGISTIC[key] for key in ("name", "encoding", "estimator")}
    silent = {"iterations": "fixed", "calibration": "none", "threshold": 0.5}
    assert recipe == {**wanted, **silent, "features": RAW}
    assert json.loads(json.dumps(recipe)) == recipe


@pytest.mark.parametrize("chosen", [False, True])
def test_until_there_is_a_champion_the_fallback_is_trained(store: Store, *, chosen: bool) -> None:
    recipe = parts.recipe(config(store, model=CHAMPION_MODEL), features_chosen=chosen)
    assert recipe["name"] == "logistic_regression"
    assert recipe["features"] == RAW


def test_the_champions_own_recipe_is_trained_unless_features_are_chosen(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    enthrone(registry, tmp_path / "model", {"recipe": json.dumps(IN_PRODUCTION)})
    cfg = config(store, model=CHAMPION_MODEL)
    assert parts.recipe(cfg, features_chosen=False) == IN_PRODUCTION
    tuned = config(store, model=CHAMPION_MODEL, threshold="tuned", calibration="sigmoid")
    named = parts.recipe(tuned, features_chosen=False, named=["threshold"])
    assert named == {**IN_PRODUCTION, "threshold": "tuned"}
    chosen = parts.recipe(cfg, features_chosen=True)
    assert chosen == {**IN_PRODUCTION, "features": RAW}
    named = parts.recipe(config(store, model=LOGISTIC), features_chosen=False)
    assert named["name"] == "logistic_regression"


def test_a_champion_of_unknown_recipe_is_replaced_by_the_fallback(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    enthrone(registry, tmp_path / "model", {})
    recipe = parts.recipe(config(store, model=CHAMPION_MODEL), features_chosen=False)
    assert recipe["name"] == "logistic_regression"


def test_a_champion_of_other_data_does_not_count(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    enthrone(registry, tmp_path / "model", {"recipe": json.dumps(IN_PRODUCTION)})
    local = {"_target_": "spaceship.data.local.LocalData", "dir": str(tmp_path)}
    cfg = config(store, model=CHAMPION_MODEL, data=local)
    assert parts.registry(cfg).model == "spaceship-local"
    assert isinstance(parts.data_source(cfg), LocalData)
    assert parts.recipe(cfg, features_chosen=False)["name"] == "logistic_regression"


@pytest.mark.parametrize("threads", [0, -2, "abc", 1.5, None, True])
def test_threads_that_crash_a_library_are_refused(store: Store, threads: object) -> None:
    cfg = config(store, model=LOGISTIC, threads=threads)
    recipe = parts.recipe(cfg, features_chosen=False)
    with pytest.raises(ConfigError, match="expected threads to be 1 or more, or -1"):
        parts.pipeline(cfg, recipe)


@pytest.mark.parametrize("seed", [7, 8])
def test_a_stored_recipe_takes_seed_and_threads_of_the_day(store: Store, seed: int) -> None:
    pipeline = parts.pipeline(config(store, seed=seed), IN_PRODUCTION)
    assert list(pipeline.named_steps) == ["features", "encoding", "estimator"]
    estimator = pipeline.named_steps["estimator"]
    assert estimator.random_state == seed
    assert (estimator.n_estimators, estimator.n_jobs) == (3, 1)
    assert type(pipeline.named_steps["features"]).__name__ == "BaselineFeatures"


def test_a_recipe_that_cannot_be_built_is_the_users(store: Store) -> None:
    wrong = {**IN_PRODUCTION, "encoding": "ordinal"}
    with pytest.raises(ConfigError, match="encoding must be one of"):
        parts.pipeline(config(store), wrong)
    evil = {**IN_PRODUCTION, "estimator": {"_target_": "joblib.load", "filename": "x"}}
    with pytest.raises(ConfigError, match=r"found 'joblib\.load'"):
        parts.pipeline(config(store), evil)


def test_passengers_are_kept_below_outputs(store: Store) -> None:
    cfg = config(store)
    people = parts.passengers(cfg)
    source = parts.data_source(cfg)
    assert isinstance(source, SyntheticData)
    assert people.digest == source.load().digest
    folder = parts.outputs(cfg) / "data" / "synthetic" / source.fingerprint()[:16]
    assert (folder / "train.parquet").is_file()


def test_trials_of_a_sweep_look_at_the_data_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[SyntheticData] = []

    def fingerprint(source: SyntheticData) -> str:
        asked.append(source)
        return real(source)

    real = SyntheticData.fingerprint
    monkeypatch.setattr(SyntheticData, "fingerprint", fingerprint)
    with reporting_to(lambda *_: False):
        people = parts.passengers(config(store))
        looks = len(asked)
        assert parts.passengers(config(store)) is people
        assert parts.data_source(config(store)) is asked[0]
        assert len(asked) == looks
        other = config(store)
        other.data.n_groups = 31
        assert parts.passengers(other).digest != people.digest
    looks = len(asked)
    assert parts.passengers(config(store)).digest == people.digest
    assert len(asked) > looks
    assert parts.data_source(config(store)) is not parts.data_source(config(store))


def test_store_registry_and_protocol_are_what_the_config_says(store: Store) -> None:
    cfg = config(store)
    assert parts.store(cfg) == store
    registry = parts.registry(cfg)
    assert registry.model == "spaceship-synthetic"
    assert registry.lock_folder == parts.outputs(cfg) / "locks"
    assert parts.protocol(cfg) == Protocol(0.25, "pepper", 3, 7)
    with pytest.raises(TrackingError, match=r"add tracking\.uri="):
        parts.store(config(store, tracking={"uri": None, "artifacts": None, "experiment": "x"}))


def test_outputs_are_absolute_and_may_start_at_home(store: Store) -> None:
    assert parts.outputs(config(store, paths={"outputs": "here"})) == Path.cwd() / "here"
    assert parts.outputs(config(store, paths={"outputs": "~/o"})) == Path.home() / "o"


def test_the_gates_seeds_arrive_as_plain_numbers(store: Store) -> None:
    repeats = {"_target_": "spaceship.gate.rule.repeats.Repeats", "seeds": ["${seed}", 8, 9]}
    node = {"_target_": "spaceship.gate.policy.Gate", "repeats": repeats}
    policy = parts.gate(config(store, gate=node))
    assert list(policy.cv_seeds) == [7, 8, 9]


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_forced_gate_wants_a_reason(store: Store, reason: str | None) -> None:
    floor = {"_target_": "spaceship.gate.rule.floor.Floor"}
    node = {"_target_": "spaceship.gate.policy.Gate", "force": True, "floor": floor}
    with pytest.raises(ConfigError, match="reason='"):
        parts.gate(config(store, gate=node, reason=reason))
    assert parts.gate(config(store, gate=node, reason="the data were mended")).force


def test_a_feature_sets_name_is_that_of_its_file() -> None:
    assert parts.features_name({"features": BASELINE}) == "baseline"


@pytest.mark.parametrize(
    ("override", "chosen"),
    [
        ("features=raw", True),
        ("features.blocks=[cabin]", True),
        ("+features.more=1", True),
        ("model=lgbm", False),
        ("split.n_folds=3", False),
    ],
)
def test_features_are_chosen_by_name_or_by_a_change_to_them(override: str, *, chosen: bool) -> None:
    register_resolvers()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", [override], return_hydra_config=True)
    HydraConfig.instance().set_config(cfg)
    try:
        assert parts.features_chosen() is chosen
    finally:
        HydraConfig.instance().cfg = None
