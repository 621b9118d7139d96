"""The one object that a command prints with `output=json`, checked against the schema."""

import json
from functools import cache
from typing import Any, NoReturn

from jsonschema import Draft202012Validator

from tests.commands import ROOT
from tests.forks import Done

SCHEMA = ROOT / "docs" / "output.schema.json"

PROGRAMS = ("/run.py ", " -m spaceship ")
"""Begins of the commands in a message, each of which is a suggestion, too."""


@cache
def validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def object_of(done: Done) -> dict[str, Any]:
    """Return the object on standard output, which holds nothing else, if it is as promised."""
    assert done.stdout.count("\n") == 1, (done.stdout, done.stderr)
    found: dict[str, Any] = json.loads(done.stdout, parse_constant=refuse)
    validator().validate(found)
    assert found["status"] == done.returncode
    assert (found["error"] is None) == (done.returncode == 0)
    if (error := found["error"]) is not None:
        named = [" ".join(error["suggestions"]).count(one) for one in PROGRAMS]
        assert named == [error["message"].count(one) for one in PROGRAMS], error
    return found


def refuse(constant: str) -> NoReturn:
    message = f"{constant} is no JSON"
    raise AssertionError(message)
