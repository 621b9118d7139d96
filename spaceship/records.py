"""Records: dataclasses to and from versioned JSON by pydantic, NaN as null."""

import json
import math
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from spaceship.errors import RegistryError, expected
from spaceship.files import read_json

Record = TypeVar("Record")

Figure = Annotated[
    float,
    BeforeValidator(lambda value: math.nan if value is None else value),
    PlainSerializer(lambda value: None if math.isnan(value) else value),
]
"""A measured number: JSON has no NaN, so NaN is written as null and null is read as NaN."""
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


def from_text(kind: type[Record], text: str, source: object) -> Record:
    """Return the record in a JSON text, such as the value of an MLflow tag.

    Raise RegistryError if the text is no JSON or describes no record of this kind.

    >>> from_text(dict[str, int], '{"rows": 3}', "the tag")
    {'rows': 3}
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise RegistryError(expected(f"JSON in {source}", error, "run the job again")) from error
    return from_plain(kind, content, source)


def list_faults(error: ValidationError, name: str) -> str:
    """Return every fault as `NAME.KEY to be …, found …`, for a message that begins with "expected".

    >>> missing = ValidationError.from_exception_data("", [{"type": "missing", "loc": ("loss",)}])
    >>> list_faults(missing, "score")
    'score.loss to be there, found nothing'
    """
    return "; ".join(
        f"{'.'.join([name, *map(str, fault['loc'])])} {_wanted(fault['type'], fault['msg'])}, "
        f"found {'nothing' if fault['type'] == 'missing' else _short(fault['input'])}"
        for fault in error.errors()
    )


def _wanted(kind: str, message: str) -> str:
    fixed = {"missing": "to be there", "extra_forbidden": "not to be there"}
    message = re.sub(r" or instance of \w+", "", message).removeprefix("Value error, ")
    for theirs, ours in _IN_WORDS.items():
        message = message.replace(theirs, ours)
    text = message.replace("Input should be an instance of", "to be a")
    return fixed.get(kind, text.replace("Input should", "to"))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
