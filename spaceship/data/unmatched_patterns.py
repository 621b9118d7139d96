"""Patterns of a task that match no row: those that cut out groups and parts of texts."""

import pandas as pd

from spaceship.task.column_types import Column, ColumnType, read
from spaceship.task.task import Task

_FEWEST = 2  # different values, of which a pattern matches one or more


def unmatched_patterns(frame: pd.DataFrame, task: Task) -> list[str]:
    """Return a line for each pattern of groups and parts that matches no value of raw rows.

    A column that is absent, or holds a single value or none, says nothing about its pattern.

    >>> plan = {"problem": "regression", "label": "fee", "columns": {"rooms": "number"}}
    >>> inns = Task.read({**plan, "group": {"of": "code", "pattern": "([0-9]+)-.*"}})
    >>> unmatched_patterns(pd.DataFrame({"code": ["A_1", "B_2"]}), inns)
    ["task.group.pattern: expected a pattern that matches code, found no match of ..."]
    """
    cut = {f"parts.{name}": (part.of, part.pattern, "") for name, part in task.parts.items()}
    if task.group is not None:
        cut = {"group": (task.group.of, task.group.pattern, r"\Z"), **cut}
    faults = []
    for key, (column, pattern, end) in cut.items():
        if column not in frame.columns:
            continue
        raw = task.raw.get(column, Column(type=ColumnType.TEXT))
        values = read(frame[column], raw)[0].dropna().astype("str").drop_duplicates()
        if len(values) < _FEWEST or values.str.match(f"(?:{pattern}){end}").any():
            continue
        wanted = f"task.{key}.pattern: expected a pattern that matches {column}"
        found = f"no match of {pattern!r} in {len(values)} values, such as {values.iloc[0]!r}"
        faults.append(f"{wanted}, found {found}")
    return faults
