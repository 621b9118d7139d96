"""Checks of a data set before anything is computed: one frame, train against test, the sample."""

import logging

import pandas as pd

from spaceship.data._base import Dataset, Table, Tables
from spaceship.data.csv_reader import LINE
from spaceship.data.digest import digest
from spaceship.errors import DataError, expected
from spaceship.task.column_types import ColumnType, read
from spaceship.task.raw_frame import closest, header_faults, label_column, typed, typed_label
from spaceship.task.task import ROW, Task
from spaceship.text import first_few, one_line

log = logging.getLogger(__name__)

_FAULTS, _LINE = 30, "\n  "  # faults that a message lists, and what stands between them


def checked(tables: Tables, task: Task) -> Dataset:
    """Return raw tables checked and typed; raise DataError that lists every fault of a table.

    >>> raw = Tables(Table(people.train, "train.csv"), Table(people.test, "test.csv"))
    >>> checked(raw, task).digest == people.digest
    True
    """
    task = task.with_classes(_classes(tables.train, task))
    train, test, sample = check(tables.train, task, labelled=True), None, None
    if tables.test is not None:
        test = check(tables.test, task, labelled=False)
        check_disjoint(train, test, task)
        if tables.sample is not None and task.id is not None:
            sample = check_sample(tables.sample, test, task)
    frames = [train] if test is None else [train, test]
    return Dataset(task, train, test, sample, digest(*frames))


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
    frame = table.frame.set_axis([str(x).strip() for x in table.frame.columns], axis="columns")
    frame = _numbered(frame)
    if unknown := [name for name in frame.columns if name not in wanted]:
        hints = first_few(one_line(f"'{name}'{closest(name, wanted)}") for name in unknown)
        log.warning("%s: columns dropped, as no rule knows them: %s", table.place, hints)
    known = frame.loc[:, frame.columns.isin(wanted) & ~frame.columns.duplicated()]
    if labelled and task.unlabelled == "drop":
        known = _labelled(known, task, table.place)
    if faults := header_faults(frame.columns, wanted) + _row_faults(known, task):
        first = f"{table.place}: {_counted(len(faults), 'fault')} in {_counted(len(frame), 'row')}."
        last = "Mend or remove what is listed, then run again."
        if any(one.startswith(f"{task.label}:") and " in every row" in one for one in faults):
            last += " Rows without a label are left out by `unlabelled: drop` in the task's YAML."
        raise DataError(f"{first}\n  {first_few(map(one_line, faults), _FAULTS, _LINE)}\n{last}")
    made = typed(known, task.raw)
    if labelled:
        made[task.label] = typed_label(known, task)
    return made.reset_index(drop=True)


def _labelled(frame: pd.DataFrame, task: Task, place: str) -> pd.DataFrame:
    """Return the rows whose label is not missing; one that cannot be read stays, a fault."""
    if task.label not in frame.columns:
        return frame
    values, unreadable = read(frame[task.label], label_column(task))
    kept = (values.notna() | unreadable).to_numpy()
    if not kept.all():
        left = _counted(int((~kept).sum()), "row")
        log.info("%s: %s without %s dropped, as the task says", place, left, task.label)
    return frame if kept.all() else frame.loc[kept]


def check_disjoint(train: pd.DataFrame, test: pd.DataFrame, task: Task) -> None:
    """Raise DataError if a group has rows in both train and test.

    >>> check_disjoint(people.train, people.test, task)
    """
    if task.group is None:
        return
    groups = [set(task.group_names(frame)) for frame in (train, test)]
    if shared := sorted(groups[0] & groups[1]):
        wanted = f"{task.groups} ({task.group.of}) to be in train or in test"
        do = f"move each of these groups to one of the two: {task.nouns} of one group are alike, "
        do += "so scores would flatter; new rows of known groups are inference.input=FILE"
        raise DataError(expected(wanted, f"{len(shared)} in both: {first_few(shared)}", do))


