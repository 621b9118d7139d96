"""Faults of settings: each key with what it is to be, and the overrides that mend them."""

from collections.abc import Iterable

from omegaconf import OmegaConf
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spaceship.config.faults import misspelt
from spaceship.config.loader import defaults
from spaceship.errors import ConfigError, Slip, did_you_mean
from spaceship.text import shell_line


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
    config, there_is_none = defaults(), object()
    found = {key: OmegaConf.select(config, key, default=there_is_none) for key in keys}
    words = [
        f"{key}={'null' if value is None else value}"
        for key, value in found.items()
        if value is not there_is_none and not OmegaConf.is_config(value)
    ]
    return shell_line(words) or "KEY=VALUE"
