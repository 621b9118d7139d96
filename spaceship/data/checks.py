"""Checks of a data set before anything is computed: one frame, train against test, the sample."""

import logging
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pandas as pd

from spaceship.data.csv_reader import LINE
from spaceship.errors import DataError
from spaceship.task.column_types import closest, missing_columns, to_boolean, typed
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
_SHOWN = 5

log = logging.getLogger(__name__)


def check(frame: pd.DataFrame, *, source: str, labelled: bool) -> pd.DataFrame:
    """Return a raw frame typed, its columns in the order of `COLUMNS`, with a RangeIndex.

    Columns of other names are dropped with a warning. Categories never seen before and missing
    values are data; only an id and a label must be there in every row.

    Args:
        frame: Raw columns in any order; the index of `read_csv` gives the line numbers of faults.
        source: Name of the file, for messages.
        labelled: Whether the label is wanted; if it is not, it is a column to drop.

    Raises:
        DataError: Lists every fault: column, rule, number of rows, the first of them.

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
    if faults := _header_faults(frame.columns, wanted) + _row_faults(known):
        first = f"{source}: {_counted(len(faults), 'fault')} in {_counted(len(frame), 'row')}."
        last = "Mend or remove what is listed, then run again."
        raise DataError("\n".join([first, *faults, last]))
    return typed(known).reset_index(drop=True)


def check_disjoint(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Raise if a group has rows in both train and test.

    Raises:
        DataError: Names the first groups that are in both.

    >>> check_disjoint(people.train, people.test)

    """
    groups = [set(group_of(frame[ID])) for frame in (train, test)]
    if shared := sorted(groups[0] & groups[1]):
        msg = (
            f"expected {GROUPS} ({ID} before '_') to be in train or in test; found {len(shared)} "
            f"in both: {_first(shared)}.\n{WHOLE_GROUPS}: move each of these groups to one of the "
            "two files."
        )
        raise DataError(msg)


def check_sample(
    sample: pd.DataFrame, test: pd.DataFrame, *, source: str = "sample_submission.csv"
) -> pd.DataFrame:
    """Return a sample submission typed: ids as text and labels as booleans.

    Raises:
        DataError: A column is missing, or the ids are not those of test in its order.

    >>> bool(check_sample(people.test[[ID]].assign(**{LABEL: "False"}), people.test)[LABEL].any())
    False

    """
    wanted = [ID, LABEL]
    if absent := [name for name in wanted if name not in sample.columns]:
        found = missing_columns(absent, sample.columns)
        msg = f"{source}: expected the columns {ID} and {LABEL}; {found}."
        raise DataError(msg)
    if twice := [name for name in wanted if list(sample.columns).count(name) > 1]:
        msg = f"{source}: expected each column once; found twice: {', '.join(twice)}.\n"
        raise DataError(f"{msg}Take one of them away, or download the file again.")
    sample = sample[wanted].reset_index(drop=True)
    if faults := _order_faults(sample[ID], test[ID].reset_index(drop=True)):
        msg = f"{source}: expected the {ID}s of the test file, in its order; found {faults}."
        raise DataError(f"{msg}\nTake both files from the same download.")
    labels = to_boolean(sample[LABEL])
    if labels.hasnans:
        msg = f"{source}: expected {LABEL} to be True or False in every row; found "
        msg += f"{labels.isna().sum()} rows with something else.\nDownload the file again."
        raise DataError(msg)
    return sample.assign(**{LABEL: labels.astype(np.bool_)})


def _header_faults(present: pd.Index, wanted: list[str]) -> list[str]:
    faults = []
    if absent := [name for name in wanted if name not in present]:
        faults.append(f"  columns: expected {len(wanted)}; {missing_columns(absent, present)}")
    if twice := sorted({name for name in present[present.duplicated()] if name in wanted}):
        faults.append(f"  columns: expected each once; found more than once: {', '.join(twice)}")
    return faults


def _row_faults(frame: pd.DataFrame) -> list[str]:
    """Return a line for each rule that rows break."""
    # pandera takes 0.2 s to import, and a model in production never checks a file
    from spaceship.data.broken_rules import broken_rules

    if not len(frame.index):
        return [f"  rows: expected at least one {NOUN} below the header; found none"]
    faults = []
    if ID in frame.columns and (headers := frame[ID] == ID).any():
        faults.append(f"  rows: expected one header; found it again: {_rows(frame[ID][headers])}")
        frame = frame[~headers]
    return faults + [
        f"  {broken.column}: expected {broken.rule}; found {_counted(len(broken.found), 'row')} "
        f"otherwise: {_rows(broken.found)}"
        for broken in broken_rules(frame)
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rows(values: pd.Series) -> str:
    """Return the first rows of a fault: `line 3 'abc', line 9 '-1', …`."""
    return _first(
        f"{values.index.name} {row} {'(empty)' if pd.isna(value) else repr(value)}"
        for row, value in values.head(_SHOWN + 1).items()
    )


def _order_faults(found: pd.Series, expected: pd.Series) -> str:
    """Return how two columns of ids differ; an empty text if they are the same."""
    if len(found) != len(expected):
        spare = sorted(set(found.dropna()) ^ set(expected))
        return f"{len(found)} rows for {len(expected)}; in one of the files only: {_first(spare)}"
    differ = (found != expected).to_numpy()
    if not differ.any():
        return ""
    same = "the same ids in another order, " if set(found) == set(expected) else ""
    pairs = zip(found[differ], expected[differ], strict=True)
    first = _first(f"{ours} for {theirs}" for ours, theirs in pairs)
    number = int(differ.sum())
    return f"{same}{'1 row that differs' if number == 1 else f'{number} rows that differ'}: {first}"


def _first(items: Iterable[str]) -> str:
    """Return the first items joined, with an ellipsis for the others."""
    shown = list(islice(items, _SHOWN + 1))
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")
