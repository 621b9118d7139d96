"""Checks of a data set before anything is computed: one frame, train against test, the sample."""

import logging

import pandas as pd

from spaceship.data._base import Dataset, Table, Tables
from spaceship.data.alike_ids import alike, written_twice
from spaceship.data.broken_rules import broken_rules, shown_rows
from spaceship.data.column_names import named
from spaceship.data.csv_reader import LINE
from spaceship.data.decimal_sign import hint, with_decimal_sign
from spaceship.data.digest import digest
from spaceship.data.leaks import find_leaks
from spaceship.data.sample import check_sample
from spaceship.data.stored_file import all_made, counted
from spaceship.data.unmatched_patterns import unmatched_patterns
from spaceship.errors import DataError, expected
from spaceship.task.column_types import ColumnType, read
from spaceship.task.raw_frame import (
    closest,
    header_faults,
    label_column,
    typed,
    typed_label,
)
from spaceship.task.task import ROW, Task
from spaceship.text import first_few, one_line

log = logging.getLogger(__name__)

_FAULTS, _LINE = 10, "\n  "  # faults that a message lists, and what stands between them


def checked(tables: Tables, task: Task) -> Dataset:
    """Return raw tables checked and typed; raise DataError that lists every fault.

    >>> raw = Tables(Table(people.train, "train.csv"), Table(people.test, "test.csv"))
    >>> checked(raw, task).digest == people.digest
    True
    """
    known: dict[str, Task] = {}

    def train() -> pd.DataFrame:
        known["train"] = task.with_classes(_classes(tables.train, task))
        return check(tables.train, known["train"], labelled=True)

    parts = {"train": train}
    if (rows := tables.test) is not None:
        parts["test"] = lambda: check(rows, task, labelled=False)
    made = all_made(parts)
    return _together(made["train"], made.get("test"), tables.sample, known["train"])


def _together(
    train: pd.DataFrame, test: pd.DataFrame | None, raw_sample: Table | None, task: Task
) -> Dataset:
    """Return the data set of typed tables that fit each other."""
    frames, sample = [train] if test is None else [train, test], None
    names = [row_groups(frame, task) for frame in frames]
    for frame, groups in zip(frames, names, strict=True):
        check_spellings(frame, groups, task)
    if test is not None:
        check_disjoint(names[0], names[1], task)
        if raw_sample is not None and task.id is not None:
            sample = check_sample(raw_sample, test, task)
    leaks = find_leaks(frames, names, task)
    return Dataset(task, train, test, sample, digest(*frames), tuple(leaks))


def row_groups(frame: pd.DataFrame, task: Task) -> pd.Series:
    """Return the group of each row, else its id, else its number.

    >>> row_groups(people.train, task).equals(task.group_names(people.train))
    True
    """
    known = task.id is not None or task.group is not None
    return task.group_names(frame) if known else task.names(frame)


def check(table: Table, task: Task, *, labelled: bool) -> pd.DataFrame:
    """Return a raw table typed, its columns in the order of the task, with a RangeIndex.

    Columns of other names are dropped with a warning, the label too unless it is wanted
    (`labelled`). Categories never seen before and missing values are data; only an id and a label
    must be there in every row, but rows without a label are dropped where the task says so. Raise
    one DataError that lists every fault: column, rule, number of rows and the first of them, by the
    line numbers of `read_csv` if the index holds them.

    >>> raw = Table(people.test.astype(object), "test.csv")
    >>> check(raw, task, labelled=False).equals(people.test)
    True
    """
    wanted = [*task.raw, task.label] if labelled else [*task.raw]
    frame = _numbered(named(table, wanted))
    if unknown := [name for name in frame.columns if name not in wanted]:
        hints = first_few(one_line(f"'{name}'{closest(name, wanted)}") for name in unknown)
        log.warning("%s: columns dropped, as no rule knows them: %s", table.place, hints)
    known = frame.loc[:, frame.columns.isin(wanted) & ~frame.columns.duplicated()]
    if labelled and task.unlabelled == "drop":
        known = _labelled(known, task, table.place)
    task = with_decimal_sign(known, task, table.place)
    if faults := header_faults(frame.columns, wanted, task.label) + _row_faults(known, task):
        first = f"{table.place}: {counted(len(faults), 'fault')} in {counted(len(frame), 'row')}."
        last = "Mend or remove what is listed, then run again."
        if any(one.startswith(f"{task.label}:") and " in every row" in one for one in faults):
            last += " Rows without a label are left out by `unlabelled: drop` in the task's YAML."
        last = " ".join(filter(None, [last, hint(known, task)]))
        raise DataError(f"{first}\n  {first_few(map(one_line, faults), _FAULTS, _LINE)}\n{last}")
    made = typed(known, task.raw)
    if labelled:
        made[task.label] = typed_label(known, task)
    if stripped := stripped_values(known):
        counts = first_few(f"{count} of {one_line(name)}" for name, count in stripped.items())
        log.info("%s: blanks around values left out: %s", table.place, counts)
    return made.reset_index(drop=True)


