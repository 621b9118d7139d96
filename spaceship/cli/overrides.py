"""Overrides as words of a command line: their parts, and the whole command again."""

import re
import shlex
from collections.abc import Sequence

from spaceship.config.installation import program_typed

_OVERRIDE = re.compile(r"(\+\+|\+|~)?([^=]*)(?:=(.*))?", re.DOTALL)
_PARAMS = "hydra.sweeper.params."  # overrides of the jobs


def command(words: Sequence[str]) -> str:
    """Return a command that works as typed, in the folder of this process.

    >>> command(["mode=train", "reason=mended data"]).endswith(" mode=train 'reason=mended data'")
    True
    """
    return f"{program_typed()} {shlex.join(words)}".strip()


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
