"""The objects that a config describes: recipe, data, store, registry, protocol and gate."""

import json
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from hydra_plugins.spaceship_optuna.trial import reporting_to
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.data.cache import load_dataset
from spaceship.data.checks import checked
from spaceship.data.local import LocalData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError, RegistryError, TrackingError
from spaceship.experiment import Experiment
from spaceship.model.recipe import Recipe
from spaceship.model.recipe_name import features_name
from spaceship.registry.registry import CHAMPION, MODEL, Registry
from spaceship.task.task import Task
from spaceship.tracking.store import Store

RAW = {"_target_": "spaceship.features.raw.RawFeatures", "task": "${task}"}
BASELINE = {"_target_": "spaceship.task.spaceship_titanic.features.baseline.BaselineFeatures"}
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


def of(store: Store, *overrides: str) -> Experiment:
    """Return the experiment of a command line, on few passengers and in a test's store."""
    register_resolvers()
    places = [f"paths.outputs={Path(str(store.artifacts)).parent}", f"tracking.uri={store.uri}"]
    small = ["data.n_groups=30"] if not any("data=" in item for item in overrides) else []
    with initialize_config_dir(str(configs()), version_base="1.3"):
        cfg = compose("config", [*places, *small, *overrides])
    return Experiment.of(cfg, tuple(item.lstrip("+") for item in overrides))


