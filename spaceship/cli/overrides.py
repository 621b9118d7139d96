"""Overrides as words of a command line: their parts, and the whole command again."""

import re
from collections.abc import Sequence

from spaceship.config.installation import program_typed
from spaceship.config.spelling import slips
from spaceship.config.verbatim import WHAT_IF, typed
from spaceship.text import shell_line

_OVERRIDE = re.compile(r"(\+\+|\+|~)?([^=]*)(?:=(.*))?", re.DOTALL)
PARAMS = "hydra.sweeper.params."  # overrides of the jobs


def command(words: Sequence[str]) -> str:
    """Return a command that works as typed, in the folder of this process.

    >>> command(["mode=train", "reason=mended data"]).endswith(" mode=train 'reason=mended data'")
    True
    """
    return f"{program_typed()} {shell_line(map(typed, words))}".strip()


def meant_what_if(key: str) -> str | None:
    """Return the key of a column's other value that a misspelt key means; None if it means none.

    >>> meant_what_if("explain.sett.Age"), meant_what_if("explain.nearst"), meant_what_if("a.b.c")
    ('explain.set.Age', None, None)
    """
    section, name, column = (*key.split(".", 2), "", "")[:3]
    is_near = column and slips(f"{section}.{name}", WHAT_IF, 2) <= 2  # noqa: PLR2004
    return f"{WHAT_IF}.{column}" if is_near else None


def group_of(key: str) -> str:
    """Return the group of an override's key, of a sweeper's params too.

    >>> group_of("gate/rule@gate.floor"), group_of("hydra.sweeper.params.model")
    ('gate/rule', 'model')
    """
    return key.removeprefix(PARAMS).partition("@")[0]


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

    if word.startswith(PARAMS):
        word = word.removeprefix(PARAMS).replace('"', "").replace("'", "")
    one = OverridesParser.create(config_loader=loader()).parse_override(word)
    if not one.is_discrete_sweep():
        return [word]
    key = word.partition("=")[0]
    return [f"{key}={value}" for value in one.sweep_string_iterator()]
