"""Records: frozen dataclasses and pydantic models to and from versioned JSON, NaN as null."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from spaceship.errors import RegistryError
from spaceship.files import read_json, write_json

Record = TypeVar("Record")

Figure = Annotated[float, BeforeValidator(lambda value: math.nan if value is None else value)]
"""A measured number: JSON has no NaN, so NaN is written as null and null is read as NaN."""


def to_plain(record: object) -> dict[str, Any]:
    """Return a record as JSON values, every float with all its digits.

    >>> from dataclasses import dataclass
    >>> Score = dataclass(type("Score", (), {"__annotations__": {"loss": Figure}}))
    >>> to_plain(Score(float("nan")))
    {'loss': None}
    """
    kind: Any = type(record)
    plain: dict[str, Any] = _adapter(kind).dump_python(record)
    return {key: _without_nan(value) for key, value in plain.items()}


def from_plain(kind: type[Record], content: object, source: object) -> Record:
    """Return the record that `to_plain` described.

    Raises:
        RegistryError: The content does not describe a record of this kind; names the source.

    """
    try:
        record: Record = _adapter(kind).validate_python(content)  # type: ignore[arg-type]
    except ValidationError as error:
        first, *_ = error.errors()
        place = ".".join(map(str, first["loc"]))
        message = f"expected a {kind.__name__} in {source}, found {place}: {first['msg']}"
        raise RegistryError(f"{message}; run the job again") from error
    return record


def write_record(path: Path, record: object) -> None:
    """Write a record as a JSON object with its `version`, whole or not at all."""
    write_json(path, to_plain(record))


def read_record(path: Path, kind: type[Record]) -> Record:
    """Return the record in a file that `write_record` wrote; unknown keys are left out.

    Raises:
        RegistryError: The file is missing, broken, of another version or of another kind.

    """
    return from_plain(kind, read_json(path), path)


def from_text(kind: type[Record], text: str, source: object) -> Record:
    """Return the record in a JSON text, such as the value of an MLflow tag.

    Raises:
        RegistryError: The text is no JSON or describes no record of this kind.

    """
    try:
        content = json.loads(text)
    except ValueError as error:
        message = f"expected JSON in {source}, found {error}; run the job again"
        raise RegistryError(message) from error
    return from_plain(kind, content, source)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
