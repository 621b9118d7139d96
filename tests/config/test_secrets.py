"""Secrets: no value of the environment and no password gets into what is logged."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from omegaconf import DictConfig, OmegaConf

from hydra_plugins.spaceship_optuna import config_text
from hydra_plugins.spaceship_optuna.config_text import fault_of_password, redact, remember
from spaceship.config.resolvers import register_resolvers
from spaceship.config.secrets import check_stored, guard, loggable
from spaceship.errors import ConfigError


@pytest.fixture(autouse=True)
def _nothing_known() -> Iterator[None]:
    """Forget the secrets of the test, and those of others while it runs."""
    before = dict(config_text._KNOWN)
    config_text._KNOWN.clear()
    remember.cache_clear()
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)
    config_text._KNOWN.clear()
    config_text._KNOWN.update(before)


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


@pytest.mark.parametrize(
    "secret", ["pa ss/w@rd'\"é", "a\\b\nc%d", "${x}", "*.?[", "x" * 200 + " y"]
)
def test_a_secret_is_hidden_as_others_spell_it(secret: str) -> None:
    remember(secret, "${oc.env:X}")
    quoted = OmegaConf.to_yaml({"a": f"before {secret}", "b": [secret]})
    spelt = (
        secret,
        json.dumps(secret),
        repr(secret),
        quote(secret),
        quote(secret, safe=""),
        quoted,
    )
    for text in spelt:
        assert secret not in redact(text)
        assert "${oc.env:X}" in redact(text)


@pytest.mark.parametrize("user", ["", "me", "me@corp"])
@pytest.mark.parametrize(
    "password", ["s3cret", "s3@cret", "s3/cret", "s3'cret", 's3"cr"et', "s3:cret"]
)
@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"', "a={} b", "found {}; do", "['{}', 'a@b']"])
def test_no_password_of_a_uri_is_told(user: str, password: str, form: str) -> None:
    told = redact(form.format(f"postgresql://{user}:{password}@host:5432/db"))
    assert told == form.format(f"postgresql://{user}:***@host:5432/db")
    quoted = form.format(f"postgresql://{user}:{password}@host/db".replace("'", "\\'"))
    assert "cret" not in redact(quoted)


@pytest.mark.parametrize(
    "text",
    [
        "http://host:5000/a 'me@host'",
        "{'uri':'http://host:5000','who':'me@host'}",
        '{"uri":"http://host:5000","who":"me@host"}',
        "['http://host:5000','me@host']",
        "'http://host:5000';'me@host'",
        "http://me@host:5000/x",
    ],
)
def test_addresses_without_a_password_stay(text: str) -> None:
    assert redact(text) == text


def test_parts_of_a_secret_are_hidden() -> None:
    remember("{user: me, password: hunter2, pin: 31337}")
    remember("postgresql://me:s%40cret@host/db")
    remember("-----BEGIN-----\nMIIEowIBAA\n-----END-----")
    remember("host=h password=of-dsn")
    for part in ("hunter2", "31337", "s%40cret", "s@cret", "MIIEowIBAA", "of-dsn"):
        assert redact(f"found '{part}'.") == "found '***'."


@pytest.mark.parametrize("value", ["", "1", "abc", "true", "None", "/usr", "/"])
def test_what_is_everywhere_is_not_hidden(value: str) -> None:
    remember(value)
    assert redact(f"a {value} b") == f"a {value} b"


def test_a_number_is_hidden_where_it_stands_by_itself() -> None:
    remember("31337")
    assert redact("31337, (31337) 0.31337 131337 31337.5") == "***, (***) 0.31337 131337 31337.5"


def test_the_longer_secret_is_hidden_first() -> None:
    remember("abcd", "${oc.env:A}")
    remember("abcd-efgh", "${oc.env:B}")
    assert redact("abcd-efgh abcd") == "${oc.env:B} ${oc.env:A}"


def test_a_value_that_is_read_is_hidden_from_all_that_is_printed_and_logged(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TOKEN", "hush-hush-4711")
    assert config({"a": "x${oc.env:TOKEN}"}).a == "xhush-hush-4711"
    sys.stdout.write("out hush-hush-4711\n")
    sys.stderr.write("error hush-hush-4711\n")
    sys.stdout.writelines(["a hush-hush-4711\n"])
    try:
        raise ValueError("hush-hush-4711")  # noqa: TRY301
    except ValueError:
        logging.getLogger("test").exception("found %s", "hush-hush-4711")
    told = "".join(capsys.readouterr()) + caplog.text
    assert "hush" not in told
    assert told.count("${oc.env:TOKEN}") >= 5


def test_streams_and_records_are_guarded_once() -> None:
    guard()
    stream, factory = sys.stdout, logging.getLogRecordFactory()
    guard()
    assert (sys.stdout, logging.getLogRecordFactory()) == (stream, factory)
    logging.getLogger("test").warning("100 %")
    logging.getLogger("test").warning("%(a)s", {"a": 1})


@pytest.mark.parametrize("part", ["model", "features", "task", "split.salt"])
def test_what_is_stored_as_it_is_takes_no_secret(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("SHORT", "42")
    cfg = config({"model": {"a": 1}, "features": {}, "task": {}, "split": {"salt": "x"}})
    OmegaConf.update(cfg, f"{part}.deep" if part != "split.salt" else part, "${oc.env:SHORT}")
    check_stored(cfg)
    OmegaConf.update(cfg, f"{part}.deep" if part != "split.salt" else part, "a${oc.env:TOKEN}")
    with pytest.raises(ConfigError, match=rf"no secret in {part}.*found a\$\{{oc.env:TOKEN\}}"):
        check_stored(cfg)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("postgresql://u:a@b@host/db", "one as it is"),
        ("postgresql://u:a/b@host/db", "one as it is"),
        ("postgresql://u:a'b@host/db", "one as it is"),
        ('postgresql://u:a"b@host/db', "one as it is"),
        ("postgresql://u@corp:ab@host/db", "one as it is"),
        ("postgresql://host/db?password=x", "it after ?"),
        ("postgresql://host/db?user=u&sslpassword=x", "it after ?"),
        ("postgresql://u:a%40b@host/db?sslmode=require", None),
        ("sqlite:////home/me@work:1/x.db", None),
        ("http://host:5000", None),
    ],
)
def test_passwords_that_would_be_shown_are_faults(uri: str, found: str | None) -> None:
    fault = fault_of_password(uri)
    assert found == (fault[1] if fault else None)
