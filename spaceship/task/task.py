"""Task: the meaning of a table's columns, as `configs/task/NAME.yaml` writes it."""

import copy
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BeforeValidator, Field, ValidationError, field_validator

from spaceship.config.faults import list_faults
from spaceship.errors import ConfigError
from spaceship.task.calls import apart_by_call
from spaceship.task.column_types import Column, ColumnType, Kind, Name, Section, Text
from spaceship.task.label import Label
from spaceship.task.texts import as_arrow, as_column, as_numbers, cut

GROUP_SIZE = "group_size"  # source of a slice: `solo` for a row alone in its group, else `group`
MISSING = "missing"  # value of a slice where its column has none
HUGE = 1e30  # larger numbers overflow in estimators that square them or take 32 bits
ROW = "row"  # name of the column of row numbers, where a task has no id


class Group(Section):
    """The rows that no split tears apart: those of one value, or of the pattern's first group."""

    of: Name
    pattern: str = "(.*)"


class Part(Section):
    """A part of a text column: what the first group of a regular expression finds at its start.

    >>> Part(of="postcode", pattern="([0-9])").type
    <ColumnType.CATEGORY: 'category'>
    """

    of: Name
    pattern: str
    type: Literal[ColumnType.CATEGORY, ColumnType.NUMBER] = ColumnType.CATEGORY


class Files(Section):
    """Names of a task's files in `data.dir`; without `test` there are no rows to predict."""

    train: str = "train.csv"
    test: str | None = "test.csv"
    sample: str | None = "sample_submission.csv"


