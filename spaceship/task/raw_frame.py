"""Raw frames in the types of a task, from whatever a file or a request may hold."""

import re
import reprlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd

from spaceship.errors import DataError
from spaceship.task.column_types import Column, Kind, kind_of, read
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.text import first_few

_SHOWN = 3
_NAMES = 20


def typed(
    frame: pd.DataFrame, columns: Mapping[str, Column], *, finite: bool = False
) -> pd.DataFrame:
    """Return the columns of a raw frame in their types, in the order of the task, index kept.

    Takes what CSV, JSON, Parquet or Python may hold: text or native values, `None`, `NaN` or an
    empty text for a missing one. A frame that is typed already passes through untouched. Raise
    DataError if a column is missing or there twice, or a value is not of its column's type, such as
    a list in place of one text; with `finite`, also for an infinite number.

    >>> typed(pd.DataFrame({"age": ["7", ""]}), {"age": Column(type="number")})["age"].tolist()
    [7.0, nan]
    """
    if faults := header_faults(frame.columns, [*columns]):
        raise DataError("; ".join(faults))
    raw = {name: frame[name] for name in columns}
    made = {name: _typed_column(raw[name], one, finite=finite) for name, one in columns.items()}
    if any(made[name] is not column for name, column in raw.items()):
        return pd.DataFrame(made, frame.index, copy=False)
    return frame if [*columns] == [*frame.columns] else frame[[*columns]]


def typed_label(frame: pd.DataFrame, task: Task) -> pd.Series:
    """Return the label of raw rows: booleans, text or numbers; missing where it cannot be read.

    >>> typed_label(people.train, task).dtype
    dtype('bool')
    """
    values, _ = read(frame[task.label], label_column(task))
    whole = values.dtype == "boolean" and not values.hasnans
    return values.astype(np.bool_) if whole else values


def label_column(task: Task) -> Column:
    """Return the label as a column: its type and the spellings of its values.

    >>> label_column(task).levels
    ('False', 'True')
    """
    kinds = {Problem.BINARY: "boolean", Problem.MULTICLASS: "category"}
    kind = kinds.get(task.problem, "number")
    values = task.label_values if task.is_classification else None
    own = {"missing": task.missing, "decimal": task.decimal}
    return Column.model_validate({"type": kind, "levels": values or None, **own})


def header_faults(present: pd.Index, wanted: list[str], label: str | None = None) -> list[str]:
    """Return what is wrong with the names of columns: any missing (meant by others?) or repeated.

    The label is named as such.

    >>> header_faults(pd.Index(["Plan", "fee"]), ["plan", "fee"])
    ["expected 2 columns, missing: plan (is 'Plan' meant?)"]
    """
    faults, spare = [], [str(name) for name in present if name not in {*wanted}]
    mark = {label: " (the label)"}
    absent = [name for name in wanted if name not in present]
    if absent := [f"{name}{mark.get(name, '')}{closest(name, spare)}" for name in absent]:
        faults.append(f"expected {len(wanted)} columns, missing: {first_few(absent, _NAMES)}")
    if not present.is_unique and (twice := sorted({*present[present.duplicated()]} & {*wanted})):
        faults.append(
            f"expected each column once, found more than once: {first_few(twice, _NAMES)}"
        )
    return faults


def near_names(present: Collection[str], wanted: Collection[str]) -> dict[str, str]:
    """Return the wanted name of each present one that differs in case, blanks and signs alone.

    Only if both are the only ones of their kind, and the wanted name is absent.

    >>> near_names(["monthly_fee", "Plan", "PLAN"], ["Monthly fee", "plan"])
    {'monthly_fee': 'Monthly fee'}
    """
    ours, theirs = (Counter(map(_plain, names)) for names in (present, wanted))
    absent = {_plain(name): name for name in wanted if name not in present}
    spare = [name for name in present if name not in wanted]
    return {
        name: absent[plain]
        for name in spare
        if (plain := _plain(name)) in absent and ours[plain] == theirs[plain] == 1
    }


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def closest(name: str, choices: Iterable[str]) -> str:
    """Return a hint with the choice nearest to a name, or nothing.

    >>> closest("monthly_fee", ["MonthlyFee", "plan"])
    " (is 'MonthlyFee' meant?)"
    """
    from difflib import get_close_matches

    plain = {_plain(choice): choice for choice in choices}
    near = get_close_matches(_plain(name), plain, n=1, cutoff=0.7)
    return f" (is '{plain[near[0]]}' meant?)" if near else ""


def _typed_column(column: pd.Series, kind: Column, *, finite: bool) -> pd.Series:
    converted, unreadable = read(column, kind)
    words = kind_of(kind) or "a text"
    if finite and kind.type.kind is Kind.NUMBER:
        unreadable, words = unreadable | np.isinf(converted.to_numpy()), "a finite number"
    if column.dtype == object and kind.type.kind in {Kind.CATEGORY, Kind.TEXT}:
        unreadable = column.map(pd.api.types.is_list_like).to_numpy(bool)
    if unreadable.any():
        strange = column[unreadable]
        shown = ", ".join(map(reprlib.repr, strange.head(_SHOWN).tolist()))
        found = f"{len(strange)} other{'s' * (len(strange) > 1)}: {shown}"
        raise DataError(f"expected {column.name} to be {words}, or missing; found {found}")
    return converted
