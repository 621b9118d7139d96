"""`mode=explain`: reasons for the champion's prediction of one row, and that for other values.

The pushes of the raw columns, the nearest labelled rows and the other prediction go to the screen,
and to a page and a JSON file in `<outputs>/explanations`.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from spaceship.experiment import Experiment
from spaceship.explanation.explanation import Explainer, Explanation
from spaceship.explanation.nearest import DISTANCE
from spaceship.explanation.texts import (
    BASE,
    decimals,
    label_text,
    nearest_table,
    probability,
    pushes_table,
    what_if_text,
)
from spaceship.files import write_atomically, write_json
from spaceship.mode._explained_row import Part, change_warnings, changed, check_row, find
from spaceship.progress import phase
from spaceship.records import to_plain
from spaceship.registry import packaging
from spaceship.registry.registry import Version
from spaceship.results import Result
from spaceship.screen import show
from spaceship.task.task import Task
from spaceship.task.written import Value, shown
from spaceship.text import digits, first_few, one_line

log = logging.getLogger(__name__)

_NAMED = 12  # classes on a line
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
    warnings: list[str]  # of a what-if that changes nothing, or to what was never seen
    data_digest: str  # of the data source, whose labelled rows the row is compared with
    made: str  # UTC, ISO 8601
    files: dict[str, str]  # by kind: html, json


def explain(experiment: Experiment) -> ExplainResult:
    """Print the reasons for the champion's prediction of `row=`; write HTML and JSON."""
    check_row(experiment)
    settings, registry = experiment.settings.explain, experiment.registry
    champion = registry.champion()
    frame, at, part = find(experiment)
    other = changed(experiment, frame, at) if settings.set else None
    warnings = [] if other is None else [*change_warnings(experiment, frame, other, at)]
    with phase("Loading the champion"):
        pipeline = packaging.load_version(registry, champion).pipeline
    task, labelled = experiment.known_task, experiment.dataset.train
    options: Any = {"nearest": settings.nearest, "draws": settings.draws}
    explainer = Explainer(pipeline, labelled, task, **options, seed=experiment.settings.seed)
    with phase(f"Explaining {task.noun} {settings.row}"):
        made = explainer.explain(frame, at, other)
    stem = experiment.outputs / "explanations" / registry.model / _file_stem(made.row)
    result = ExplainResult(
        **vars(made),
        model=registry.model,
        champion=champion.number,
        recipe=str(champion.recipe.get("name", "of a lost recipe")),
        part=part,
        label=explainer.spelt(frame[task.label].iloc[at]) if part == "train" else None,
        learnt=_learnt(experiment, champion, made.row, part),
        warnings=warnings,
        data_digest=experiment.dataset.digest,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        files={kind: f"{stem}.{kind}" for kind in ("html", "json")},
    )
    _print(result, task)
    write_json(Path(result.files["json"]), to_plain(result))
    write_atomically(Path(result.files["html"]), _page(result, task))
    log.info("Page and figures: %s", first_few(result.files.values()))
    return result


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
    fact = "" if result.label is None else f", in fact {label_text(result.label, result)}"
    predicted = f"predicted {label_text(result.predicted, result)}"
    chance = f"; {result.explains} {digits(result.value)}" if task.is_classification else ""
    who = f"{task.noun.capitalize()} {one_line(result.row)} ({result.part})"
    log.info("%s: %s%s%s", who, predicted, fact, chance)
    log.info("%s", _learnt_text(result, task))
    show(log, pushes_table(result, task))
    if result.by_class:
        chances = (f"{one_line(name)} {digits(one)}" for name, one in result.by_class.items())
        log.info("Probabilities: %s", first_few(chances, _NAMED))
    for line in what_if_text(result):
        log.info("%s", line)
    for line in result.warnings:
        log.warning("%s", line)
    if result.nearest:
        log.info("Nearest labelled %s; the champion learnt from such rows:", task.nouns)
        show(log, nearest_table(result, task))
        log.info("Distance: %s.", DISTANCE)


def _page(result: ExplainResult, task: Task) -> str:
    """Return the explanation as a page that needs nothing else."""
    import jinja2

    loader = jinja2.PackageLoader("spaceship.explanation", "")
    template = jinja2.Environment(loader=loader, autoescape=True).get_template("page.html")
    places = decimals(result)
    return template.render(
        made=result,
        task=task,
        learnt=_learnt_text(result, task),
        what_if=" ".join(what_if_text(result)),
        most=max((abs(one.push) for one in result.pushes), default=0.0) or 1.0,
        base=BASE,
        probability=probability(result, task),
        distance=DISTANCE,
        text=shown,
        label=partial(label_text, made=result),
        digits=digits,
        figure=partial(digits, decimals=places),
        signed=partial(digits, decimals=places, sign="+"),
    )


def _file_stem(row: str) -> str:
    """Return a name for the files of a row, that of no other row, whatever its id may hold.

    >>> _file_stem("0013_01"), _file_stem("../a")
    ('0013_01', '___a-61b4c98b')
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", row)[:_STEM]
    return plain if plain == row else f"{plain}-{hashlib.sha256(row.encode()).hexdigest()[:8]}"
