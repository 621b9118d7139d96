"""Overrides of Hydra's grammar: from plain values, and of commands that make a run again."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from spaceship.text import shell_line

Settings = Mapping[str, object]
"""Values by dotted key; a value may be such a mapping itself, and a list."""
_SIMPLE = re.compile(r"(?!(?:true|false|null|inf|nan)$)[A-Za-z_/][A-Za-z0-9_./-]*", re.IGNORECASE)
_WORDS = {None: "null", True: "true", False: "false"}


def override(key: str, value: object) -> str:
    """Return an override that sets a key to a value; a text stays a text.

    >>> override("model", "lgbm"), override("reason", "new data"), override("columns", ["1", 1])
    ('model=lgbm', "reason='new data'", "columns=['1',1]")
    """
    return f"{key}={_written(value)}"


def overrides(settings: Iterable[str | Settings]) -> list[str]:
    """Return the overrides of settings, which are overrides already or values by key.

    >>> overrides(["model=lgbm", {"gate.dry_run": True, "split": {"n_folds": 3}}])
    ['model=lgbm', 'gate.dry_run=true', 'split.n_folds=3']
    """
    return [word for one in settings for word in ([one] if isinstance(one, str) else _flat(one))]


def lasting(words: Iterable[str]) -> list[str]:
    """Return the overrides that shape what a command makes, all but `output=`.

    >>> lasting(["mode=train", "++output=json", "leaderboard.output=a.csv"])
    ['mode=train', 'leaderboard.output=a.csv']
    """
    return [word for word in words if not re.match(r"\+{0,2}output=", word)]


def training_command(words: Iterable[str]) -> str:
    """Return the command that trains a trial's candidate by itself, given the trial's overrides.

    >>> training_command(["mode=tune", "model=lgbm"]).endswith(" mode=train model=lgbm")
    True
    """
    from hydra_plugins.spaceship_optuna.config_text import redact  # imports Hydra
    from spaceship.config.installation import program

    return f"{program()} {shell_line([redact(word) for word in training_overrides(words)])}"


def training_overrides(words: Iterable[str]) -> list[str]:
    """Return the overrides that train a trial's candidate by itself, given the trial's.

    >>> training_overrides(["mode=tune", "~model@mode.start", "mode.blend=2", "model=lgbm"])
    ['mode=train', 'model=lgbm']
    """
    from hydra_plugins.spaceship_optuna.config_text import node_of  # imports Hydra

    return ["mode=train", *(word for word in lasting(words) if node_of(word) != "mode")]


def _flat(settings: Settings, prefix: str = "") -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield override(f"{prefix}{key}", value)


def _written(value: object) -> str:
    from hydra.core.override_parser.types import Quote, QuotedString

    if value is None or isinstance(value, bool):
        return _WORDS[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_written, value))}]"
    text = str(value)
    if not isinstance(value, str | Path) or _SIMPLE.fullmatch(text):
        return text
    return QuotedString(text.replace("${", "\\${"), Quote.single).with_quotes()
