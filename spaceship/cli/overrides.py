"""Overrides as words of a command line: their parts, and the whole command again."""

import re
import shlex
from collections.abc import Sequence

from spaceship.config.installation import program_typed

_OVERRIDE = re.compile(r"(\+\+|\+|~)?([^=]*)(?:=(.*))?", re.DOTALL)
_PARAMS = "hydra.sweeper.params."  # overrides of the jobs
_NAMES = {"run", "row", "report.run"}
"""Keys whose value is the name of something: Hydra would read a number, or a list, in some."""


def command(words: Sequence[str]) -> str:
    """Return a command that works as typed, in the folder of this process.

    >>> command(["mode=train", "reason=mended data"]).endswith(" mode=train 'reason=mended data'")
    True
    """
    return f"{program_typed()} {shlex.join(words)}".strip()


def verbatim(word: str) -> str:
    """Return an override that names a run or a row, quoted so that Hydra keeps it as it was typed.

    >>> verbatim("run=12e5"), verbatim("run='12e5'"), verbatim("run=null"), verbatim("seed=12e5")
    ("run='12e5'", "run='12e5'", 'run=null', 'seed=12e5')
    """
    key, _, value = word.partition("=")
    if key not in _NAMES or value in ("", "null") or value[0] in "'\"":
        return word
    from hydra.core.override_parser.types import Quote, QuotedString

    return f"{key}={QuotedString(value, Quote.single).with_quotes()}"


def group_of(key: str) -> str:
    """Return the group of an override's key, of a sweeper's params too.

    >>> group_of("gate/rule@gate.floor"), group_of("hydra.sweeper.params.model")
    ('gate/rule', 'model')
    """
    return key.removeprefix(_PARAMS).partition("@")[0]


def parts_of(word: str) -> tuple[str | None, str, str | None]:
    """Return the +, ++ or ~ before an override, its key and its value.

    >>> parts_of("+seed=7"), parts_of("~reason")
    (('+', 'seed', '7'), ('~', 'reason', None))
    """
    found = _OVERRIDE.fullmatch(word)
    return (found[1], found[2], found[3]) if found else (None, word, None)


def is_sweep(word: str) -> bool:
    """Return whether an override has several values, for the jobs of a multirun.

    >>> is_sweep("seed=1,2"), is_sweep("seed=1")
    (True, False)
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    return OverridesParser.create().parse_override(word).is_sweep_override()


def choices_of(word: str) -> list[str]:
    """Return an override for each choice that a group's override sweeps, the first one first.

    >>> choices_of("model=lgbm,svm"), choices_of("hydra.sweeper.params.model=svm")
    (['model=lgbm', 'model=svm'], ['model=svm'])
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from spaceship.config.loader import loader

    if word.startswith(_PARAMS):
        word = word.removeprefix(_PARAMS).replace('"', "").replace("'", "")
    one = OverridesParser.create(config_loader=loader()).parse_override(word)
    if not one.is_discrete_sweep():
        return [word]
    key = word.partition("=")[0]
    return [f"{key}={value}" for value in one.sweep_string_iterator()]
