"""Leaks of a data set: copies, ids alike, a column that tells the label."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data.alike_ids import written_twice
from spaceship.data.copies import Copies, find_copies
from spaceship.task.inference.suspicions import ROWS, telling_columns
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.text import counted, first_few, one_line

_OFTEN = 15  # rows of a class that has a figure of its own
_CLASSES = 10  # commonest ones that have


def find_leaks(
    frames: Sequence[pd.DataFrame], groups: Sequence[pd.Series], task: Task
) -> list[str]:
    """Return the leaks of typed rows, each in a line that names the first rows.

    The frames are the training rows and, if there are any, those to predict; the groups name the
    group of each row, else its id or number.

    >>> find_leaks([people.train], [task.group_names(people.train)], task)
    []
    """
    found = [*_copies(frames, groups, task), *_alike_in_case(groups, task)]
    telling = _telling_columns(frames[0], groups[0], task)
    return found + [one_line(f"{name} {how}") for name, how in telling.items()]


def _copies(
    frames: Sequence[pd.DataFrame], groups: Sequence[pd.Series], task: Task
) -> Iterator[str]:
    """Yield what is copied between groups of the training rows, and from them to the test rows."""
    features = [part[[*task.features]] for part in frames]
    frame = features[0] if len(frames) == 1 else pd.concat(features, ignore_index=True)
    named = pd.concat(groups, ignore_index=True)
    is_train = pd.Series(np.arange(len(frame)) < len(frames[0]))
    apart = {
        f"with copies in other {task.groups}": named.where(is_train),
        "to predict that are training rows as well": is_train.astype("str"),
    }
    if task.id is None and task.group is None:  # equal rows are one group then
        del apart[f"with copies in other {task.groups}"]
    copies = find_copies(frame, task, named, [*apart.values()])
    for words, found in zip(apart, copies, strict=True):
        if found.count:
            names = pd.concat([task.names(part) for part in frames], ignore_index=True)
            names = names if task.id is not None else "row " + names
            yield f"{counted(found.count, task.noun)} {words}: {_named(found, names)}"


def _named(copies: Copies, names: pd.Series) -> str:
    pairs = (f"{names[one]} = {names[other]}" for one, other in copies.pairs)
    return one_line(first_few(pairs))


def _alike_in_case(groups: Sequence[pd.Series], task: Task) -> Iterator[str]:
    """Yield the ids or groups that differ in case alone."""
    if task.id is None and task.group is None:
        return
    names = groups[0] if task.group is None else pd.concat(groups, ignore_index=True)
    if twice := written_twice(names, in_case=True):
        column = task.id if task.group is None else task.group.of
        yield one_line(f"{column} in lower and upper case: {first_few(twice)}")


def _telling_columns(train: pd.DataFrame, groups: pd.Series, task: Task) -> dict[str, str]:
    """Return the columns that tell the label alone, each with its figure."""
    if len(train) > ROWS:
        train = train.sample(ROWS, random_state=0)
    columns = {name: (train[name], one.type) for name, one in task.features.items()}
    named = None if task.group is None else groups.loc[train.index]
    return telling_columns(columns, _targets(train, task), named)


def _targets(train: pd.DataFrame, task: Task) -> npt.NDArray[np.generic]:
    """Return what to predict `(n_rows, n_targets)`: numbers, or whether it is each common class."""
    target = task.target(train)
    if task.problem is not Problem.MULTICLASS:
        only: npt.NDArray[np.generic] = target[:, None]
        return only
    counts = np.bincount(target, minlength=len(task.classes))
    common = [one for one in np.argsort(-counts)[:_CLASSES] if counts[one] >= _OFTEN]
    each: npt.NDArray[np.bool_] = target[:, None] == np.array(common, np.int64)[None, :]
    return each
