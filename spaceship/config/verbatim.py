"""Names in a command line, kept as typed: Hydra would read a number or a list in some of them."""

import re
from collections.abc import Sequence

WHAT_IF = "explain.set"  # before the name of a column, in which any character may be
_NAMES = {"run", "row", "report.run", "explain.row"}
"""Keys whose value is the name of something."""
_LISTS = {"runs", "compare.runs"}
"""Keys whose value is a list of such names, with or without brackets around it."""
_ITEM = re.compile(r"'[^']*'|\"[^\"]*\"|[^,]+")


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
        if key.startswith(f"{WHAT_IF}.") and equals:
            column = key.removeprefix(f"{WHAT_IF}.")
            changes.append(_quoted(f"{column}={_unquoted(value)}"))
        elif key in _LISTS and value not in ("", "null"):
            items = _ITEM.findall(value.removeprefix("[").removesuffix("]"))
            kept.append(f"{key}=[{','.join(_quoted(_unquoted(one.strip())) for one in items)}]")
        else:
            kept.append(f"{key}={_quoted(value)}" if key in _NAMES and _is_misread(value) else word)
    return kept + ([f"{WHAT_IF}=[{','.join(changes)}]"] if changes else [])


def typed(word: str) -> str:
    """Return a word without the quotes that `verbatim` adds.

    >>> typed("row='3'"), typed("run='it''s'"), typed("reason='3'"), typed("runs=['3','last']")
    ('row=3', "run='it''s'", "reason='3'", 'runs=3,last')
    """
    key, _, value = word.partition("=")
    plain = f"{key}={_unquoted(value)}"
    if key in _LISTS:
        items = _ITEM.findall(value.removeprefix("[").removesuffix("]"))
        plain = f"{key}={','.join(map(_unquoted, items))}"
    return plain if key in _NAMES | _LISTS and verbatim([plain]) == [word] else word


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
