"""Contradictions of a task: settings that do not go together, and patterns that do not compile."""

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from spaceship.task.column_types import Column, Kind
from spaceship.task.label import Problem
from spaceship.task.task import GROUP_SIZE, Group, Task

_TWO = 2


def contradictions(task: Task) -> list[str]:
    """Return what does not go together, each as `… to be …, found …`.

    >>> plan = {"problem": "regression", "label": "fee", "columns": {"fee": "number"}}
    >>> contradictions(Task.model_validate(plan))
    ["task.label to be no column to learn from, found 'fee' in both"]
    """
    parts = (_of_roles, _of_names, _of_patterns, _of_columns, _of_label)
    return [fault for part in parts for fault in part(task)]


def _of_roles(task: Task) -> Iterator[str]:
    group = None if task.group is None else task.group.of
    if task.label in {*task.columns, task.id, group, task.time}:
        yield f"task.label to be no column to learn from, found {task.label!r} in both"
    if task.group is not None and task.group == Group(of=str(task.id)):
        yield f"task.group to be another column than task.id, found {group!r} for both"
    if not task.features and not task.parts:
        yield f"task.columns to hold one to learn from, found {', '.join(task.columns)} alone"
    if task.time is not None:
        kind = task.raw[task.time].type
        if not (kind.kind is Kind.TIME or kind.kind is Kind.NUMBER):
            yield f"task.time to be a column of dates or numbers, found {task.time!r}, a {kind}"


def _of_names(task: Task) -> Iterator[str]:
    group = None if task.group is None else task.group.of
    known = {*task.columns, task.id, group, task.time}
    sources = {*task.columns, *task.parts, GROUP_SIZE}
    named = {f"parts.{name}.of": part.of for name, part in task.parts.items()}
    named = {key: one for key, one in named.items() if one not in known}
    named |= {f"slices.{key}": one for key, one in task.slices.items() if one not in sources}
    yield from (f"task.{key} to name a column, found {one!r}" for key, one in named.items())
    if both := sorted({*task.parts} & {*task.columns, task.label}):
        yield f"task.parts to have names of their own, found columns: {', '.join(both)}"


def _of_patterns(task: Task) -> Iterator[str]:
    cut = {} if task.group is None else {"group.pattern": task.group.pattern}
    cut |= {f"parts.{name}.pattern": part.pattern for name, part in task.parts.items()}
    whole = {f"columns.{k}.pattern": c.pattern for k, c in task.columns.items() if c.pattern}
    for key, pattern in (cut | whole).items():
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            yield f"task.{key} to be a regular expression, found {pattern!r}: {error}"
            continue
        if key in cut and not groups:
            wanted = "to mark what to take with round brackets"
            yield f"task.{key} {wanted}, found none in {pattern!r}"


def _of_columns(task: Task) -> Iterator[str]:
    for name, column in task.columns.items():
        key = f"task.columns.{name}"
        if (levels := column.levels) is not None:
            shown = ", ".join(levels) or "none"
            if column.type.kind is Kind.BOOLEAN and len({*map(str.lower, levels)}) != _TWO:
                yield f"{key}.levels to be two spellings, of false and of true, found {shown}"
            elif column.type.kind not in {Kind.BOOLEAN, Kind.CATEGORY} or not levels:
                yield f"{key}.levels to be those of a boolean or a category, found {shown}"
        if column.monotone and column.type.kind is not Kind.NUMBER:
            yield f"{key}.monotone to be that of a number, found a {column.type}"
        if column.format is not None and not (
            column.type.kind is Kind.TIME and _reads(column.format)
        ):
            yield f"{key}.format to be that of a date, such as %d.%m.%Y, found {column.format!r}"
        yield from _of_bounds(key, column)


def _of_bounds(key: str, column: Column) -> Iterator[str]:
    given = [one for one in (column.min, column.max) if one is not None]
    if given and not (column.type.kind is Kind.TIME or column.type.kind is Kind.NUMBER):
        yield f"{key}.min and max to belong to a number or a date, found a {column.type}"
        return
    found: list[Any] = [
        pd.Timestamp(one) if column.type.kind is Kind.TIME else float(one) for one in given
    ]
    if len(found) == _TWO and not found[0] <= found[1]:
        yield f"{key}.min to be at most its max, found {given[0]} and {given[1]}"


def _of_label(task: Task) -> Iterator[str]:
    if len({*task.classes}) < len(task.classes):
        yield f"task.classes to hold each value once, found {', '.join(task.classes)}"
    if task.problem is Problem.BINARY:
        wanted = "task.positive to be the value of the label that counts as True"
        if task.positive is None:
            yield f"{wanted}, found nothing"
        elif task.classes and (task.positive not in task.classes or len(task.classes) != _TWO):
            found = f"{task.positive!r} and the classes {', '.join(task.classes)}"
            yield f"{wanted}, and one of two classes, found {found}"
    elif task.positive is not None or (task.classes and not task.is_classification):
        yield f"task.positive and task.classes to be absent for {task.problem}, found them"
    elif len(task.classes) == 1:
        yield f"task.classes to be two or more, found {task.classes[0]} alone"


def _reads(form: str) -> bool:
    try:
        pd.to_datetime(pd.Series(["x"]), format=form, errors="coerce", utc=True)
    except (ValueError, TypeError, re.error):
        return False
    return "%" in form or form in {"ISO8601", "mixed"}