def check_sample(table: Table, test: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return a sample submission: the ids as text and the label.

    Raise DataError if a column is missing, the ids are not those of test in its order, or a label
    is neither a value of the task's nor a number.

    >>> raw = people.test[[task.id_name]].assign(**{task.label: "False"})
    >>> len(check_sample(Table(raw, "sample.csv"), people.test, task)) == len(people.test)
    True
    """
    wanted, place = [task.id_name, task.label], table.place
    if faults := header_faults(table.frame.columns, wanted):
        raise DataError(f"{place}: {'; '.join(faults)}; download the file again")
    sample = table.frame[wanted].reset_index(drop=True)
    ids = typed(sample, {task.id_name: task.raw[task.id_name]})[task.id_name]
    if differences := _differences(ids, test[task.id_name].reset_index(drop=True)):
        what = f"the {task.id_name}s of the test file in its order"
        do = "take both files from one download"
        raise DataError(f"{place}: {expected(what, differences, do)}")
    label = typed_label(sample, task)
    strange = label.isna() & pd.to_numeric(sample[task.label], errors="coerce").isna()
    if task.is_classification and strange.any():
        what = f"{task.label} to be {' or '.join(task.label_values)} in every row"
        found = f"{strange.sum()} others"
        raise DataError(f"{place}: {expected(what, found, 'download the file again')}")
    return sample.assign(**{task.id_name: ids, task.label: label})


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows under the lines of their file, or else under their numbers from 1."""
    if frame.index.name in {LINE, ROW}:
        return frame
    return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name=ROW))


def _classes(train: Table, task: Task) -> list[str]:
    """Return the values of a raw label, where the task does not name its classes."""
    if not task.is_classification or task.classes:
        return [*task.classes]
    names = [str(name).strip() for name in train.frame.columns]
    if names.count(task.label) != 1 or not len(train.frame.index):
        check(train, task, labelled=True)  # raises, with every other fault of the table
    column = train.frame.iloc[:, names.index(task.label)]
    changes = {"type": ColumnType.CATEGORY, "levels": None}
    as_category = label_column(task).model_copy(update=changes)
    return [str(one).strip() for one in read(column, as_category)[0].dropna().unique()]


def _row_faults(frame: pd.DataFrame, task: Task) -> list[str]:
    """Return a line for each rule that rows break."""
    # pandera takes 0.2 s to import, and a model in production never checks a file
    from spaceship.data.broken_rules import broken_rules
    from spaceship.data.unmatched_patterns import unmatched_patterns

    if not len(frame.index):
        return [f"rows: expected at least one {task.noun} below the header, found none"]
    faults = []
    if task.id in frame.columns and (headers := frame[task.id] == task.id).any():
        again = _rows(frame[task.id][headers])
        faults.append(f"rows: expected one header, found it again: {again}")
        frame = frame[~headers]
    faults += unmatched_patterns(frame, task)
    return faults + [
        f"{broken.column}: expected {broken.rule}, found {_counted(len(broken.found), 'row')} "
        f"otherwise: {_rows(broken.found)}"
        for broken in broken_rules(frame, task)
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rows(values: pd.Series) -> str:
    """Return the first rows of a fault: `line 3 'abc', line 9 '-1', …`."""
    return first_few(
        f"{values.index.name} {row} {'(empty)' if pd.isna(value) else repr(value)}"
        for row, value in values.items()
    )


def _differences(found: pd.Series, wanted: pd.Series) -> str:
    """Return how two columns of ids differ; an empty text if they are the same."""
    if len(found) != len(wanted):
        spare = sorted(set(found.dropna()) ^ set(wanted))
        return f"{len(found)} rows for {len(wanted)}; in one of the files only: {first_few(spare)}"
    differ = (found != wanted).to_numpy()
    if not differ.any():
        return ""
    order = "the same ids in another order, " if set(found) == set(wanted) else ""
    pairs = zip(found[differ], wanted[differ], strict=True)
    first = first_few(f"{ours} for {theirs}" for ours, theirs in pairs)
    return f"{order}{_counted(int(differ.sum()), 'other row')}: {first}"
