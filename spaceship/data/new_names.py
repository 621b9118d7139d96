"""New names for copied groups and ids, in the form that the task's patterns ask for."""

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, expected
from spaceship.task.column_types import Column, ColumnType, Kind, read
from spaceship.task.task import Task

_WHOLE = "(.*)"


class NewNames:
    """Maker of names that no row of the known frames bears.

    The number at the end of a name is counted on from the largest one (`P-007` → `P-031`); a name
    without one gets a number. Raise ConfigError if a column's type or pattern allows neither.

    >>> from spaceship.task.task import Group
    >>> small = task.model_copy(update={"id": None, "group": Group(of="home"), "columns": {}})
    >>> names = NewNames(small, [pd.DataFrame({"home": ["h1", "h2"]}, dtype="str")])
    >>> names.given(pd.DataFrame({"home": ["h1", "h1"]}), np.array([0, 1]))["home"].tolist()
    ['h1', 'h3']
    """

    def __init__(self, task: Task, known: Sequence[pd.DataFrame]) -> None:
        """Note the names in typed frames."""
        group = None if task.group is None else (task.group.of, task.group.pattern)
        wanted = [] if group is None else [(*group, True)]
        if task.id is not None and (group is None or group[0] != task.id):
            wanted.append((task.id, _WHOLE, False))
        self._columns = [
            _Column(name, task.raw[name], pattern, [frame[name] for frame in known], shared=shared)
            for name, pattern, shared in wanted
        ]

    def given(self, frame: pd.DataFrame, copies: npt.NDArray[np.int64]) -> pd.DataFrame:
        """Return raw rows with new names in the further copies, those of a number above 0."""
        return frame.assign(
            **{one.name: one.renamed(frame[one.name], copies) for one in self._columns}
        )


class _Column:
    """The column of a group or an id, and the names in it."""

    def __init__(
        self, name: str, column: Column, pattern: str, known: list[pd.Series], *, shared: bool
    ) -> None:
        self.name, self.column, self.shared = name, column, shared
        self.pattern = re.compile(f"^(?:{pattern})$", re.DOTALL)
        texts = pd.concat([_text(one, column) for one in known]).dropna().unique()
        self.used = {self._split(one)[1] for one in texts}
        ends = [re.search(r"[0-9]+$", one) for one in self.used]
        self.largest = max((int(end[0]) for end in ends if end), default=0)

    def renamed(self, raw: pd.Series, copies: npt.NDArray[np.int64]) -> pd.Series:
        """Return the column as text, the further copies of a group under one new name each."""
        texts, new = _text(raw, self.column).to_numpy(dtype=object), dict[tuple[str, int], str]()
        for at in np.flatnonzero(copies):
            if isinstance(text := texts[at], str):
                before, name, after = self._split(text)
                key = (name, int(copies[at]))
                if not self.shared or key not in new:
                    new[key] = self._new(before, name, after)
                texts[at] = f"{before}{new[key]}{after}"
        return pd.Series(texts, raw.index, dtype="str")

    def _split(self, text: str) -> tuple[str, str, str]:
        """Return what stands before the name in a value, the name, what stands after it."""
        found = self.pattern.match(text)
        start, end = (0, len(text)) if found is None or found[1] is None else found.span(1)
        return text[:start], text[start:end], text[end:]

    def _new(self, before: str, name: str, after: str) -> str:
        """Return a name that is not used yet and keeps the rules of the column."""
        self.largest += 1
        end = re.search(r"[0-9]+$", name)
        stem, width = (name, 0) if end is None else (name[: end.start()], len(end[0]))
        number = str(self.largest).zfill(width)
        for new in (f"{stem}{number}", f"{stem}-{number}", f"{stem}_{number}"):
            if new not in self.used and self._is_allowed(f"{before}{new}{after}", new):
                self.used.add(new)
                return new
        wanted = f"{self.name} to take new names for copies of {before}{name}{after}"
        found = f"a {self.column.type} with rules that {before}{stem}{number}{after} would break"
        do = "choose data=local, or widen the column's rules in the task's YAML"
        raise ConfigError(f"data=resample: {expected(wanted, found, do)}")

    def _is_allowed(self, value: str, new: str) -> bool:
        column = self.column
        if column.type.kind is Kind.NUMBER:
            most = column.max if isinstance(column.max, float) else float("inf")
            return value.isdecimal() and float(value) <= min(most, 2.0**53)
        texts = column.type.kind in {Kind.TEXT, Kind.CATEGORY} and column.levels is None
        fits = column.pattern is None or re.fullmatch(column.pattern, value) is not None
        return texts and fits and self._split(value)[1] == new


def _text(values: pd.Series, column: Column) -> pd.Series:
    """Return raw or typed values as text, whole numbers without decimals."""
    as_text = Column(type=ColumnType.TEXT, missing=column.missing)
    if column.type.kind is Kind.NUMBER:
        values = read(values, column)[0]
    return read(values, as_text)[0]
