"""Secrets: no value of the environment and no password gets into what is logged."""

from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from spaceship.config.resolvers import register_resolvers
from spaceship.config.secrets import loggable


def config(content: dict[str, Any]) -> DictConfig:
    register_resolvers()
    return OmegaConf.create(content)


SECRET = "hunter2"  # noqa: S105 - a famous one
LEAKS: list[dict[str, Any]] = [
    {"a": "${oc.env:TOKEN}"},
    {"a": '${ oc.env : "TOKEN" }'},
    {"a": "${oc.env:TOKEN,default}"},
    {"a": "${oc.env:UNSET_X,${oc.env:TOKEN}}"},
    {"a": "${oc.env:${name}}", "name": "TOKEN"},
    {"a": "${oc.decode:${oc.env:TOKEN}}"},
    {"a": "before-${oc.env:TOKEN}-after"},
    {"a": "${b}", "b": "${c.d}", "c": {"d": "${oc.env:TOKEN}"}},
    {"a": "${b}", "b": {"deep": [{"er": "${oc.env:TOKEN}"}]}},
    {"a": ["x", "${oc.env:TOKEN}", ["${b}"]], "b": "${oc.env:TOKEN}"},
    {"a": "${oc.env:WHOLE}"},
    {"a": "${oc.decode:${oc.env:WHOLE}}"},
    {"a": "http://me:${oc.env:TOKEN}@host/path"},
    {"a": "http://me:hunter2@host/path"},
    {"a": "${oc.env:PIN}"},
    {"a": "${oc.decode:${oc.env:PIN}}"},
    {"a": "${abspath:${oc.env:TOKEN}}"},
]


@pytest.mark.parametrize("content", LEAKS)
def test_no_value_of_the_environment_is_told(
    content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("PIN", "31337")
    monkeypatch.setenv("WHOLE", "{user: me, password: hunter2}")
    told = str(loggable(config(content)))
    assert SECRET not in told
    assert "31337" not in told
    assert "${oc.env:" in told or "***" in told


def test_what_has_nothing_to_do_with_the_environment_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOKEN", "lgbm")
    monkeypatch.delenv("UNSET_X", raising=False)
    content = {
        "secret": "${oc.env:TOKEN}",
        "text": "${secret}!",
        "name": "lgbm",
        "chosen": "${name}",
        "n": 3,
        "none": None,
        "default": "${oc.env:UNSET_X,5}",
    }
    cfg = config(content)
    expected = {"secret": "${oc.env:TOKEN}", "text": "${oc.env:TOKEN}!", "chosen": "lgbm"}
    assert loggable(cfg) == {**content, **expected, "default": "5"}
    assert cfg.text == "lgbm!", "the config itself still resolves"


def test_a_resolver_that_chokes_on_a_hidden_value_hides_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIN", "31337")
    OmegaConf.register_new_resolver("test_double", lambda n: 2 * int(n), replace=True)
    try:
        cfg = config({"a": "${test_double:${oc.env:PIN}}"})
        assert loggable(cfg) == {"a": "${test_double:${oc.env:PIN}}"}
        assert cfg.a == 62674
    finally:
        OmegaConf.clear_resolver("test_double")
