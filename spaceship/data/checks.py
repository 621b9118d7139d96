"""What a data set must be before anything is computed: checked, typed, and known by its digest.

The front door to the schema: `read_csv` gives the text of a file (`reading.py`), `check` holds it
against the rules (`rules.py`), and `typed` gives the columns their types (`columns.py`).
"""

import hashlib
import logging
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pandas as pd

from spaceship.data.csv_reader import LINE, read_csv
from spaceship.errors import DataError
from spaceship.task.spaceship_titanic.columns import (
    COLUMNS,
    ID,
    LABEL,
    SPENDS,
    closest,
    missing_columns,
    to_boolean,
    typed,
)

__all__ = [
    "COLUMNS",
    "ID",
    "LABEL",
    "SCHEMA_VERSION",
    "SPENDS",
    "check",
    "check_disjoint",
    "check_sample",
    "digest",
    "read_csv",
    "typed",
]

SCHEMA_VERSION = 1  # part of every fingerprint: raise it when typed contents change
_SHOWN = 5

logger = logging.getLogger(__name__)


def check(frame: pd.DataFrame, *, source: str, labelled: bool) -> pd.DataFrame:
    """Return a raw frame typed, in Kaggle's column order, with a RangeIndex.

    Columns of other names are dropped with a warning. Categories never seen before and missing
    values are data; only a PassengerId and a label must be there in every row.

    Args:
        frame: Raw columns in any order; `read_csv`'s index gives the line numbers of faults.
        source: Name of the file, for messages.
        labelled: Whether the label is wanted; if it is not, it is a column to drop.

    Raises:
        DataError: Lists every fault: column, rule, number of rows, the first of them.

    """
    wanted = [*COLUMNS, LABEL] if labelled else [*COLUMNS]
    frame = frame.set_axis([str(name).strip() for name in frame.columns], axis="columns")
    if frame.index.name != LINE:
        frame = frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="row"))
    _warn_of_unknown(frame.columns, wanted, source)
    faults = _header_faults(frame.columns, wanted)
    known = frame.loc[:, frame.columns.isin(wanted) & ~frame.columns.duplicated()]
    faults += _row_faults(known)
    if faults:
        msg = (
            f"{source}: {_counted(len(faults), 'fault')} in {_counted(len(frame), 'row')}.\n"
            + "\n".join(faults)
        )
        msg += "\nMend or remove what is listed, then run again."
        raise DataError(msg)
    return typed(known).reset_index(drop=True)


def check_disjoint(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Make sure that no travel group is split between training and test passengers.

    Raises:
        DataError: Names the first groups that are in both.

    """
    groups = [set(frame[ID].str.partition("_")[0]) for frame in (train, test)]
    if shared := sorted(groups[0] & groups[1]):
        msg = (
            f"expected travel groups (PassengerId before '_') to be in train or in test; found "
            f"{len(shared)} in both: {_first(shared)}.\nFellow travellers share cabin and fate, so "
            "scores would flatter: move each of these groups to one of the two files."
        )
        raise DataError(msg)


def check_sample(
    sample: pd.DataFrame, test: pd.DataFrame, *, source: str = "sample_submission.csv"
) -> pd.DataFrame:
    """Return a sample submission typed: PassengerId as text and the label as booleans.

    Raises:
        DataError: A column is missing, or the PassengerIds are not those of test in its order.

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
        msg = f"{source}: expected the PassengerIds of the test file, in its order; found {faults}."
        msg += "\nTake both files from the same download."
        raise DataError(msg)
    labels = to_boolean(sample[LABEL])
    if labels.hasnans:
        msg = f"{source}: expected {LABEL} to be True or False in every row; found "
        msg += f"{labels.isna().sum()} rows with something else.\nDownload the file again."
        raise DataError(msg)
    return sample.assign(**{LABEL: labels.astype(np.bool_)})


def digest(*frames: pd.DataFrame) -> str:
    """Return the sha256 of the names, types, values and row order of typed frames, in hex.

    The index does not count. The storage behind a type does not count either, so the same
    passengers have the same digest whatever source, process or file format they came from.
    """
    sha = hashlib.sha256()
    for frame in frames:
        sha.update(f"frame {frame.shape}".encode())
        for name, column in frame.items():
            sha.update(f"{name}\0{column.dtype}\0".encode())
            for part in _canonical(column):
                sha.update(part)
    return sha.hexdigest()


def _canonical(column: pd.Series) -> list[bytes]:
    """Return the values as bytes that only equal values share."""
    if column.dtype == "boolean":
        column = column.astype("Int8").fillna(-1)
    if column.dtype != "str":
        # adding zero makes -0.0 plain zero; all missing numbers get the same bit pattern
        numbers = column.to_numpy(np.float64, na_value=np.nan) + 0.0
        return [np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes()]
    sizes = column.str.len().fillna(-1).to_numpy("<i8")
    return [sizes.tobytes(), "".join(column.dropna().tolist()).encode()]


def _warn_of_unknown(present: Iterable[str], wanted: list[str], source: str) -> None:
    unknown = [name for name in present if name not in wanted]
    if unknown:
        hints = [f"'{name}'{closest(name, wanted)}" for name in unknown]
        logger.warning("%s: columns dropped, as no rule knows them: %s", source, ", ".join(hints))


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
    from spaceship.task.spaceship_titanic.rules import broken_rules

    if not len(frame.index):
        return ["  rows: expected at least one passenger below the header; found none"]
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
    """Name the first rows of a fault: `line 3 'abc', line 9 '-1', …`."""
    return _first(
        f"{values.index.name} {row} {'(empty)' if pd.isna(value) else repr(value)}"
        for row, value in values.head(_SHOWN + 1).items()
    )


def _order_faults(found: pd.Series, expected: pd.Series) -> str:
    """Describe how two columns of PassengerIds differ; nothing if they are the same."""
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
    """Join the first items, with an ellipsis for the others."""
    shown = list(islice(items, _SHOWN + 1))
    return ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")
