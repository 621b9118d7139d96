"""A task's YAML mended by hand: it is read, or refused with one message that lists every fault."""

import copy
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.data._base import Table, Tables
from spaceship.data.checks import checked
from spaceship.errors import ConfigError, SpaceshipError
from spaceship.task.task import Task

PLAN: dict[str, Any] = {
    "name": "clinics",
    "problem": "binary",
    "label": "ill",
    "positive": "yes",
    "classes": ["no", "yes"],
    "id": "patient",
    "group": {"of": "patient", "pattern": "([A-Z]+)-.*"},
    "time": "seen",
    "columns": {
        "age": {"type": "number", "min": 0, "max": 120, "unit": "years"},
        "ward": {"type": "category", "levels": ["A", "B"]},
        "smoker": {"type": "boolean", "levels": ["n", "y"]},
        "seen": {"type": "date", "format": "%d.%m.%Y"},
        "code": {"type": "text", "pattern": "[a-z]+/[0-9]+"},
    },
    "parts": {"kind": {"of": "code", "pattern": "([a-z]+)/"}},
    "slices": ["ward", "kind"],
    "files": {"train": "train.csv", "test": None, "sample": None},
}
ROWS = {
    "patient": ["X-1", "X-2", "Y-1", "Y-2"],
    "age": ["40", "41", "", "70"],
    "ward": ["A", "B", "A", ""],
    "smoker": ["y", "n", "y", "n"],
    "seen": ["01.02.2026", "02.02.2026", "03.02.2026", "04.02.2026"],
    "code": ["a/1", "b/2", "a/3", "b/4"],
    "ill": ["yes", "no", "no", "yes"],
}
VALUES: list[Any] = [
    *(None, "", " ", "age", "ill", "patient", "nothing", "yes", 0, 1, -1.5, 1e400, True, [], {}),
    *(
        [None],
        ["no"],
        ["no", "no"],
        ["a", "b", "c"],
        {"type": "number"},
        {"of": "code"},
        "(",
        "(a)",
    ),
    *("%d", "%Q", "%", "date", "text", "group_size", "(?P<x>.*)", "x", ".*", "[", "🚀", "a" * 300),
]


def rows(**changed: list[str]) -> Tables:
    return Tables(Table(pd.DataFrame({**ROWS, **changed}), "train.csv"))


def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Return the plan with some of its values, at any depth, replaced, removed or added."""
    plan: dict[str, Any] = copy.deepcopy(PLAN)
    for _ in range(draw(st.integers(1, 3))):
        node: Any = plan
        while True:
            keys: list[Any] = [*node] if isinstance(node, dict) else [*range(len(node))]
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = node[key]
            if isinstance(inner, dict | list) and draw(st.booleans()):
                node = inner
                continue
            what = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
            if what == "replace":
                node[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
            elif what == "remove":
                del node[key]
            elif isinstance(node, dict):
                added = draw(st.sampled_from(["kind", "extra", "min", "format", "levels", " age"]))
                node[added] = copy.deepcopy(draw(st.sampled_from(VALUES)))
            break
    return plan


def test_the_plan_itself_is_fine() -> None:
    assert len(checked(rows(), Task.read(PLAN)).train) == len(ROWS["ill"])


@settings(max_examples=100, deadline=None)
@given(st.composite(mutated)())
def test_a_mutated_task_works_or_is_refused(plan: dict[str, Any]) -> None:
    try:
        task = Task.read(plan)
        data = checked(rows(), task)
        task = data.task
        task.slice_values(data.train)
        task.group_names(data.train)
        assert len(task.target(data.train)) == len(data.train)
        assert Task.read(task.to_plain()) == task
    except SpaceshipError as error:
        message = str(error)
    else:
        return
    assert "expected" in message
    assert "found" in message or "missing" in message


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"label": "age", "nonsense": 1}, ["task.nonsense", "task.label to be no column"]),
        ({"group": "patient"}, ["task.group to be another column than task.id"]),
        ({"group": {"of": "patient", "pattern": "[A-Z]+"}}, ["round brackets"]),
        ({"slices": ["plan"], "time": "ward"}, ["slices.plan to name", "time to be a column of"]),
        ({"positive": "maybe"}, ["'maybe' and the classes no, yes"]),
        ({"classes": ["no", "no"]}, ["each value once", "one of two classes"]),
        ({"columns": {"age": "number", " age": "text"}}, ["each name once, not twice 'age'"]),
        ({"columns": {"patient": "text"}, "parts": {}, "slices": []}, ["hold one to learn from"]),
        ({"columns": {"code": "text", "kind": "text"}}, ["names of their own"]),
        (
            {
                "columns": {
                    "code": {"type": "boolean", "levels": ["a", "b", "c"]},
                    "seen": {"type": "date", "format": "%Q"},
                    "age": {"type": "number", "min": 9, "max": 1},
                    "day": {"type": "date", "min": "soon"},
                    "ward": {"type": "category", "min": 1},
                }
            },
            ["two spellings", "'%Q'", "to be at most its max", "to be a day", "found a category"],
        ),
    ],
)
def test_every_contradiction_is_named_at_once(changes: dict[str, Any], faults: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        Task.read({**PLAN, **changes})
    assert [fault for fault in faults if fault not in str(caught.value)] == []


def test_patterns_that_match_no_row_are_named_at_once_with_other_faults() -> None:
    plan = copy.deepcopy(PLAN)
    plan["group"]["pattern"] = "([0-9]+)_.*"
    plan["parts"]["kind"]["pattern"] = "([A-Z]+)/"
    plan["columns"]["code"]["pattern"] = "[A-Z]"
    with pytest.raises(SpaceshipError) as caught:
        checked(rows(age=["x", "1", "2", "3"]), Task.read(plan))
    lines = str(caught.value).splitlines()
    assert lines[0] == "train.csv: 4 faults in 4 rows."
    assert "task.group.pattern: expected a pattern that matches patient" in lines[1]
    assert "task.parts.kind.pattern: expected a pattern that matches code" in lines[2]
    assert "code: expected the pattern [A-Z], found 4 rows otherwise" in lines[3]
    assert "age: expected a number" in lines[4]
