"""The schema and the page of the objects of output=json are true."""

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pytest
from jsonschema import ValidationError

from scripts import output_schema
from spaceship import errors
from spaceship.results import Result
from tests import forks
from tests.commands import ROOT, Shell
from tests.machine_output import SCHEMA, object_of, validator


def test_the_schema_is_that_of_the_records() -> None:
    made = "run: python scripts/output_schema.py"
    assert SCHEMA.read_text(encoding="utf-8") == output_schema.text(), made


def test_every_mode_has_a_record() -> None:
    assert all(issubclass(one, Result) for one in output_schema.results().values())


def test_the_schema_refuses_another_object(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "outputs")
    found = object_of(shell("--version", "output=json"))
    for wrong in ({"mode": "train"}, {"outcome": "well"}, {"version": 2}, {"next": None}):
        with pytest.raises(ValidationError):
            validator().validate(json.loads(json.dumps(found | wrong)))


def blocks(language: str) -> list[str]:
    """Return the examples of the page in a language."""
    page = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_the_object_of_the_page_is_that_of_its_command() -> None:
    [shown] = blocks("json")
    expected = json.loads(shown)
    words = shlex.split(expected["command"])[1:]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = object_of(forks.run([sys.executable, *words], ROOT, PATH=path))  # `python` is it
    assert found | {"spaceship": ""} == expected | {"spaceship": ""}


def test_the_program_of_the_page_runs(tmp_path: Path) -> None:
    [text] = blocks("python")
    elsewhere = text.replace('"output=json"]', f'"output=json", "paths.outputs={tmp_path}/o"]')
    assert elsewhere != text
    done = forks.run([sys.executable, "-c", elsewhere], ROOT)
    assert done.stdout == "done None\n"


def test_the_page_names_every_error() -> None:
    page = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    kinds = [name for name in vars(errors) if name.endswith("Error") and name != "SpaceshipError"]
    assert [name for name in kinds if f"`{name}`" not in page] == []
