"""Secrets: values of `${oc.env:NAME}`, known once they are read and hidden in logs from then on.

`config_text.redact` hides them; all that a process logs or prints goes through it. What is written
to files and to MLflow is redacted where it is written.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from omegaconf.resolvers import oc

from hydra_plugins.spaceship_optuna.config_text import flatten, redact, redacted, remember
from spaceship.errors import ConfigError, expected

_STORED = (
    *("model", "features", "task", "split.salt", "tracking.experiment"),
    *("hydra.sweeper.study_name", "hydra.sweeper.resume"),
)
"""Parts of the config that are stored with a model, or by which others find what is stored."""


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
    return dict(redacted(plain))


def check_stored(cfg: DictConfig) -> None:
    """Raise ConfigError if a part of the config that is stored as it is holds a secret.

    >>> check_stored(OmegaConf.create({"model": {"depth": 3}}))
    """
    for part in _STORED:
        try:
            node = OmegaConf.select(cfg, part)
            if OmegaConf.is_config(node):
                node = OmegaConf.to_container(node, resolve=True)
        except OmegaConfBaseException:  # reported where it is used
            continue
        flat = flatten({part: node})
        if faulty := next((key for key, value in flat.items() if redact(value) != value), None):
            found = redact(flat[faulty])
            do = "write the value itself, or leave it out"
            what = f"no secret in {faulty}, which models and stores keep as it is"
            raise ConfigError(expected(what, found, do))


def read_variable(name: str, *default: object) -> object:
    """Return the value of `${oc.env:NAME}` or its default, and hide the value from now on.

    >>> read_variable("NOT_THERE_AT_ALL", 5)
    '5'
    """
    value = oc.env(name, *default)
    if name in os.environ:
        hide_variable(name)
    return value


def hide_variable(name: str) -> None:
    """Hide the value of an environment variable in all that is logged, printed or written.

    >>> hide_variable("HOME")
    """
    remember(os.environ[name], f"${{oc.env:{name}}}")
    guard()


def guard() -> None:
    """Let all that this process logs and prints from now on go through `redact`.

    >>> guard()
    >>> print("postgresql://me:secret@host/db")
    postgresql://me:***@host/db
    """
    if not isinstance(factory := logging.getLogRecordFactory(), _RedactedRecords):
        logging.setLogRecordFactory(_RedactedRecords(factory))
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "terminal"):  # below a stream that notes failed writes
            if not isinstance(stream.terminal, _RedactedStream):
                stream.terminal = _RedactedStream(stream.terminal)
        elif stream is not None:
            setattr(sys, name, _RedactedStream(stream))


class _RedactedRecords:
    """Factory of log records whose messages and tracebacks hold no secret."""

    def __init__(self, factory: Callable[..., logging.LogRecord]) -> None:
        self._factory = factory

    def __call__(self, *args: object, **kwargs: object) -> logging.LogRecord:
        record = self._factory(*args, **kwargs)
        try:
            record.msg, record.args = redact(record.getMessage()), ()
        except (TypeError, ValueError):  # the handler reports a message that fits no arguments
            return record
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return record


class _RedactedStream:
    """Stream of the terminal that prints no secret."""

    def __init__(self, stream: TextIO) -> None:
        self.terminal = self  # guarded already
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


@contextmanager
def _environment_hidden() -> Iterator[None]:
    """Make `${oc.env:NAME}` resolve to its own text: what cannot be read cannot leak."""

    def hidden(name: str, *default: object) -> object:
        return f"${{oc.env:{name}}}" if name in os.environ else oc.env(name, *default)

    OmegaConf.register_new_resolver("oc.env", hidden, replace=True)
    try:
        yield
    finally:
        OmegaConf.register_new_resolver("oc.env", read_variable, replace=True)
