"""JSON schema of `output=json`, made from the records that modes return.

`python scripts/output_schema.py` writes docs/output.schema.json anew.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from spaceship.callbacks._multirun_result import MultirunResult
from spaceship.cli.machine_output import Document, TextResult
from spaceship.gate.verdict import LoggedVerdict
from spaceship.record.run_record import Provenance
from spaceship.results import Result

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "docs" / "output.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_COMMENT = re.compile(r"^    (\w+): .*?  # (.+)$", re.MULTILINE)  # beside a field
_NULL = {"type": "null"}


def results() -> dict[str, type[Result]]:
    """Return the record of each mode's result, which its function's annotation names."""
    modes = sorted(path.stem for path in (ROOT / "configs" / "mode").glob("*.yaml"))
    found = {mode: getattr(import_module(f"spaceship.mode.{mode}"), mode) for mode in modes}
    return {mode: get_type_hints(verb)["return"] for mode, verb in found.items()}


def schema() -> dict[str, Any]:
    """Return the schema of the object, and of the result by mode."""
    by_mode = results()
    kinds = {*by_mode.values(), Document, LoggedVerdict, MultirunResult, Provenance, TextResult}
    ordered = sorted(kinds, key=lambda kind: kind.__name__)
    adapters: Any = [(one, "serialization", TypeAdapter(one)) for one in ordered]
    refs: Any
    refs, shared = TypeAdapter.json_schemas(adapters)
    made = {kind: refs[kind, "serialization"] for kind in ordered}
    definitions = shared["$defs"]
    _describe(definitions, ordered)
    top = definitions.pop(Document.__name__)
    top["properties"] |= {"result": {}, "verdict": {"anyOf": [made[LoggedVerdict], _NULL]}}
    several = {"anyOf": [made[MultirunResult], _NULL]}
    of_modes = [
        _case({"const": mode}, {"anyOf": [made[record], *several["anyOf"]]})
        for mode, record in by_mode.items()
    ]
    of_flags = _case(_NULL, {"anyOf": [made[TextResult], _NULL]})
    whole = {"$schema": _DIALECT, **top, "allOf": [of_flags, *of_modes], "$defs": definitions}
    return dict(_first_lines(whole))


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _describe(definitions: dict[str, Any], records: Iterable[type]) -> None:
    """Add the comments beside the fields of records, and of those that they are made of."""
    modules = {sys.modules[one.__module__] for one in records}
    for name, found in [pair for module in modules for pair in vars(module).items()]:
        if name in definitions and isinstance(found, type) and is_dataclass(found):
            sources = [inspect.getsource(one) for one in found.__mro__ if is_dataclass(one)]
            for key, comment in _COMMENT.findall("\n".join(sources)):
                definitions[name]["properties"].get(key, {})["description"] = comment


def _case(mode: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {"mode": mode}}, "then": {"properties": {"result": result}}}


def _first_lines(node: Any) -> Any:
    """Return a schema with the first line of each docstring, and without titles."""
    if isinstance(node, list):
        return [_first_lines(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {key: one for key, one in node.items() if key != "title" or not isinstance(one, str)}
    if isinstance(said := kept.get("description"), str):
        kept["description"] = said.partition("\n")[0]
    return {key: _first_lines(one) for key, one in kept.items()}


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
