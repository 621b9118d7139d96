"""Generated tables of any task: columns of every type with odd names, labels, groups, gaps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import strategies as st

from spaceship.task.raw_frame import typed
from spaceship.task.task import Task

ODD_NAMES = ("a", "a_b", "a b", 'say "hi"', "x[0]", "{}", "a,b:c", "é.ü", "🚀", "a_year", "a_count")
WORDS = ("red", "green", "a long road", "Ünïcode", "c", "42", "nan", "x, y", "  ")


@dataclass(frozen=True)
class Table:
    """A typed frame with a label that an estimator learns."""

    task: Task
    frame: pd.DataFrame
    y: npt.NDArray[Any]

    @property
    def groups(self) -> pd.Series:
        return self.task.group_names(self.frame)


def columns_of(kind: str, n_rows: int, rng: np.random.Generator) -> pd.Series:
    """Return a random column, with gaps more often than not."""
    if kind == "number":
        values: Any = rng.choice([0.0, 1.5, -3.0, 1e300, np.inf, 7.25], n_rows).astype(object)
    elif kind == "boolean":
        values = rng.choice([True, False], n_rows).astype(object)
    elif kind == "category":
        n_levels = int(rng.choice([1, 3, 8, 60]))
        values = np.array([f"level {one}" for one in rng.integers(0, n_levels, n_rows)], object)
    elif kind == "text":
        n_words = int(rng.choice([1, 3, 12]))
        values = np.array([" ".join(rng.choice(WORDS, n_words)) for _ in range(n_rows)], object)
    else:
        spread = rng.integers(-(10**9), 10**9, n_rows).astype("timedelta64[s]")
        values = (np.datetime64("2020-02-29") + spread).astype(str).astype(object)
    values[rng.random(n_rows) < rng.choice([0.0, 0.2, 1.0], p=[0.4, 0.5, 0.1])] = None
    return pd.Series(values, dtype=object)


@st.composite
def tables(draw: st.DrawFn, least_rows: int = 1) -> Table:
    """Draw a task and rows of it."""
    problem = draw(st.sampled_from(["binary", "multiclass", "regression"]))
    kinds = st.sampled_from(["number", "boolean", "category", "text", "date", "datetime"])
    columns = draw(st.dictionaries(st.sampled_from(ODD_NAMES), kinds, min_size=1, max_size=6))
    node: dict[str, Any] = {"problem": problem, "label": "the label", "columns": columns}
    node |= {"positive": "yes"} if problem == "binary" else {}
    node |= {"group": "the group"} if draw(st.booleans()) else {}
    node |= {"id": "the id"} if draw(st.booleans()) else {}
    task, n_rows = Task.read(node), draw(st.integers(least_rows, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Table(task, rows_of(task, n_rows, rng), labels_of(problem, n_rows, rng))


def rows_of(task: Task, n_rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return random rows of a task, typed; some have no group."""
    raw = {name: columns_of(one.type, n_rows, rng) for name, one in task.columns.items()}
    if task.group is not None:
        names = rng.integers(0, max(n_rows // 3, 1), n_rows).astype(str).astype(object)
        names[rng.random(n_rows) < rng.choice([0.0, 0.2])] = None
        raw[task.group.of] = pd.Series(names)
    if task.id is not None:
        raw[task.id] = pd.Series([f"row {number}" for number in rng.permutation(n_rows)])
    return typed(pd.DataFrame(raw), task.raw)


def labels_of(problem: str, n_rows: int, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Return random labels as estimators learn them."""
    if problem == "binary":
        return rng.random(n_rows) < 0.5
    return rng.integers(0, 4, n_rows) if problem == "multiclass" else rng.normal(size=n_rows)
