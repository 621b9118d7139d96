"""Every choice of every config group composes and builds, the moment its YAML exists."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf
from sklearn.base import is_regressor

from scripts.bench.measure import experiment
from spaceship.config.build import build
from spaceship.config.resolvers import register_resolvers
from spaceship.config.secrets import loggable
from spaceship.config.settings import Data
from spaceship.config.shared_files import reserved
from spaceship.data._base import DataSource
from spaceship.errors import MissingDependencyError
from spaceship.experiment import Experiment
from spaceship.task.label import Problem
from spaceship.tracking.store import Store

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
CHOICES = sorted(
    (path.parent.relative_to(CONFIGS).as_posix(), path.stem)
    for path in CONFIGS.rglob("*.yaml")
    if path.parent not in {CONFIGS, CONFIGS / "hydra", CONFIGS / "local"}
)
OPTIONAL = {"xgboost"}
NEEDED = {
    ("tracking", "server"): ["tracking.uri=http://127.0.0.1:5000"],
    ("data", "sklearn"): ["task=wine"],
    ("data", "sql"): ["data.url=sqlite:///tables.db", "data.train=shops"],
}


def choices(*groups: str) -> list[tuple[str, str]]:
    return [choice for choice in CHOICES if choice[0] in groups]


TASKS = [choice for choice in choices("task") if choice[1] != "new"]
"""Every task; `new` holds the settings of mode=init."""


@cache
def composed(group: str, name: str) -> DictConfig:
    """Compose the whole config with one choice made, as the command line would; not to change."""
    register_resolvers()
    chosen = f"+gate/rule@gate.one_more={name}" if group == "gate/rule" else f"{group}={name}"
    overrides = [chosen, *NEEDED.get((group, name), [])]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        cfg = compose("config", overrides=overrides)
    OmegaConf.set_readonly(cfg, value=True)
    return cfg


def test_every_group_has_choices() -> None:
    groups = {group for group, _ in CHOICES}
    assert {"data", "features", "model", "gate", "mode", "tracking", "experiment"} <= groups
    assert {"task", "split", "engine"} <= groups


@pytest.mark.parametrize("choice", CHOICES, ids="=".join)
def test_composes_and_resolves(choice: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    cfg = composed(*choice)
    assert not OmegaConf.missing_keys(cfg)
    assert loggable(cfg)["seed"] == 42


@pytest.mark.parametrize("choice", choices("data", "engine", "features", "gate"), ids="=".join)
def test_builds_the_class_it_names(choice: tuple[str, str]) -> None:
    group, name = choice
    node = composed(group, name)[group]
    try:
        part = build({key: value for key, value in node.items() if key not in Data.model_fields})
    except MissingDependencyError as error:
        assert group == "engine"
        pytest.skip(str(error))
    assert type(part) is get_object(node["_target_"])
    homes = (f"spaceship.{group}.", f"spaceship.task.spaceship_titanic.{group}.")
    assert type(part).__module__.startswith(homes)


@pytest.mark.parametrize("choice", TASKS, ids="=".join)
def test_every_task_is_one_and_has_data_and_features(choice: tuple[str, str]) -> None:
    cfg = composed(*choice).copy()
    OmegaConf.set_readonly(cfg, value=False)
    experiment = Experiment.of(cfg)
    assert experiment.task.name == choice[1]
    assert isinstance(experiment.source, DataSource)
    estimator = experiment.pipeline(experiment.recipe())[-1]
    estimator = getattr(estimator, "members", [(0, estimator)])[0][1]  # of a blend
    assert is_regressor(estimator) == (experiment.task.problem is Problem.REGRESSION)


@pytest.mark.parametrize("choice", choices("split"), ids="=".join)
def test_every_split_is_a_protocol(choice: tuple[str, str]) -> None:
    assert Experiment.of(composed(*choice)).protocol.kind == choice[1]


@pytest.mark.parametrize("choice", choices("gate/rule"), ids="=".join)
def test_every_rule_joins_a_gate(choice: tuple[str, str]) -> None:
    group, name = choice
    gate = build(composed(group, name).gate)
    assert type(gate.rules["one_more"]).__module__ == f"spaceship.gate.rule.{name}"


def test_the_strict_gate_lists_every_rule() -> None:
    assert {*build(composed("gate", "strict").gate).rules} == {
        name for _, name in choices("gate/rule")
    }


@pytest.mark.parametrize("choice", choices("model"), ids="=".join)
def test_builds_an_estimator(choice: tuple[str, str]) -> None:
    group, name = choice
    node: Any = composed(group, name)[group]
    candidate = node.fallback if name == "champion" else node
    if candidate.name == "blend":
        members = candidate.members.values()
        assert all(hasattr(build(one.estimator), "predict_proba") for one in members)
        return
    if name in OPTIONAL and find_spec(name) is None:
        with pytest.raises(MissingDependencyError) as caught:
            build(candidate.estimator)
        assert "\n" not in str(caught.value)
        assert f'pip install -e ".[{name}]"' in str(caught.value)
    else:
        assert hasattr(build(candidate.estimator), "predict_proba")


@pytest.mark.parametrize("choice", choices("mode"), ids="=".join)
def test_names_a_verb_function(choice: tuple[str, str]) -> None:
    group, name = choice
    function = get_object(composed(group, name)[group]["_target_"])
    assert (function.__module__, function.__name__) == (f"spaceship.mode.{name}", name)


@pytest.mark.parametrize("choice", choices("tracking"), ids="=".join)
def test_describes_a_store(choice: tuple[str, str]) -> None:
    group, name = choice
    node = OmegaConf.to_container(composed(group, name)[group], resolve=True)
    assert isinstance(node, dict)
    assert Store(**{str(key): value for key, value in node.items()}).experiment == "spaceship"


@pytest.mark.parametrize(
    ("left_out", "left"), [("lgbm", "catboost_table"), ("catboost", "lgbm_table")]
)
def test_a_member_of_the_blend_can_be_left_out(left_out: str, left: str) -> None:
    job = experiment("task=wine", "model=blend", f"~model@model.members.{left_out}")
    assert [one.name for one in job.recipe().members or ()] == [left]


@pytest.mark.parametrize(
    ("line", "chosen"),
    [
        ("task=wine model=lgbm_table", ["inner_fold"]),
        ("task=wine model=blend", ["inner_fold"] * 2),
        ("model=blend", ["fixed"] * 2),
    ],
)
def test_trees_are_chosen_by_an_inner_fold_for_any_table(line: str, chosen: list[str]) -> None:
    register_resolvers()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("config", overrides=line.split()).model
    made = config.members.values() if "members" in config else [config]
    assert [one.iterations for one in made] == chosen


@pytest.mark.parametrize(
    ("overrides", "first"),
    [
        ([], "catboost and lgbm"),
        (["task=wine"], "catboost_table and lgbm_table"),
        (["task=wine", "model@model.fallback=catboost"], "catboost"),
    ],
)
def test_the_first_model_depends_on_the_task(overrides: list[str], first: str) -> None:
    register_resolvers()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        fallback = compose("config", overrides=overrides).model.fallback
    members = fallback.members.values() if "members" in fallback else [fallback]
    assert " and ".join(one.name for one in members) == first


@pytest.mark.parametrize(("task", "models"), [("spaceship_titanic", ""), ("wine", "_table")])
def test_the_boosters_that_are_tuned_depend_on_the_task(task: str, models: str) -> None:
    register_resolvers()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        line = ["mode=tune", f"task={task}"]
        config = compose("config", overrides=line, return_hydra_config=True)
    tuned = config.hydra.sweeper.params.model.split(",")
    assert tuned[:2] == [f"lgbm{models}", f"catboost{models}"]
    assert all((CONFIGS / "model" / f"{one}.yaml").exists() for one in tuned)


def test_every_file_that_a_mode_writes_is_named_by_the_user_alone() -> None:
    sections = OmegaConf.to_container(OmegaConf.load(CONFIGS / "config.yaml"), resolve=False)
    assert isinstance(sections, dict)
    named = [key for key, value in sections.items() if isinstance(value, dict)]
    written = [f"{key!s}.output" for key in named if "output" in sections[key]]
    shared = {key.partition(".")[0]: {"output": "x"} for key in written}
    assert [key for key, _ in reserved(OmegaConf.create(shared))] == written
    assert "inference.output" in written
