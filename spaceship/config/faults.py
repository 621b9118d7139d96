"""Faults that pydantic finds, in the words of a message to a person who writes YAML."""

import re
import shlex
from collections.abc import Iterable

from omegaconf import OmegaConf
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spaceship.config.spelling import nearest
from spaceship.errors import ConfigError, Slip, did_you_mean
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


def refusal(error: ValidationError, model: type[BaseModel]) -> ConfigError:
    """Return the error that lists every fault of settings, each key once, with its description.

    >>> from pydantic import Field, create_model
    >>> Seeds = create_model("Seeds", seed=(int, Field(description="a whole number")))
    >>> missing = ValidationError.from_exception_data("", [{"type": "missing", "loc": ("seed",)}])
    >>> str(refusal(missing, Seeds))
    'expected seed to be a whole number, found nothing; change it on the command line: seed=42'
    """
    told: dict[str, str] = {}
    meant: dict[str, Slip] = {}
    for fault in error.errors():
        key, text = _setting(fault, model)
        told.setdefault(key, text)
        if slip := misspelt(fault):
            meant[key] = slip
    do = did_you_mean(meant) if meant else f"change it on the command line: {_defaults_of(told)}"
    return ConfigError(f"expected {'; '.join(told.values())}; {do}", meant)


def _setting(fault: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return the key of a fault, and `KEY to be …, found …`."""
    path: list[str] = []
    wanted, owner = "", model
    for part in map(str, fault["loc"]):
        if part not in owner.model_fields:
            path += [part] if fault["type"] == "extra_forbidden" else []
            break
        path.append(part)
        info = owner.model_fields[part]
        wanted = info.description or "a section"
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            owner = info.annotation
    key = ".".join(path)
    if fault["type"] == "extra_forbidden":
        return key, f"{key} not to be there (known: {', '.join(owner.model_fields)}), found it"
    found = "nothing" if fault["type"] == "missing" else repr(fault["input"])
    return key, f"{key} to be {wanted}, found {found}"


def _defaults_of(keys: Iterable[str]) -> str:
    """Return overrides that give keys their defaults, KEY=VALUE if there are none."""
    from spaceship.config.loader import defaults

    config, there_is_none = defaults(), object()
    found = {key: OmegaConf.select(config, key, default=there_is_none) for key in keys}
    words = [
        f"{key}={'null' if value is None else value}"
        for key, value in found.items()
        if value is not there_is_none and not OmegaConf.is_config(value)
    ]
    return shlex.join(words) or "KEY=VALUE"


def _found(fault: ErrorDetails) -> str:
    return "nothing" if fault["type"] == "missing" else shortened(repr(fault["input"]), _LONGEST)


def _wanted(kind: str, message: str) -> str:
    fixed = {"missing": "to be there", "extra_forbidden": "not to be there"}
    message = re.sub(r" or instance of \w+", "", message).removeprefix("Value error, ")
    for theirs, ours in _IN_WORDS.items():
        message = message.replace(theirs, ours)
    text = message.replace("Input should be an instance of", "to be a")
    return fixed.get(kind, text.replace("Input should", "to"))
