"""`mode=explain`: why the champion predicts what it does for one row, and what if it were another.

The pushes of the raw columns, the nearest labelled rows and the other prediction go to the screen,
and to a page and a JSON file in `<outputs>/explanations`.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from spaceship.data._base import Table
from spaceship.data.checks import check as check_table
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.explanation.explanation import Explainer, Explanation, Value
from spaceship.explanation.nearest import DISTANCE
from spaceship.explanation.texts import (
    nearest_table,
    pushes_table,
    signed,
    text,
    what_if_text,
)
from spaceship.files import write_atomically, write_json
from spaceship.progress import phase
from spaceship.records import to_plain
from spaceship.registry import packaging
from spaceship.registry.registry import Version
from spaceship.results import Result
from spaceship.screen import show
from spaceship.spelling import nearest
from spaceship.task.task import Task
from spaceship.text import digits, first_few, one_line

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

Part = Literal["train", "test", "file"]
_NAMED = 12  # columns or ids in an error
_STEM = 80  # characters of a file's name


@dataclass(frozen=True)
class ExplainResult(Explanation, Result):
    """The explanation of a prediction, and the files that keep it."""

    model: str  # registered model
    champion: str  # version that predicts
    recipe: str
    part: Part  # where the row was found; file: inference.input
    label: Value  # of a row of train, else null
    learnt: bool | None  # whether the champion learnt from the row; null: not known
    files: dict[str, str]  # by kind: html, json


def explain(experiment: Experiment) -> ExplainResult:
    """Print why the champion predicts what it does for `row=`, and keep it as HTML and JSON."""
    settings, registry = experiment.settings.explain, experiment.registry
    champion = registry.champion()
    frame, at, part = _find(experiment)
    changed = _changed(experiment, frame, at) if settings.set else None
    with phase("Loading the champion"):
        pipeline = packaging.load_version(registry, champion).pipeline
    task, labelled = experiment.known_task, experiment.dataset.train
    options: Any = {"nearest": settings.nearest, "draws": settings.draws}
    explainer = Explainer(pipeline, labelled, task, **options, seed=experiment.settings.seed)
    with phase(f"Explaining {task.noun} {settings.row}"):
        made = explainer.explain(frame, at, changed)
    stem = experiment.outputs / "explanations" / registry.model / _file_stem(made.row)
    result = ExplainResult(
        **vars(made),
        model=registry.model,
        champion=champion.number,
        recipe=str(champion.recipe.get("name", "of a lost recipe")),
        part=part,
        label=explainer.spelt(frame[task.label].iloc[at]) if part == "train" else None,
        learnt=_learnt(experiment, champion, made.row, part),
        files={kind: f"{stem}.{kind}" for kind in ("html", "json")},
    )
    _print(result, task)
    write_json(Path(result.files["json"]), to_plain(result))
    write_atomically(Path(result.files["html"]), _page(result, task))
    log.info("Page and figures: %s", first_few(result.files.values()))
    return result


def _find(experiment: Experiment) -> tuple["pd.DataFrame", int, Part]:
    """Return the typed rows that hold the row to explain, its position, and where it was found.

    Raises:
        ConfigError: No row is asked for, or there is none of this name.

    """
    task, row = experiment.known_task, experiment.settings.explain.row
    frames: dict[Part, pd.DataFrame] = {}
    if experiment.settings.inference.input is not None:
        from spaceship.mode.inference import check_rows

        frames["file"] = check_rows(experiment)
    else:
        data = experiment.dataset
        frames["train"] = data.train
        frames |= {} if data.test is None else {"test": data.test}
    names = {part: task.names(frame) for part, frame in frames.items()}
    for part, ids in names.items():
        if len(places := np.flatnonzero(ids == row)):
            return frames[part], int(places[0]), part
    every = [str(one) for ids in names.values() for one in ids]
    near = [] if row is None else nearest(row, every)
    like = near or every[-1:]
    command = experiment.registry.command("mode=explain", *(f"row={one}" for one in like[:1]))
    do = f"did you mean {first_few(map(one_line, near))}" if near else "try one"
    what = f"row=ID, the {task.id or 'number'} of a {task.noun} in {' or '.join(names)}"
    raise ConfigError(expected(what, one_line(row or "none"), f"{do}: {command}"))


def _changed(experiment: Experiment, frame: "pd.DataFrame", at: int) -> "pd.DataFrame":
    """Return the rows with other values in the one to explain, checked like any row.

    Raises:
        ConfigError: A column is none of the task's.
        DataError: A value is not one of its column.

    """
    import pandas as pd

    task = experiment.known_task
    changes = experiment.settings.explain.changes(task.raw)
    own = [f"row={experiment.settings.explain.row}"]
    for column, value in changes.items():
        if column not in task.raw:
            near = nearest(column, task.raw)[:1]
            words = [f"explain.set.{one}={value}" for one in near]
            command = experiment.registry.command("mode=explain", *own, *words)
            do = f"did you mean {near[0]}: {command}" if near else "name one of them"
            what = f"explain.set to name a column: {first_few(task.raw, _NAMED)}"
            raise ConfigError(expected(what, one_line(column), do))
    row = frame[[*task.raw]].iloc[[at]].astype(object).assign(**changes)
    typed = check_table(Table(row, "explain.set"), task, labelled=False)
    parts = [frame.iloc[:at], typed, frame.iloc[at + 1 :]]
    return pd.concat([one[[*task.raw]] for one in parts], ignore_index=True)


def _learnt(experiment: Experiment, champion: Version, row: str, part: Part) -> bool | None:
    """Return whether the champion learnt from a row; None if that cannot be known."""
    data, task = experiment.dataset, experiment.known_task
    if champion.data_digest != data.digest or (part == "file" and task.id is None):
        return None
    return part == "train" or (part == "file" and row in {*task.names(data.train)})


def _learnt_text(result: ExplainResult, task: Task) -> str:
    if result.learnt is None:
        return f"Whether the champion learnt from this {task.noun} is not known."
    if result.learnt:
        return f"The champion learnt from this {task.noun}: its prediction is no test."
    return f"The champion has not learnt from this {task.noun}."


def _print(result: ExplainResult, task: Task) -> None:
    log.info("Champion: %s, version %s of %s", result.recipe, result.champion, result.model)
    fact = "" if result.label is None else f", in fact {text(result.label)}"
    predicted = f"predicted {text(result.predicted)}"
    head = f"{task.noun.capitalize()} {one_line(result.row)} ({result.part}): {predicted}{fact}"
    log.info("%s; %s %s", head, result.explains, digits(result.value))
    log.info("%s", _learnt_text(result, task))
    show(log, pushes_table(result, task))
    if result.by_class:
        chances = (f"{one_line(name)} {digits(one)}" for name, one in result.by_class.items())
        log.info("Probabilities: %s", first_few(chances, _NAMED))
    for line in what_if_text(result):
        log.info("%s", line)
    if result.nearest:
        log.info("Nearest labelled %s; the champion learnt from such rows:", task.nouns)
        show(log, nearest_table(result, task))
        log.info("Distance: %s.", DISTANCE)


def _page(result: ExplainResult, task: Task) -> str:
    """Return the explanation as a page that needs nothing else."""
    import jinja2

    loader = jinja2.PackageLoader("spaceship.explanation", "")
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("page.html")
    return template.render(
        made=result,
        task=task,
        learnt=_learnt_text(result, task),
        what_if=" ".join(what_if_text(result)),
        most=max((abs(one.push) for one in result.pushes), default=0.0) or 1.0,
        distance=DISTANCE,
        text=text,
        digits=digits,
        signed=signed,
    )


def _file_stem(row: str) -> str:
    """Return a name for the files of a row, that of no other row, whatever its id may hold.

    >>> _file_stem("0013_01"), _file_stem("../a")
    ('0013_01', '___a-61b4c98b')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", row)[:_STEM]
    return plain if plain == row else f"{plain}-{hashlib.sha256(row.encode()).hexdigest()[:8]}"
