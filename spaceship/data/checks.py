"""Checks of a data set before anything is computed: one frame, train against test, the sample."""

import logging
from dataclasses import replace

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from spaceship.data._base import Dataset, Table, Tables
from spaceship.data.alike_ids import alike, written_twice
from spaceship.data.broken_rules import UnmatchedPatterns
from spaceship.data.column_names import named
from spaceship.data.digest import digest
from spaceship.data.faults import RawTable
from spaceship.data.leaks import find_leaks
from spaceship.data.sample import check_sample
from spaceship.data.stored_file import all_made
from spaceship.errors import DataError, expected
from spaceship.task.column_types import ColumnType, read
from spaceship.task.raw_frame import label_column
from spaceship.task.task import Task
from spaceship.task.texts import is_plain
from spaceship.text import counted, first_few, one_line

log = logging.getLogger(__name__)


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
    whole = _together(made["train"], made.get("test"), tables.sample, known["train"])
    return replace(whole, drawn_from=tables.train.drawn_from)


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
    raw = RawTable(table, task, labelled=labelled)
    rows = raw.rows(table.frame)
    made, patterns = raw.typed_if_whole(rows), UnmatchedPatterns(task)
    if made is not None:
        patterns.add(made)
    if made is None or made.empty or patterns.faults():
        if table.text is not None:
            rows = raw.rows(table.text())
        made = raw.typed(rows, raw.checked_task(lambda: [rows]))
    changed = [name for name in made if not made[name].equals(rows[name])]
    if stripped := stripped_values(rows[changed]):
        counts = first_few(f"{count} of {one_line(name)}" for name, count in stripped.items())
        log.info("%s: blanks around values left out: %s", table.place, counts)
    return made.reset_index(drop=True)


def stripped_values(raw: pd.DataFrame) -> dict[str, int]:
    """Return the number of texts with blanks around them by column, without columns of none.

    >>> stripped_values(pd.DataFrame({"plan": ["basic ", "pro"], "fee": [1, 2]}))
    {'plan': 1}
    """
    texts = {str(name): one for name, one in raw.items() if one.dtype == "str"}
    texts = {name: one.dropna() for name, one in texts.items() if not is_plain(pa.array(one.array))}
    counts = {name: int((one.str.strip() != one).sum()) for name, one in texts.items()}
    return {name: count for name, count in counts.items() if count}


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
