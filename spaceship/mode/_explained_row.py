"""Row that `mode=explain` explains: its name, its place, and its other values."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from spaceship.config.spelling import nearest, slips
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.task.column_types import Kind
from spaceship.task.task import Task
from spaceship.task.written import shown, written
from spaceship.text import first_few, one_line

if TYPE_CHECKING:
    import pandas as pd

Part = Literal["train", "test", "file"]
_NAMED = 12  # columns in an error
_NEAR = 3  # ids in an error


def check_row(experiment: Experiment) -> None:
    """Raise ConfigError unless a row is asked for."""
    if experiment.settings.explain.row is not None:
        return
    task = experiment.task
    name = f"a value of the column {task.id}" if task.id else f"the number of a {task.noun}"
    given = experiment.settings.inference.input
    own = "train" if task.files.test is None else "train or test"
    word = "row=ID" if task.id else "row=NUMBER"
    what = f"{word}, {name} in {own if given is None else given}"
    raise ConfigError(expected(what, "none", f"add it: mode=explain {word}"))


def find(experiment: Experiment) -> tuple["pd.DataFrame", int, Part]:
    """Return the typed rows that hold the row to explain, its position, and where it was found.

    Raise ConfigError if there is no row of this name.
    """
    import numpy as np

    task, row = experiment.known_task, str(experiment.settings.explain.row)
    frames: dict[Part, pd.DataFrame] = {}
    if experiment.settings.inference.input is not None:
        from spaceship.mode._rows import check_rows

        frames["file"] = check_rows(experiment)
    else:
        data = experiment.dataset
        frames["train"] = data.train
        frames |= {} if data.test is None else {"test": data.test}
    names = {part: task.names(frame) for part, frame in frames.items()}
    for part, ids in names.items():
        if len(places := np.flatnonzero(ids == row)):
            return frames[part], int(places[0]), part
    raise ConfigError(_no_such_row(experiment, row, {part: [*ids] for part, ids in names.items()}))


def _no_such_row(experiment: Experiment, row: str, names: dict[Part, list[str]]) -> str:
    """Return the message for a row that is not there; suggested is an id at one slip alone."""
    task, every = experiment.known_task, [str(one) for ids in names.values() for one in ids]
    where = " or ".join(names)
    if task.id is None:
        near, what = [], f"a {task.noun} from 1 to {max(map(len, names.values())):,}"
    else:
        near = [one for one in every if slips(row, one, 1) <= 1][:_NEAR]
        what = f"row=ID, a value of the column {task.id} in {where}"
    like = (near or every[-1:])[:1]
    command = experiment.registry.command("mode=explain", *(f"row={one}" for one in like))
    do = f"did you mean {first_few(map(one_line, near))}" if near else "try one"
    return expected(what, one_line(row), f"{do}: {command}")


def changed(experiment: Experiment, frame: "pd.DataFrame", at: int) -> "pd.DataFrame":
    """Return the rows with other values in the one to explain, these checked like any row's.

    Raise ConfigError if a column is none of the task's; DataError if a value is not one of its
    column.
    """
    import pandas as pd

    from spaceship.data._base import Table
    from spaceship.data.checks import check as check_table

    task, changes = experiment.known_task, _changes(experiment)
    _check_columns(experiment)
    row = pd.DataFrame({name: [value] for name, value in changes.items()}, dtype="str")
    typed = check_table(Table(row, "explain.set"), _only(task, [*changes]), labelled=False)
    rows = frame[[*task.raw]]
    new = rows.iloc[[at]].assign(**{name: typed[name].array for name in changes})
    return pd.concat([rows.iloc[:at], new, rows.iloc[at + 1 :]], ignore_index=True)


def new_values(words: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """Return the values of words COLUMN=VALUE by column, as text; an empty one is missing.

    A word begins with the longest name among the columns, else with all before its first "=".

    >>> new_values(["age=30", "plan=", "a=b=c"], ["age", "plan", "a", "a=b"])
    {'age': '30', 'plan': '', 'a=b': 'c'}
    """
    known, found = sorted(columns, key=len, reverse=True), {}
    for word in words:
        own = (name for name in known if word.startswith(f"{name}="))
        column = next(own, word.partition("=")[0])
        found[column] = word.removeprefix(f"{column}=")
    return found


def _changes(experiment: Experiment) -> dict[str, str]:
    return new_values(experiment.settings.explain.set, experiment.known_task.raw)


def _check_columns(experiment: Experiment) -> None:
    task = experiment.known_task
    own = [f"row={experiment.settings.explain.row}"]
    for column, value in _changes(experiment).items():
        if column not in task.raw:
            near = nearest(column, task.raw)[:1]
            words = [f"explain.set.{one}={value}" for one in near]
            command = experiment.registry.command("mode=explain", *own, *words)
            do = f"did you mean {near[0]}: {command}" if near else "name one of them"
            what = f"explain.set to name a column: {first_few(task.raw, _NAMED)}"
            raise ConfigError(expected(what, one_line(column), do))


def _only(task: Task, names: list[str]) -> Task:
    """Return a task of some of the raw columns."""
    own = {name: one for name, one in task.columns.items() if name in names}
    key = task.id if task.id in names else None
    time = task.time if task.time in names else None
    group = task.group if task.group is not None and task.group.of in names else None
    return task.model_copy(update={"columns": own, "id": key, "time": time, "group": group})


def change_warnings(
    experiment: Experiment, frame: "pd.DataFrame", changed: "pd.DataFrame", at: int
) -> Iterator[str]:
    """Yield a line for each change that changes nothing, or to a category that no row has."""
    task, train = experiment.known_task, experiment.dataset.train
    for name in _changes(experiment):
        column = task.raw[name]
        old, new = (written(one[name].iloc[at], column) for one in (frame, changed))
        if old == new:
            yield one_line(f"{name} is {'missing' if new is None else shown(new)} already")
        elif column.type.kind is Kind.CATEGORY and new not in {None, *train[name]}:
            yield one_line(f"{shown(new)} is a {name} that the champion has never seen")
