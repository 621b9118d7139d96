"""Checks of a data set before anything is computed: one frame, train against test, the sample."""

import logging

import numpy as np
import pandas as pd

from spaceship.data.csv_reader import LINE, first_few
from spaceship.errors import DataError, expected
from spaceship.task.column_types import closest, header_faults, to_boolean, typed
from spaceship.task.spaceship_titanic.columns import (
    COLUMNS,
    GROUPS,
    ID,
    LABEL,
    NOUN,
    WHOLE_GROUPS,
    group_of,
)

SCHEMA_VERSION = 1  # part of every fingerprint: raise it when typed contents change

log = logging.getLogger(__name__)


def check(frame: pd.DataFrame, *, source: str, labelled: bool) -> pd.DataFrame:
    """Return a raw frame typed, its columns in the order of `COLUMNS`, with a RangeIndex.

    Columns of other names are dropped with a warning, the label too unless it is wanted
    (`labelled`). Categories never seen before and missing values are data; only an id and a label
    must be there in every row. Raise one DataError that lists every fault: column, rule, number
    of rows and the first of them, by the line numbers of `read_csv` if the index holds them.

    >>> check(people.test.astype(object), source="test.csv", labelled=False).equals(people.test)
    True
    """
    wanted = [*COLUMNS, LABEL] if labelled else [*COLUMNS]
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis="columns")
    if frame.index.name != LINE:
        frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))
    if unknown := [name for name in frame.columns if name not in wanted]:
        hints = ", ".join(f"'{name}'{closest(name, wanted)}" for name in unknown)
        log.warning("%s: columns dropped, as no rule knows them: %s", source, hints)
    known = frame.loc[:, frame.columns.isin(wanted) & ~frame.columns.duplicated()]
    if faults := header_faults(frame.columns, wanted) + _row_faults(known):
        first = f"{source}: {_counted(len(faults), 'fault')} in {_counted(len(frame), 'row')}."
        last = "Mend or remove what is listed, then run again."
        raise DataError("\n  ".join([first, *faults]) + f"\n{last}")
    return typed(known).reset_index(drop=True)


def check_disjoint(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Raise DataError if a group has rows in both train and test.

    >>> check_disjoint(people.train, people.test)
    """
    groups = [set(group_of(frame[ID])) for frame in (train, test)]
    if shared := sorted(groups[0] & groups[1]):
        wanted = f"{GROUPS} ({ID} before '_') to be in train or in test"
        do = f"move each of these groups to one of the two files: {WHOLE_GROUPS}"
        raise DataError(expected(wanted, f"{len(shared)} in both: {first_few(shared)}", do))


def check_sample(
    sample: pd.DataFrame, test: pd.DataFrame, *, source: str = "sample_submission.csv"
) -> pd.DataFrame:
    """Return a sample submission typed: ids as text and labels as booleans.

    Raise DataError if a column is missing, or the ids are not those of test in its order.

    >>> bool(check_sample(people.test[[ID]].assign(**{LABEL: "False"}), people.test)[LABEL].any())
    False
    """
    wanted = [ID, LABEL]
    if faults := header_faults(sample.columns, wanted):
        raise DataError(f"{source}: {'; '.join(faults)}; download the file again")
    sample = sample[wanted].reset_index(drop=True)
    if differences := _differences(sample[ID], test[ID].reset_index(drop=True)):
        what, do = f"the {ID}s of the test file in its order", "take both files from one download"
        raise DataError(f"{source}: {expected(what, differences, do)}")
    labels = to_boolean(sample[LABEL])
    if labels.hasnans:
        what, found = f"{LABEL} to be True or False in every row", f"{labels.isna().sum()} others"
        raise DataError(f"{source}: {expected(what, found, 'download the file again')}")
    return sample.assign(**{LABEL: labels.astype(np.bool_)})


def _row_faults(frame: pd.DataFrame) -> list[str]:
    """Return a line for each rule that rows break."""
    # pandera takes 0.2 s to import, and a model in production never checks a file
    from spaceship.data.broken_rules import broken_rules

    if not len(frame.index):
        return [f"rows: expected at least one {NOUN} below the header, found none"]
    faults = []
    if ID in frame.columns and (headers := frame[ID] == ID).any():
        faults.append(f"rows: expected one header, found it again: {_rows(frame[ID][headers])}")
        frame = frame[~headers]
    return faults + [
        f"{broken.column}: expected {broken.rule}, found {_counted(len(broken.found), 'row')} "
        f"otherwise: {_rows(broken.found)}"
        for broken in broken_rules(frame)
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
