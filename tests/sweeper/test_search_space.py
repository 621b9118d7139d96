"""From overrides to candidates, on configs composed from this project's own files."""

import copy
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hydra_plugins.spaceship_optuna._errors import SettingsError
from hydra_plugins.spaceship_optuna._search_space import SearchPlan, read_plan
from spaceship.config.resolvers import register_resolvers

ROOT = Path(__file__).resolve().parents[2]
SPACE = "model.search_space"


@pytest.fixture(autouse=True)
def _no_global_hydra() -> Iterator[None]:
    """Leave no trace of Hydra."""
    register_resolvers()
    yield
    GlobalHydra.instance().clear()


@cache
def _loaded() -> tuple[ConfigLoaderImpl, DictConfig]:
    loader = ConfigLoaderImpl(create_config_search_path(str(ROOT / "configs")))
    return loader, loader.load_configuration("config", ["hydra/sweeper=optuna"], RunMode.MULTIRUN)


@cache
def _plan(*arguments: str, may_be_empty: bool = False) -> SearchPlan:
    loader, config = _loaded()
    own = copy.deepcopy(config)
    return read_plan(loader, own, list(arguments), SPACE, may_be_empty=may_be_empty)


def _keys(plan: SearchPlan) -> dict[str, set[str]]:
    return {one.label: {each.key for each in one.parameters} for one in plan.arms}


def _distribution(text: str) -> object:
    plan = _plan("model=logistic_regression", f"model.estimator.max_iter={text}")
    return {one.key: one.distribution for one in plan.arms[0].parameters}[
        "model.estimator.max_iter"
    ]


@pytest.mark.parametrize("groups", ["lgbm,logistic_regression", "choice(lgbm,logistic_regression)"])
def test_candidates_have_spaces_of_their_own(groups: str) -> None:
    keys = _keys(_plan(f"model={groups}", "seed=1"))
    assert set(keys) == {"lgbm", "logistic_regression"}
    assert keys["logistic_regression"] == {"model.estimator.C"}
    assert "model.estimator.num_leaves" in keys["lgbm"]
    assert "model.estimator.C" not in keys["lgbm"]


def test_combined_groups_are_candidates() -> None:
    plan = _plan("model=lgbm,catboost", "features=raw,full", "seed=1")
    labels = {one.label for one in plan.arms}
    assert labels == {"lgbm+raw", "lgbm+full", "catboost+raw", "catboost+full"}
    assert plan.fixed == ("seed=1",)


def test_a_choice_that_is_put_elsewhere_leaves_the_candidates() -> None:
    plan = _plan("model=lgbm,catboost", "model@mode.start=svm")
    assert {one.label for one in plan.arms} == {"lgbm", "catboost"}
    assert plan.fixed == ("model@mode.start=svm",)


def test_groups_put_elsewhere_are_candidates() -> None:
    plan = _plan("model=lgbm", "+gate/rule@gate.extra=slices,calibration")
    overrides = {one.overrides for one in plan.arms}
    assert overrides == {("+gate/rule@gate.extra=slices",), ("+gate/rule@gate.extra=calibration",)}
    assert all("model.estimator.num_leaves" in keys for keys in _keys(plan).values())
    fallbacks = _plan("model@model.fallback=lgbm,catboost").arms
    assert [one.overrides for one in fallbacks] == [
        ("model@model.fallback=catboost",),
        ("model@model.fallback=lgbm",),
    ]


def test_order_in_which_candidates_are_named_makes_no_difference() -> None:
    one = _plan("model=lgbm,catboost", "features=raw,full", "seed=1")
    other = _plan("model=catboost,lgbm", "features=full,raw", "seed=1")
    assert one.arms == other.arms
    assert len(one.arms) == 4


def test_command_line_adds_to_a_space_and_replaces_its_parts() -> None:
    sweeps = ["model.estimator.C=choice(0.3,3)", "seed=range(0,3)"]
    (one,) = _plan("model=logistic_regression", *sweeps).arms
    found = {parameter.key: parameter.distribution for parameter in one.parameters}
    assert found == {
        "model.estimator.C": CategoricalDistribution([0.3, 3]),
        "seed": IntDistribution(0, 2),
    }


def test_sweep_forced_in_replaces_the_candidates_own() -> None:
    (one,) = _plan("model=logistic_regression", "++model.estimator.C=choice(1,2)").arms
    (parameter,) = one.parameters
    assert (parameter.prefix, parameter.key) == ("++", "model.estimator.C")


@pytest.mark.parametrize("prefix", ["", "++"])
def test_fixed_value_takes_its_key_out_of_the_candidates_own_space(prefix: str) -> None:
    fixed = f"{prefix}model.estimator.num_leaves=31"
    plan = _plan("model=lgbm", fixed)
    own = _keys(_plan("model=lgbm"))["trial"]
    assert "model.estimator.num_leaves" in own
    assert _keys(plan)["trial"] == own - {"model.estimator.num_leaves"}
    assert plan.fixed == ("model=lgbm", fixed)


