"""Objects that a config builds, and how a config becomes text."""

import sys
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna.config_text import flatten, redact
from spaceship.config.allow_list import verb
from spaceship.config.build import build, resolved
from spaceship.config.resolvers import register_resolvers
from spaceship.errors import ConfigError, MissingDependencyError

SYNTHETIC = {
    "_target_": "spaceship.data.synthetic.SyntheticData",
    "n_groups": 20,
    "seed": 1,
    "drift": 0.0,
    "test_fraction": 0.3,
}
FOREIGN = [
    "joblib.load",
    "os.system",
    "pandas.read_pickle",
    "builtins.eval",
    "spaceship.data.cache.pd.read_pickle",
    "spaceship.config.resolvers.os.system",
    "spaceship.data.cache.shutil.rmtree",
    "spaceshipwreck.Thing",
]


def config(content: dict[str, Any]) -> DictConfig:
    register_resolvers()
    return OmegaConf.create(content)


def test_builds_what_the_target_says_with_further_arguments_on_top() -> None:
    cfg = config({"seed": 7, "data": {**SYNTHETIC, "seed": "${seed}"}})
    assert build(cfg.data).seed == 7
    assert build(cfg.data, n_groups=30).n_groups == 30
    assert build(SYNTHETIC).n_groups == 20


def test_builds_what_lies_inside() -> None:
    forest = {"_target_": "sklearn.ensemble.RandomForestClassifier", "n_estimators": 3}
    bag = build(config({"_target_": "sklearn.ensemble.BaggingClassifier", "estimator": forest}))
    assert bag.estimator.n_estimators == 3


def test_refuses_what_is_to_be_called_later() -> None:
    with pytest.raises(ConfigError, match=r"_target_=spaceship\.data\.synthetic.*, found true"):
        build({**SYNTHETIC, "_partial_": True})


@pytest.mark.parametrize("target", FOREIGN)
def test_refuses_targets_of_others_wherever_they_stand(target: str) -> None:
    node = {"_target_": target}
    bagging = "sklearn.ensemble.BaggingClassifier"
    nests: list[dict[str, Any]] = [
        node,
        {"_target_": bagging, "estimator": node},
        {"_target_": bagging, "estimator": {"deep": [1, {"er": node}]}},
    ]
    for nest in nests:
        with pytest.raises(ConfigError, match=r"a class under one of spaceship\."):
            build(config(nest))


def test_a_mode_is_under_the_same_rule() -> None:
    with pytest.raises(ConfigError, match=r"found 'os\.getcwd'"):
        verb("os.getcwd")


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "spaceship",
        "spaceship.mode.nope.nope",
        "spaceship.mode.train.nope",
        "spaceship.files.write_atomically",
        "spaceship.data.local.LocalData",
        "sklearn.svm.SVC",
    ],
)
def test_a_mode_is_a_function_of_a_module_for_modes(target: str | None) -> None:
    with pytest.raises(ConfigError, match=r"found (None|'.*')"):
        verb(target)


def test_a_node_that_was_emptied_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a config with a _target_, found None"):
        build(None)  # type: ignore[arg-type]


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "xgboost"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "xgboost", None)  # what Python has for "there is none"
    with pytest.raises(MissingDependencyError, match=r'xgboost; run: pip install -e "\.\[xgboost'):
        build(config({"_target_": "xgboost.XGBClassifier"}))


@pytest.mark.parametrize(
    "target", ["spaceship.features.ful.FullFeatures", "lightgbm.Classifier", "sklearn.no.Thing"]
)
def test_a_misspelt_target_is_no_missing_package(target: str) -> None:
    with pytest.raises(ConfigError, match=f"{target} cannot be built from its config"):
        build(config({"_target_": target}))


def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(ConfigError, match=r"SyntheticData cannot be built .*'n_grops'"):
        build(config({**SYNTHETIC, "n_grops": 3}))


def test_an_error_for_the_user_comes_through_as_it_is() -> None:
    with pytest.raises(ConfigError, match=r"^expected data\.n_groups to be .*found -1"):
        build(config({**SYNTHETIC, "n_groups": -1}))
    nested = {"_target_": "sklearn.pipeline.Pipeline", "steps": [{**SYNTHETIC, "n_groups": -1}]}
    with pytest.raises(ConfigError, match=r"^expected data\.n_groups to be .*found -1"):
        build(config(nested))


@pytest.mark.parametrize("value", ["${nowhere}", "${oc.env:SPACESHIP_NOT_SET}", "???"])
def test_what_does_not_resolve_is_the_users_to_set(value: str) -> None:
    with pytest.raises(ConfigError, match="expected a config that resolves, found: "):
        resolved(config({"a": {"b": value}}))


def test_settings_that_cannot_be_copied_are_a_fault_of_the_config() -> None:
    node = {"_target_": "catboost.CatBoostClassifier", "bagging_temperature": [1, 2]}
    with pytest.raises(ConfigError, match="CatBoostClassifier that can be copied"):
        build(config(node))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("http://me:pw@host:80/x?y=1", "http://me:***@host:80/x?y=1"),
        ("a postgresql://u:p@h/d and http://:t@h", "a postgresql://u:***@h/d and http://:***@h"),
        ("http://host:80/a@b", "http://host:***@b"),  # 80/a may be a password
        ("postgresql://u:p@ss/w@host/db", "postgresql://u:***@host/db"),
        ("postgresql://u:p:a%40s@host/db.", "postgresql://u:***@host/db."),
        ("found 'postgresql://u:p@ss/w@host/db'", "found 'postgresql://u:***@host/db'"),
        ("pg://h/d?user=me&password=pw&sslkey=k", "pg://h/d?user=me&password=***&sslkey=***"),
        ("https://h/x?api_key=pw&sig=1;token=2", "https://h/x?api_key=***&sig=***;token=***"),
        ("host=h password=pw dbname=d", "host=h password=*** dbname=d"),
        ("host=h password = 'p w' dbname=d", "host=h password = *** dbname=d"),
        ("sqlite:////home/me@work/x.db", "sqlite:////home/me@work/x.db"),
        ("10:30 me@host", "10:30 me@host"),
    ],
)
def test_passwords_in_addresses_are_masked(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_flat_keys() -> None:
    nested = {"a": {"b": {"c": 1}, "empty": {}}, "l": [1, {"x": None}], "n": None}
    assert flatten(nested) == {
        "a.b.c": "1",
        "a.empty": "{}",
        "l": "[1, {'x': None}]",
        "n": "None",
    }
