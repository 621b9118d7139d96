"""Records: dataclasses to and from versioned JSON by pydantic, NaN as null."""

import json
import math
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from spaceship.config.faults import list_faults
from spaceship.errors import RegistryError, expected
from spaceship.files import read_json
from spaceship.text import shortened

Record = TypeVar("Record")


def _null_for_nan(value: float) -> float | None:
    return None if math.isnan(value) else value


Figure = Annotated[
    float,
    BeforeValidator(lambda value: math.nan if value is None else value),
    PlainSerializer(_null_for_nan),
]
"""A measured number: JSON has no NaN, so NaN is written as null and null is read as NaN."""


def fitting(text: str, length: int) -> str:
    r"""Return a text as every store keeps it: at most `length` characters, no NUL, whole letters.

    PostgreSQL refuses NUL characters and halves of surrogate pairs, and counts characters.

    >>> fitting("grün\0 🌱" * 9, 6), fitting("short", 6)
    ('grün …', 'short')
    """
    whole = text.replace("\0", "").encode("utf-8", "replace").decode()
    return shortened(whole, length)


def to_plain(record: object) -> dict[str, object]:
    """Return a record as values for `json.dumps`, every float with all its digits.

    >>> from dataclasses import dataclass
    >>> Score = dataclass(type("Score", (), {"__annotations__": {"loss": Figure}}))
    >>> to_plain(Score(float("nan")))
    {'loss': None}
    """
    kind: object = type(record)
    plain: dict[str, object] = _adapter(kind).dump_python(record)
    return plain


def from_plain(kind: type[Record], content: object, source: object) -> Record:
    """Return the record that `to_plain` described; unknown keys are left out.

    Raise RegistryError that lists every fault if the content describes no record of this kind.

    >>> from_plain(tuple[int, int], [1, 2], "a list")
    (1, 2)
    """
    try:
        record: Record = _adapter(kind).validate_python(content)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = list_faults(error, kind.__name__.lower())
        raise RegistryError(f"expected {faults} in {source}; run the job again") from error
    return record


def read_record(path: Path, kind: type[Record]) -> Record:
    """Return the record in a file that `write_json` wrote.

    Raise RegistryError if the file is missing, broken, of another version or of another kind.

    >>> _ = (tmp_path / "counts.json").write_text('{"version": 1, "rows": 3}')
    >>> read_record(tmp_path / "counts.json", dict[str, int])
    {'rows': 3}
    """
    return from_plain(kind, read_json(path), path)


def from_text(kind: type[Record], text: str | None, source: object) -> Record:
    """Return the record in a JSON text, such as the value of an MLflow tag.

    Raise RegistryError if the text is no JSON or describes no record of this kind. A tag has no
    text (None) only if its row was changed by hand.

    >>> from_text(dict[str, int], '{"rows": 3}', "the tag")
    {'rows': 3}
    """
    try:
        content = json.loads(text or "")
    except ValueError as error:
        raise RegistryError(expected(f"JSON in {source}", error, "run the job again")) from error
    return from_plain(kind, content, source)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