@pytest.mark.parametrize(
    ("arguments", "swept"),
    [
        (["seed=1,2", "seed=3"], False),
        (["seed=1,2", "++seed=3"], False),
        (["seed=3", "++seed=1,2"], True),
    ],
)
def test_of_a_fixed_value_and_a_sweep_the_later_wins(arguments: list[str], *, swept: bool) -> None:
    keys = _keys(_plan("model=logistic_regression", *arguments))["trial"]
    assert ("seed" in keys) is swept


def test_sweep_of_one_candidate_leaves_the_others_alone() -> None:
    keys = _keys(_plan("model=lgbm,logistic_regression", "model.estimator.C=interval(0.1,1)"))
    assert "model.estimator.C" not in keys["lgbm"]


def test_defaults_are_the_configs_own_values() -> None:
    (one,) = _plan("model=logistic_regression").arms
    assert one.defaults == {"model.estimator.C": 0.3}
    (far,) = _plan("model=logistic_regression", "model.estimator.C=interval(5,6)").arms
    assert far.defaults == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("interval(1,8)", FloatDistribution(1.0, 8.0)),
        ("int(interval(1,8))", IntDistribution(1, 8)),
        ("tag(log,interval(0.1,8))", FloatDistribution(0.1, 8.0, log=True)),
        ("tag(log,int(interval(1,8)))", IntDistribution(1, 8, log=True)),
        ("range(1,8)", IntDistribution(1, 7)),
        ("range(8,0,-2)", IntDistribution(2, 8, step=2)),
        ("range(0,1,0.1)", FloatDistribution(0.0, 0.9, step=0.1)),
        ("choice(1,true,a)", CategoricalDistribution([1, True, "a"])),
        ("shuffle(range(1,4))", CategoricalDistribution([1, 2, 3])),
    ],
)
def test_distributions(text: str, expected: object) -> None:
    found = _distribution(text)
    if "shuffle" in text:
        assert isinstance(found, CategoricalDistribution)
        assert set(found.choices) == {1, 2, 3}
    else:
        assert found == expected


def test_lists_and_mappings_are_categories_too() -> None:
    (one,) = _plan("model=logistic_regression", "model.estimator.solver=choice([1,2],{a:1})").arms
    parameter = next(each for each in one.parameters if each.key.endswith("solver"))
    assert [parameter.value(drawn) for drawn in parameter.points()] == [[1, 2], {"a": 1}]


def test_grid_is_every_point_of_every_candidate() -> None:
    sweeps = ["model=lgbm,logistic_regression", "model.search_space=null", "seed=range(0,2)"]
    points = list(_plan(*sweeps, "split.n_folds=3,5").grid())
    assert len(points) == 8
    assert {"candidate": "lgbm", "lgbm/seed": 1, "lgbm/split.n_folds": 5} in points


def test_grid_refuses_what_has_no_end() -> None:
    with pytest.raises(SettingsError, match="step"):
        list(_plan("model=logistic_regression").grid())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["model=logistic_regression", "model.estimator.CC=interval(0,1)"],
            r"model\.estimator\.C ",
        ),
        (["modell=lgbm,catboost"], "model "),
        (["seed=1"], "something to sweep"),
        (["model=lgbm,catboost", "model.search_space=null"], "empty for lgbm, catboost"),
        (["model=logistic_regression", "model.estimator.C=3"], "something to sweep"),
        (["model=logistic_regression", "model.search_space.estimator.C=3"], "a sweep"),
        (["model=logistic_regression", "+model.search_space.estimator.D='interval(0,1)'"], "D"),
        (["model=logistic_regression", "model.search_space=text"], "to mirror its parent"),
        (["model=interval(0,1)"], "choices"),
        (["model=lgbm", "seed=range(3,3)"], "no value"),
        (["model=lgbm", "seed=tag(log,range(1,8))"], "needs an interval"),
        (["model=lgbm", "seed=tag(log,choice(1,8))"], "needs an interval"),
    ],
)
def test_refusals_name_key_and_remedy(arguments: Sequence[str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        _plan(*arguments)


def test_space_may_be_empty_where_a_function_suggests() -> None:
    assert _plan("seed=1", may_be_empty=True).arms[0].parameters == ()


def test_a_space_adds_names_to_an_empty_node() -> None:
    space = f"+{SPACE}.monotone.Age='choice(up,none)'"
    [arm] = _plan("model=lgbm", space).arms
    added = {one.key: one.prefix for one in arm.parameters if one.prefix}
    assert added == {"model.monotone.Age": "+"}
    with pytest.raises(SettingsError, match=r"model\.estimator\.no_such, which does not exist"):
        _plan("model=lgbm", f"+{SPACE}.estimator.no_such='choice(1,2)'")
