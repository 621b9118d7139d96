"""Overrides as words of a command line: their parts, and the whole command again."""

import re
import shlex
from collections.abc import Sequence

from spaceship.config.installation import program_typed
from spaceship.config.spelling import slips

_OVERRIDE = re.compile(r"(\+\+|\+|~)?([^=]*)(?:=(.*))?", re.DOTALL)
PARAMS = "hydra.sweeper.params."  # overrides of the jobs
_NAMES = {"run", "row", "report.run", "explain.row"}
"""Keys whose value is the name of something: Hydra would read a number, or a list, in some."""
_LISTS = {"runs", "compare.runs"}
"""Keys whose value is a list of such names, with or without brackets around it."""
_ITEM = re.compile(r"'[^']*'|\"[^\"]*\"|[^,]+")
_WHAT_IF = "explain.set"  # before the name of a column, in which any character may be


def command(words: Sequence[str]) -> str:
    """Return a command that works as typed, in the folder of this process.

    >>> command(["mode=train", "reason=mended data"]).endswith(" mode=train 'reason=mended data'")
    True
    """
    return f"{program_typed()} {shlex.join(map(_typed, words))}".strip()


def verbatim(words: Sequence[str]) -> list[str]:
    """Return words, those that name a run, a row or a column's value as Hydra keeps them as typed.

    >>> verbatim(["run=12e5", "run='12e5'", "run=null", "seed=12e5", "row=0013_01"])
    ["run='12e5'", "run='12e5'", 'run=null', 'seed=12e5', 'row=0013_01']
    >>> verbatim(["run=lgbm #3"])
    ["run='lgbm #3'"]
    >>> verbatim(["runs=12e5,lgbm #3", "runs=[3,last]"])
    ["runs=['12e5','lgbm #3']", "runs=['3','last']"]
    >>> verbatim(["explain.set.age=7", "explain.set.body weight=70"])
    ["explain.set=['age=7','body weight=70']"]
    """
    kept: list[str] = []
    changes: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        if key.startswith(f"{_WHAT_IF}.") and equals:
            column = key.removeprefix(f"{_WHAT_IF}.")
            changes.append(_quoted(f"{column}={_unquoted(value)}"))
        elif key in _LISTS and value not in ("", "null"):
            items = _ITEM.findall(value.removeprefix("[").removesuffix("]"))
            kept.append(f"{key}=[{','.join(_quoted(_unquoted(one.strip())) for one in items)}]")
        else:
            kept.append(f"{key}={_quoted(value)}" if key in _NAMES and _is_misread(value) else word)
    return kept + ([f"{_WHAT_IF}=[{','.join(changes)}]"] if changes else [])


def meant_what_if(key: str) -> str | None:
    """Return the key of a column's other value that a misspelt key means; None if it means none.

    >>> meant_what_if("explain.sett.Age"), meant_what_if("explain.nearst"), meant_what_if("a.b.c")
    ('explain.set.Age', None, None)
    """
    section, name, column = (*key.split(".", 2), "", "")[:3]
    is_near = column and slips(f"{section}.{name}", _WHAT_IF, 2) <= 2  # noqa: PLR2004
    return f"{_WHAT_IF}.{column}" if is_near else None


def _typed(word: str) -> str:
    """Return a word without the quotes that `verbatim` adds.

    >>> _typed("row='3'"), _typed("run='it''s'"), _typed("reason='3'")
    ('row=3', "run='it''s'", "reason='3'")
    """
    key, _, value = word.partition("=")
    plain = f"{key}={_unquoted(value)}"
    return plain if key in _NAMES and verbatim([plain]) == [word] else word


def _is_misread(value: str) -> bool:
    """Return whether Hydra takes a value for anything but the same text, or a quoted one."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    if value in ("", "null") or value[0] in "'\"":
        return False
    try:
        override = OverridesParser.create().parse_override(f"name={value}")
    except HydraException:
        return True
    return override.is_sweep_override() or override.value() != value


def _quoted(value: str) -> str:
    from hydra.core.override_parser.types import Quote, QuotedString

    return str(QuotedString(value, Quote.single).with_quotes())


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value


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
