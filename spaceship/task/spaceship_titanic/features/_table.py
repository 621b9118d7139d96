"""Table under construction: the passengers of one call and the columns built so far."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from spaceship.task.spaceship_titanic.columns import COLUMNS, ID
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._parts import split_cabin, surname
from spaceship.task.texts import Arrow, Texts
from spaceship.task.typed_rows import TypedRows, texts_or_numbers

Columns = Mapping[str, Any]
"""Columns by name, in order: `Texts` or arrays of numbers, of length n_rows."""

_KEPT = [name for name in COLUMNS if name not in {ID, "Cabin", "Name"}]


@dataclass(frozen=True)
class PassengerTable:
    """Travel groups, full names and the columns so far, one row a passenger."""

    groups: TravelGroups
    names: Arrow
    columns: Columns

    @classmethod
    def read(cls, rows: TypedRows) -> Self:
        """Return the table of typed rows; its columns are those of `raw` at first."""
        groups = TravelGroups.read(rows[ID], rows.calls)
        columns = {name: texts_or_numbers(rows[name]) for name in _KEPT}
        return cls(groups, rows["Name"], columns | split_cabin(rows["Cabin"]))

    @property
    def surname(self) -> Texts:
        """Last word of each name."""
        return surname(self.names)

    def with_columns(self, columns: Columns) -> Self:
        """Return the table with columns added or replaced."""
        return replace(self, columns={**self.columns, **columns})