def _typed_column(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


def _named(value: object) -> object:
    is_list = isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    return {name: name for name in value} if is_list else value  # type: ignore[attr-defined]


def _of(value: object) -> object:
    return {"of": value} if isinstance(value, str) else value


class Task(Label):
    """What the columns of a table mean.

    >>> plan = {"name": "churn", "problem": "binary", "label": "left", "positive": "yes"}
    >>> churn = Task.read({**plan, "columns": {"plan": "category"}})
    >>> churn.columns["plan"].type, churn.noun
    (<ColumnType.CATEGORY: 'category'>, 'row')
    """

    name: Text = Field("task", pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*$")
    id: Name | None = None  # column that names a row; null: its number in the file
    group: Annotated[Group | None, BeforeValidator(_of)] = None
    time: Name | None = None  # column to split by with split=time
    columns: dict[Text, Annotated[Column, BeforeValidator(_typed_column)]] = Field(min_length=1)
    parts: dict[str, Part] = Field(default_factory=dict)  # categories cut out of text columns
    slices: Annotated[dict[str, str], BeforeValidator(_named)] = Field(
        default_factory=dict
    )  # source of each slice
    noun: str = "row"  # a row, in messages
    group_noun: str = "group"  # the rows of one group, in messages
    decimal: str = Field(".", pattern=r"[.,]")  # decimal sign of numbers
    missing: tuple[Text, ...] = ()  # spellings of a missing value in every column
    unlabelled: Literal["refuse", "drop"] = "refuse"  # what happens to training rows without label
    files: Files = Files()
    floor: float | None = Field(None, ge=0, le=1)  # hold-out accuracy of a first champion to exceed

    @classmethod
    def read(cls, node: Mapping[str, object]) -> Self:
        """Return the task of a YAML's content; raise ConfigError that lists every fault."""
        from spaceship.task.contradictions import contradictions

        made: Self | None = None
        faults: list[str] = []
        try:
            made = cls.model_validate(dict(node))
        except ValidationError as error:
            faults, made = [list_faults(error, "task")], cls._of_the_rest(node, error)
        faults += contradictions(made) if made is not None else []
        if made is None or faults:
            message = f"expected {'; '.join(faults)}"
            raise ConfigError(f"{message}; mend the task's YAML in configs/task")
        return made

    @classmethod
    def _of_the_rest(cls, node: Mapping[str, object], error: ValidationError) -> Self | None:
        """Return the task without unknown keys and faulty rules of columns; None if there is more.

        Its contradictions can be named beside the faults.
        """
        rest = copy.deepcopy(dict(node))
        for fault in error.errors():
            *way, key = fault["loc"]
            inner: object = rest
            for step in way:
                inner = inner[step] if isinstance(inner, dict) and step in inner else None
            is_rule = fault["loc"][0] == "columns" and len(way) > 1
            if not isinstance(inner, dict) or not (fault["type"] == "extra_forbidden" or is_rule):
                return None
            inner.pop(key, None)
        try:
            return cls.model_validate(rest)
        except ValidationError:
            return None

    @field_validator("columns")
    @classmethod
    def _strip(cls, columns: dict[str, Column]) -> dict[str, Column]:
        stripped = [name.strip() for name in columns]
        if twice := sorted({name for name in stripped if stripped.count(name) > 1}):
            raise ValueError(f"to hold each name once, not twice {', '.join(map(repr, twice))}")
        return dict(zip(stripped, columns.values(), strict=True))

    def to_plain(self) -> dict[str, Any]:
        """Return the task as JSON values, which a fitted pipeline carries; `read` takes them.

        >>> Task.read(task.to_plain()) == task
        True
        """
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def nouns(self) -> str:
        """Several rows, in messages."""
        return f"{self.noun}s"

    @property
    def groups(self) -> str:
        """Several groups, in messages; rows where the task has no groups."""
        return self.nouns if self.group is None else f"{self.group_noun}s"

    @property
    def id_name(self) -> str:
        """Name of the column of predictions that names a row."""
        return self.id or (ROW if self.label != ROW else f"{ROW}_number")

    @property
    def raw(self) -> dict[str, Column]:
        """The columns of a raw frame: id, group and time where they are no features, features."""
        own = [self.id, None if self.group is None else self.group.of, self.time]
        extra = {name: Column(type=ColumnType.TEXT) for name in own[:2] if name}
        extra |= {name: Column(type=ColumnType.DATETIME) for name in own[2:] if name}
        whole = {**{k: v for k, v in extra.items() if k not in self.columns}, **self.columns}
        return {name: self._completed(column) for name, column in whole.items()}

    @property
    def model_columns(self) -> dict[str, Column]:
        """The raw columns that a model is given: the features, and the column of the group."""
        group = None if self.group is None else self.group.of
        return {name: one for name, one in self.raw.items() if name in {*self.columns, group}}

    def _completed(self, column: Column) -> Column:
        """Return a column with the task's decimal sign and spellings of a missing value."""
        own = {"decimal": column.decimal or self.decimal, "missing": column.missing + self.missing}
        return column.model_copy(update=own)

    @property
    def features(self) -> dict[str, Column]:
        """The columns to learn from: all but id and group."""
        apart = {self.id, None if self.group is None else self.group.of}
        return {name: one for name, one in self.columns.items() if name not in apart}

    def names(self, frame: pd.DataFrame) -> pd.Series:
        """Return the id of each row as text; without an id, the row's number from 1."""
        if self.id is not None:
            return frame[self.id]
        return pd.Series(frame.index + 1, frame.index, name=self.id_name).astype("str")

    def group_names(self, frame: pd.DataFrame) -> pd.Series:
        """Return the name of each row's group as text; a row without one is a group of its own.

        Without groups it is the row's id, and without ids a digest of its contents, so that equal
        rows are never torn apart.

        >>> plain = {"problem": "regression", "label": "sales", "columns": {"size": "number"}}
        >>> shops = Task.read({**plain, "group": "town"})
        >>> shops.group_names(pd.DataFrame({"town": ["Ulm", "Bern"], "size": 1.0})).tolist()
        ['Ulm', 'Bern']
        """
        if self.group is None:
            return frame[self.id] if self.id is not None else _contents(frame, self.raw)
        whole = frame[self.group.of].astype("str")
        if self.group.pattern == "(.*)":
            found = whole
        else:
            found = as_column(cut(as_arrow(whole), self.group.pattern, to_end=True), frame.index)
            found = found.fillna(whole)
        if found.hasnans:
            alone = frame[self.id] if self.id is not None else _contents(frame, self.raw)
            found = found.fillna("\0" + alone)
        return apart_by_call(found.astype("str"))

    def group_sizes(self, frame: pd.DataFrame) -> pd.Series:
        """Return the number of rows of each row's group in the frame."""
        names = self.group_names(frame)
        return names.map(names.value_counts())

    def part(self, frame: pd.DataFrame, name: str) -> pd.Series:
        """Return a part of a text column, missing where its pattern does not match."""
        part = self.parts[name]
        found = cut(as_arrow(frame[part.of]), part.pattern)
        if part.type.kind is Kind.NUMBER:
            return pd.Series(as_numbers(found), frame.index, name=name)
        return as_column(found, frame.index).rename(name)

    def slice_values(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """Return each row's value in each slice as text.

        >>> sorted(set(task.slice_values(people.train)["party"]))
        ['group', 'solo']
        """
        values = {}
        for name, source in self.slices.items():
            if source == GROUP_SIZE:
                alone = (self.group_sizes(frame) == 1).map({True: "solo", False: "group"})
                values[name] = alone
            else:
                values[name] = self.part(frame, source) if source in self.parts else frame[source]
        return {name: column.astype("str").fillna(MISSING) for name, column in values.items()}


def _contents(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.Series:
    """Return a digest of each row's raw columns as text; equal rows have equal digests."""
    rows = frame[[*columns]]
    return pd.Series(pd.util.hash_pandas_object(rows, index=False), frame.index).astype("str")