def stripped_values(frame: pd.DataFrame) -> dict[str, int]:
    """Return the number of texts with blanks around them by column, without columns of none.

    >>> stripped_values(pd.DataFrame({"plan": ["basic ", "pro"], "fee": [1, 2]}))
    {'plan': 1}
    """
    texts = {str(name): column for name, column in frame.items() if column.dtype == "str"}
    counts = {
        name: int((column.str.strip() != column)[column.notna()].sum())
        for name, column in texts.items()
    }
    return {name: count for name, count in counts.items() if count}


def _labelled(frame: pd.DataFrame, task: Task, place: str) -> pd.DataFrame:
    """Return the rows whose label is not missing; one that cannot be read stays, a fault."""
    if task.label not in frame.columns:
        return frame
    values, unreadable = read(frame[task.label], label_column(task))
    kept = (values.notna() | unreadable).to_numpy()
    if not kept.all():
        left = counted(int((~kept).sum()), "row")
        log.info("%s: %s without %s dropped, as the task says", place, left, task.label)
    return frame if kept.all() else frame.loc[kept]


def check_disjoint(train: pd.Series, test: pd.Series, task: Task) -> None:
    """Raise DataError if a group, by the names of it, has rows in both train and test.

    >>> check_disjoint(pd.Series(["0001", "0002"]), pd.Series(["0003"]), task)
    """
    if task.group is None:
        return
    if shared := alike(train, test):
        wanted = f"{task.groups} ({task.group.of}) to be in train or in test"
        do = f"move each of these groups to one of the two: {task.nouns} of one group are alike, "
        do += "so scores would flatter; new rows of known groups are inference.input=FILE"
        found = f"{len(shared)} in both: {one_line(first_few(shared))}"
        raise DataError(expected(wanted, found, do))


def check_spellings(frame: pd.DataFrame, groups: pd.Series, task: Task) -> None:
    """Raise DataError if an id or a group is written in two ways, such as 0013 and 13.

    >>> check_spellings(people.train, task.group_names(people.train), task)
    """
    columns = {} if task.id is None else {task.id: frame[task.id]}
    if task.group is not None:
        columns[f"{task.group_noun} ({task.group.of})"] = groups
    for name, names in columns.items():
        if twice := written_twice(names):
            found = f"{counted(len(twice), 'other')}: {one_line(first_few(twice))}"
            do = "write it in one way: rows of one group are alike, so scores would flatter"
            raise DataError(expected(f"each {name} to be written in one way", found, do))


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows under the lines of their file, or else under their numbers from 1."""
    if frame.index.name in {LINE, ROW}:
        return frame
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name=ROW))


def _classes(train: Table, task: Task) -> list[str]:
    """Return the values of a raw label, where the task does not name its classes."""
    if not task.is_classification or task.classes:
        return [*task.classes]
    frame = named(train, [*task.raw, task.label])
    if [*frame.columns].count(task.label) != 1 or not len(frame.index):
        check(train, task, labelled=True)  # raises, with every other fault of the table
    column = frame[task.label]
    changes = {"type": ColumnType.CATEGORY, "levels": None}
    as_category = label_column(task).model_copy(update=changes)
    return [str(one).strip() for one in read(column, as_category)[0].dropna().unique()]


def _row_faults(frame: pd.DataFrame, task: Task) -> list[str]:
    """Return a line for each rule that rows break."""
    if not len(frame.index):
        return [f"rows: expected at least one {task.noun} below the header, found none"]
    faults = []
    if task.id in frame.columns and (headers := frame[task.id] == task.id).any():
        again = shown_rows(frame[task.id][headers])
        faults.append(f"rows: expected one header, found it again: {again}")
        frame = frame[~headers]
    faults += unmatched_patterns(frame, task)
    return [*faults, *map(str, broken_rules(frame, task))]