def enthrone(registry: Registry, folder: Path, tags: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    run_id = registry.store.start_run("job", {})
    registry.aliases.move(CHAMPION, registry.register({MODEL: folder}, run_id, tags), "test")


def test_a_named_models_recipe_is_what_builds_it_and_nothing_else(store: Store) -> None:
    recipe = of(store, "model=lgbm", "features=raw").recipe().to_plain()
    assert set(recipe) == {
        *("name", "encoding", "estimator", "iterations", "bags", "monotone"),
        *("calibration", "threshold", "features"),
    }
    assert recipe["features"] == RAW
    assert recipe["estimator"]["random_state"] == "${seed}"
    assert json.loads(json.dumps(recipe)) == recipe


def test_until_there_is_a_champion_the_fallback_is_trained(store: Store) -> None:
    recipe = of(store, "features=raw").recipe()
    assert (recipe.name, recipe.features) == ("blend", RAW)
    members = [(one.name, one.bags, one.features) for one in recipe.members or ()]
    assert members == [("catboost", 3, RAW), ("lgbm", 1, RAW)]
    assert of(store, "model@model.fallback=lgbm").recipe().name == "lgbm"


def test_the_champions_own_recipe_is_trained_unless_the_command_line_says_otherwise(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    enthrone(registry, tmp_path / "model", {"recipe": json.dumps(IN_PRODUCTION)})
    assert of(store).recipe().to_plain() == IN_PRODUCTION
    assert of(store, "threshold=tuned").recipe().to_plain() == {
        **IN_PRODUCTION,
        "threshold": "tuned",
    }
    assert of(store, "features=raw").recipe().to_plain() == {**IN_PRODUCTION, "features": RAW}
    assert of(store, "features=full", "features.blocks=[cabin]").recipe().features["blocks"] == [
        "cabin"
    ]
    assert of(store, "split.n_folds=3").recipe().to_plain() == IN_PRODUCTION
    assert of(store, "model=logistic_regression").recipe().name == "logistic_regression"


@pytest.mark.parametrize("tag", [None, "", "no JSON", "[]", "{}", '{"name": 3}', "null", "\\ud800"])
def test_a_champion_without_a_recipe_is_not_replaced_by_the_fallback(
    store: Store, registry: Registry, tmp_path: Path, tag: str | None
) -> None:
    enthrone(registry, tmp_path / "model", {} if tag is None else {"recipe": tag})
    with pytest.raises(RegistryError, match="the recipe of version 1 of spaceship_titanic-synth"):
        of(store).recipe()
    assert of(store, "model=lgbm").recipe().name == "lgbm"


def test_a_champion_of_other_data_does_not_count(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    enthrone(registry, tmp_path / "model", {"recipe": json.dumps(IN_PRODUCTION)})
    experiment = of(store, "data=local", f"data.dir={tmp_path}")
    assert experiment.registry.model == "spaceship_titanic-local"
    assert isinstance(experiment.source, LocalData)
    assert experiment.recipe().features != BASELINE


@pytest.mark.parametrize("seed", [7, 8])
def test_a_stored_recipe_takes_seed_and_threads_of_the_job(store: Store, seed: int) -> None:
    pipeline = of(store, f"seed={seed}", "threads=1").pipeline(Recipe.from_plain(IN_PRODUCTION))
    assert list(pipeline.named_steps) == ["features", "encoding", "estimator"]
    estimator = pipeline.named_steps["estimator"]
    assert estimator.random_state == seed
    assert (estimator.n_estimators, estimator.n_jobs) == (3, 1)
    assert type(pipeline.named_steps["features"]).__name__ == "BaselineFeatures"


def test_a_recipe_that_cannot_be_built_is_the_users(store: Store) -> None:
    wrong = {**IN_PRODUCTION, "encoding": "ordinal"}
    with pytest.raises(ConfigError, match=r"model\.encoding to be"):
        Recipe.from_plain(wrong)
    evil = {**IN_PRODUCTION, "estimator": {"_target_": "joblib.load", "filename": "x"}}
    with pytest.raises(ConfigError, match=r"found 'joblib\.load'"):
        of(store).pipeline(Recipe.from_plain(evil))


def test_the_data_set_is_kept_below_outputs(store: Store) -> None:
    experiment = of(store)
    source = experiment.source
    assert isinstance(source, SyntheticData)
    data = checked(source.read(experiment.task), experiment.task)
    assert experiment.dataset.digest == data.digest
    _, folder = load_dataset(source, experiment.task, experiment.outputs)
    assert folder.parent == experiment.outputs / "data" / "spaceship_titanic" / "synthetic"
    assert (folder / "train.parquet").is_file()


def test_trials_of_a_sweep_look_at_the_data_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[SyntheticData] = []

    def fingerprint(source: SyntheticData, task: Task) -> str:
        asked.append(source)
        return real(source, task)

    real = SyntheticData.fingerprint
    monkeypatch.setattr(SyntheticData, "fingerprint", fingerprint)
    with reporting_to(lambda *_: False):
        dataset = of(store).dataset
        looks = len(asked)
        assert of(store).dataset is dataset
        assert len(asked) == looks
        assert of(store, "data.n_groups=31").dataset.digest != dataset.digest
    looks = len(asked)
    assert of(store).dataset.digest == dataset.digest
    assert len(asked) > looks
    assert of(store).source is not of(store).source


def test_store_registry_and_protocol_are_what_the_config_says(store: Store) -> None:
    experiment = of(store, "split.holdout_fraction=0.25", "split.salt=pepper", "seed=7")
    assert experiment.store == store
    assert of(store).store is of(store).store
    assert experiment.registry.model == "spaceship_titanic-synthetic"
    assert experiment.registry.lock_folder == experiment.outputs / "locks"
    protocol = experiment.protocol
    assert (protocol.holdout_fraction, protocol.salt) == (0.25, "pepper")
    assert (protocol.n_folds, protocol.seed) == (5, 7)
    with pytest.raises(TrackingError, match=r"add tracking\.uri="):
        _ = of(store, "tracking.uri=null").store


def test_outputs_are_absolute_and_may_start_at_home(store: Store) -> None:
    assert of(store, "paths.outputs=here").outputs == Path.cwd() / "here"
    assert of(store, "paths.outputs='~/o'").outputs == Path.home() / "o"


def test_the_gates_seeds_arrive_as_plain_numbers(store: Store) -> None:
    seeds = ["gate=strict", "gate.repeats.seeds=[${seed},8,9]", "seed=7"]
    assert list(of(store, *seeds).gate.cv_seeds) == [7, 8, 9]


@pytest.mark.parametrize("reason", ["null", "''", "'  '"])
def test_a_forced_gate_wants_a_reason(store: Store, reason: str) -> None:
    with pytest.raises(ConfigError, match="reason="):
        of(store, "gate.force=true", f"reason={reason}").check()
    assert of(store, "gate.force=true", "reason='the data were mended'").gate.force


@pytest.mark.parametrize("metric", ["holdout_accuracy", "accuracy"])
def test_no_model_is_selected_by_the_hold_out(store: Store, metric: str) -> None:
    with pytest.raises(ConfigError, match="cv_accuracy"):
        of(store, f"objective.metric={metric}").check()
    assert of(store, "objective.metric=[cv_brier,cv_ece]").objectives == ["cv_brier", "cv_ece"]


def test_a_data_node_of_another_kind_is_refused(store: Store) -> None:
    others = [f"~data.{key}" for key in ("n_groups", "seed", "drift", "test_fraction")]
    experiment = of(store, f"data._target_={RAW['_target_']}", *others)
    with pytest.raises(ConfigError, match="choose one of configs/data"):
        _ = experiment.source


def test_a_gate_node_of_another_kind_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="cannot be built from its config"):
        _ = of(store, f"gate._target_={RAW['_target_']}").gate


def test_a_feature_sets_name_is_that_of_its_file() -> None:
    assert features_name(BASELINE) == "baseline"
