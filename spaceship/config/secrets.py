"""Secrets: the config as it may be logged; `config_text.redact` hides passwords in URIs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from hydra_plugins.spaceship_optuna.config_text import redact


def loggable(cfg: DictConfig) -> dict[str, object]:
    """Return the resolved config with `${oc.env:NAME}` in place of the value of each variable.

    Passwords inside URIs become `***`. A resolver that cannot work on a name in place of a value
    leaves the whole config unresolved.

    >>> loggable(OmegaConf.create({"home": "${oc.env:PATH}", "uri": "http://me:secret@host"}))
    {'home': '${oc.env:PATH}', 'uri': 'http://me:***@host'}
    """
    with _environment_hidden():
        try:
            plain = OmegaConf.to_container(cfg, resolve=True)
        except OmegaConfBaseException:
            plain = OmegaConf.to_container(cfg, resolve=False)
    return dict(_redacted(plain))


@contextmanager
def _environment_hidden() -> Iterator[None]:
    """Make `${oc.env:NAME}` resolve to its own text: what cannot be read cannot leak."""
    from omegaconf.resolvers import oc

    def hidden(name: str, *default: object) -> object:
        return f"${{oc.env:{name}}}" if name in os.environ else oc.env(name, *default)

    OmegaConf.register_new_resolver("oc.env", hidden, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", oc.env, replace=True)


def _redacted(value: object) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return redact(value) if isinstance(value, str) else value
