"""YAML page of a proposed task: every column with a comment, to be read and mended by a person."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

import yaml

from spaceship.task.column_types import Column, ColumnType
from spaceship.task.inference.profile import shown
from spaceship.task.inference.proposal import Proposal
from spaceship.task.label import Problem
from spaceship.task.task import Files
from spaceship.text import one_line

_PLAIN = r"[A-Za-z_][A-Za-z0-9_.-]*(?: [A-Za-z0-9_.-]+)*"
_WIDE = 1 << 20


def page(made: Proposal, name: str, files: Files, origin: str) -> str:
    """Return the YAML of a task; `origin` says in words its date and files.

    >>> import pandas as pd
    >>> from spaceship.task.inference.proposal import Asked, propose
    >>> frame = pd.DataFrame({"fee": [1.5, 2, 2], "left": ["n", "y", "n"]})
    >>> text = page(propose(frame, None, Asked(label="left")), "churn", Files(), "from a.csv")
    >>> yaml.safe_load(text)["columns"]
    {'fee': 'number'}
    """
    lines = [*_head(made, name, origin), *_columns(made), *_foot(made, files)]
    return "".join(f"{one_line(line)}\n" for line in lines)  # a comment may quote anything


def scalar(value: object) -> str:
    r"""Return a value as YAML reads it back, quoted where a reader could take it for another.

    >>> print(scalar("no"), scalar("plan"), scalar("a: b"), scalar(None), scalar(0.5))
    "no" plan "a: b" null 0.5
    """
    if not isinstance(value, str):
        return "null" if value is None else str(value).lower()
    words = {"y", "n", "nan", "inf", "infinity"}
    if (
        re.fullmatch(_PLAIN, value)
        and value.lower() not in words
        and yaml.safe_load(value) == value
    ):
        return value
    if value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    dumped = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=_WIDE)
    return str(dumped).rstrip("\n")


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(map(scalar, values))}]"


def _head(made: Proposal, name: str, origin: str) -> Iterator[str]:
    label = made.label
    yield f"# Task {name}."  # the line of --help
    yield f"# Proposed by mode=init {origin}."
    yield "# Types are inferred here, once, and never again: read this page and mend it."
    for one in made.suspicions:
        yield f"# CHECK: {one}"
    yield f"name: {scalar(name)}"
    yield f"problem: {label.problem.value} # {label.why}"
    yield f"label: {scalar(made.label_name)}"
    if label.problem is Problem.BINARY:
        yield f"positive: {scalar(label.positive)} # the value that counts as True"
    if label.classes:
        yield f"classes: {_flow(label.classes)}"
    if label.missing:
        rows = f"{label.missing:,} rows without {made.label_name}; refuse: they are a fault"
        yield f"unlabelled: drop # {_comment(rows)}"
    about = "another value in every row" if made.id else "null: a row's number in the file"
    yield f"id: {scalar(made.id)} # {about}"
    yield f"group: {scalar(made.group)} # rows of one value never straddle a split"
    for candidate, why in made.groups.items():
        yield f"# group: {_comment(scalar(candidate))} # {why}"
    yield f"time: {scalar(made.time)} # a column to split by, with split=time"
    for candidate in made.times:
        yield f"# time: {_comment(scalar(candidate))}"


def _columns(made: Proposal) -> Iterator[str]:
    decimal = made.label.column.decimal if made.label.column is not None else None
    missing = made.label.column.missing if made.label.column is not None else ()
    if missing:
        yield f"missing: {_flow(missing)} # in every column, as in the label"
    if decimal:
        yield f"decimal: {scalar(decimal)} # of the label, and of other numbers"
    yield "columns: # those left out are not learnt from; a number may be monotone: up, or down"
    for name, finding in made.findings.items():
        for doubt in finding.doubts:
            yield f"  # CHECK: {doubt}"
        if finding.column is None and finding.guess is None:
            yield f"  # {_comment(scalar(name))}: {finding.about}"
        elif finding.column is None:
            yield f"  # {scalar(name)}: {_kind(finding.guess, decimal)} # {finding.about}"
        else:
            yield f"  {scalar(name)}: {_kind(finding.column, decimal)} # {finding.about}"


def _kind(column: Column | None, decimal: str | None) -> str:
    """Return a column's type and rules; `decimal` is the sign that the task gives all numbers."""
    rules = column.model_dump(mode="json", exclude_defaults=True) if column else {}
    if decimal and rules["type"] == ColumnType.NUMBER:
        rules["decimal"] = rules.get("decimal", ".")
    if rules.get("decimal") == decimal:
        rules.pop("decimal", None)
    if [*rules] == ["type"]:
        return str(rules["type"])
    return f"{{ {', '.join(_rules(rules))} }}"


def _rules(rules: Mapping[str, object]) -> Iterator[str]:
    for key, value in rules.items():
        yield f"{key}: {_flow(value) if isinstance(value, list | tuple) else scalar(value)}"


def _comment(text: str) -> str:
    """Return a scalar as a comment can hold it: short, on one line."""
    return text if len(text) <= 80 else shown(text)  # noqa: PLR2004


def _foot(made: Proposal, files: Files) -> Iterator[str]:
    if made.slices:
        yield f"slices: {_flow(made.slices)} # what the guards of the gate look at"
    yield f"noun: {scalar(made.noun)} # a row, in messages and reports"
    if made.group is not None:
        yield f"group_noun: {scalar(made.group_noun)}"
    named = ", ".join(f"{key}: {scalar(value)}" for key, value in files.model_dump().items())
    yield f"files: {{ {named} }}"
