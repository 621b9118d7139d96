"""Sample submission of a data set, checked against the rows to predict."""

import pandas as pd

from spaceship.data._base import Table
from spaceship.data.column_names import named
from spaceship.errors import DataError, expected
from spaceship.task.raw_frame import header_faults, typed, typed_label
from spaceship.task.task import Task
from spaceship.text import counted, first_few


def check_sample(table: Table, test: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return a sample submission: the ids as text and the label.

    Raise DataError if a column is missing, the ids are not those of test in its order, or a label
    is neither a value of the task's nor a number.

    >>> raw = people.test[[task.id_name]].assign(**{task.label: "False"})
    >>> len(check_sample(Table(raw, "sample.csv"), people.test, task)) == len(people.test)
    True
    """
    wanted, place = [task.id_name, task.label], table.place
    frame = named(table, wanted)
    if faults := header_faults(frame.columns, wanted):
        raise DataError(f"{place}: {'; '.join(faults)}; download the file again")
    sample = frame[wanted].reset_index(drop=True)
    ids = typed(sample, {task.id_name: task.raw[task.id_name]})[task.id_name]
    if differences := id_differences(ids, test[task.id_name].reset_index(drop=True)):
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


def id_differences(found: pd.Series, wanted: pd.Series) -> str:
    """Return how two columns of ids differ; an empty text if they are the same.

    >>> id_differences(pd.Series(["b", "a"]), pd.Series(["a", "b"]))
    'the same ids in another order, 2 other rows: b for a, a for b'
    """
    if len(found) != len(wanted):
        spare = sorted(set(found.dropna()) ^ set(wanted))
        return f"{len(found)} rows for {len(wanted)}; in one of the files only: {first_few(spare)}"
    differ = (found != wanted).to_numpy()
    if not differ.any():
        return ""
    order = "the same ids in another order, " if set(found) == set(wanted) else ""
    pairs = zip(found[differ], wanted[differ], strict=True)
    first = first_few(f"{ours} for {theirs}" for ours, theirs in pairs)
    return f"{order}{counted(int(differ.sum()), 'other row')}: {first}"
