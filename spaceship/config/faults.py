"""Faults that pydantic finds, in the words of a message to a person who writes YAML."""

import re

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spaceship.config.spelling import nearest
from spaceship.errors import Slip
from spaceship.text import shortened

_IN_WORDS = {
    "a valid dictionary": "keys with values",
    "a valid tuple": "a list",
    "a valid string": "a text",
    "String should": "to",
    "Value should": "to",
    "Tuple should": "to",
    "Dictionary should": "to",
    "at least 1 item after validation, not 0": "at least 1 item",
}
"""Words of pydantic, and of a person who reads YAML."""
_LONGEST = 80  # characters of a value that a message quotes


def list_faults(error: ValidationError, name: str) -> str:
    """Return every fault as `NAME.KEY to be …, found …`, for a message that begins with "expected".

    >>> missing = ValidationError.from_exception_data("", [{"type": "missing", "loc": ("loss",)}])
    >>> list_faults(missing, "score")
    'score.loss to be there, found nothing'
    """
    return "; ".join(
        f"{'.'.join([name, *map(str, fault['loc'])])} {_wanted(fault['type'], fault['msg'])}, "
        f"found {_found(fault)}"
        for fault in error.errors()
    )


def misspelt(fault: ErrorDetails) -> Slip | None:
    """Return the choice nearest to a value of which there is a list; None if none is near.

    >>> choices = {"expected": "'hash' or 'time'"}
    >>> fault = {"type": "literal_error", "loc": ("kind",), "input": "hsh", "ctx": choices}
    >>> misspelt(ValidationError.from_exception_data("", [fault]).errors()[0])
    Slip(found='hsh', meant='hash')
    """
    known = re.findall(r"'([^']*)'", str(fault.get("ctx", {}).get("expected", "")))
    found = str(fault["input"])
    return next((Slip(found, one) for one in nearest(found, known)), None)


def _found(fault: ErrorDetails) -> str:
    return "nothing" if fault["type"] == "missing" else shortened(repr(fault["input"]), _LONGEST)


def _wanted(kind: str, message: str) -> str:
    fixed = {"missing": "to be there", "extra_forbidden": "not to be there"}
    message = re.sub(r" or instance of \w+", "", message).removeprefix("Value error, ")
    for theirs, ours in _IN_WORDS.items():
        message = message.replace(theirs, ours)
    text = message.replace("Input should be an instance of", "to be a")
    return fixed.get(kind, text.replace("Input should", "to"))
