"""`mode=show`: one run, with its scores, its verdict and the command that makes it again."""

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.card.card import Interval, Score
from spaceship.card.files import REPORT_FILE as REPORT_PAGE
from spaceship.card.intervals import scores
from spaceship.card.words import look_words, protocol_words, settings_words
from spaceship.errors import SpaceshipError
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.gate.verdict_texts import remarks, rule_table, verdict_sentence
from spaceship.mode.leaderboard import age
from spaceship.model.recipe_params import recipe_params
from spaceship.progress import phase
from spaceship.registry.moves import now
from spaceship.results import Result
from spaceship.screen import Commands, Shown, Table
from spaceship.screen import show as show_text
from spaceship.task.task import Task
from spaceship.text import digits, first_few, one_line
from spaceship.tracking.job import Job
from spaceship.tracking.leaderboard import PARENT_TAG, Runs
from spaceship.tracking.relocation import FOLDER_TAG, place_of
from spaceship.tracking.run_names import find_run
from spaceship.tracking.runs import read_held, read_runs
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

log = logging.getLogger(__name__)

_TAGS = ("task", "command", PARENT_TAG)
_MOST_SETTINGS = 8  # of a recipe, in a line


@dataclass(frozen=True)
class Judgement:
    """A run's verdict, and what the gate did about it."""

    verdict: Verdict
    first: bool  # there was no champion to compare with
    dry_run: bool


@dataclass(frozen=True)
class ShowResult(Result):
    """All that the store knows of one run; what it does not know is null or empty."""

    run_id: str
    name: str
    status: str  # such as FINISHED
    mode: str
    task: str
    command: str  # that makes it again, of a blend its sweep's
    made: str  # UTC, ISO 8601
    seconds: float | None  # from its start to its end
    by: str  # account@host
    code: str  # commit
    recipe: str
    data_source: str
    data_digest: str
    sweep: str | None  # id of the run above it
    versions: Sequence[str]  # of a registered model that were made of it
    aliases: Sequence[str]  # that point to one of them now
    folder: str | None  # of the job
    artifacts: str  # their place
    files: Sequence[str]  # among them
    settings: Mapping[str, str]  # of the recipe, by config key
    protocol: Mapping[str, str]  # in words
    looks: Mapping[str, str]  # in words
    scores: Sequence[Score]
    verdict: Verdict | None


def show(experiment: Experiment) -> ShowResult:
    """Print one run, which `run=` names."""
    registry = experiment.registry
    rows = read_runs(experiment.store, _TAGS)
    row = find_run(rows, experiment.settings.run, "show", registry.command)
    runs = Runs.of(rows)
    with phase("Reading the run"), tempfile.TemporaryDirectory() as temporary:
        run = experiment.store.client.get_run(row.run_id)
        files = [one.path for one in experiment.store.client.list_artifacts(row.run_id)]
        folder = _evidence(experiment.store, run, files, Path(temporary))
        report, judgement = _report(folder), _judgement(folder)
        shown = _with_report(_known(experiment.store, run, files), report, judgement)
        shown = replace(shown, task=runs.task(row), command=runs.command(row))
    for one in _screen(shown, judgement):
        show_text(log, one)
    for _, line in [] if judgement is None else remarks(judgement.verdict):
        log.info("  %s", line)
    if shown.command:
        again = "make it again" if row.tags.get("command") else "make its sweep again"
        show_text(log, Commands({again: one_line(shown.command)}))
    return shown


def _known(store: Store, run: "Run", files: Sequence[str]) -> ShowResult:
    """Return what MLflow's tables say of a run."""
    info, tags = run.info, run.data.tags
    versions = store.client.search_model_versions(f"run_id = '{info.run_id}'")
    held = read_held(store).get(info.run_id, ())
    host = tags.get("spaceship.host", "")
    ends = (info.start_time, info.end_time)
    return ShowResult(
        run_id=info.run_id,
        name=info.run_name or "",
        status=info.status,
        mode=tags.get("mode", ""),
        task="",
        command="",
        made=datetime.fromtimestamp(info.start_time / 1000, UTC).isoformat(timespec="seconds"),
        seconds=(ends[1] - ends[0]) / 1000 if all(ends) else None,
        by="@".join(one for one in (tags.get("mlflow.user", ""), host) if one),
        code=tags.get("git_sha", ""),
        recipe=tags.get("candidate", ""),
        data_source=tags.get("data_source", ""),
        data_digest=tags.get("data_digest", ""),
        sweep=tags.get(PARENT_TAG),
        versions=[f"{one.name} version {one.version}" for one in versions],
        aliases=[one.alias for one in held],
        folder=tags.get(FOLDER_TAG),
        artifacts=str(info.artifact_uri),
        files=files,
        settings={},
        protocol={},
        looks={},
        scores=(),
        verdict=None,
    )


def _with_report(
    shown: ShowResult, report: Report | None, judgement: Judgement | None
) -> ShowResult:
    """Return a run with what its report and its verdict say."""
    verdict = None if judgement is None else judgement.verdict
    if report is None or not report.task:
        return replace(shown, verdict=verdict)
    task = Task.read(report.task)
    looks = {} if verdict is None else look_words(verdict, 0, None)
    return replace(
        shown,
        recipe=report.name,
        settings=settings_words(recipe_params(report.recipe, {})),
        protocol=protocol_words(report.protocol, task, (None, report.rows)),
        looks={key: text for key, text in looks.items() if key != "looks so far"},
        scores=[*scores(report, task.problem)],
        verdict=verdict,
    )


def _evidence(store: Store, run: "Run", files: Sequence[str], folder: Path) -> Path:
    """Return a folder with a run's report and verdict: its artifacts, of a trial its own files."""
    of_job = Job(Path(run.data.tags.get(FOLDER_TAG) or folder), in_multirun=False)
    is_own = False
    with suppress(OSError, ValueError, KeyError):
        is_own = of_job.run_id == run.info.run_id
    for name in (REPORT_FILE, OUT_OF_FOLD_FILE, VERDICT_FILE):
        if name in files:
            store.client.download_artifacts(run.info.run_id, name, str(folder))
        elif is_own and (of_job.folder / name).is_file():
            shutil.copy(of_job.folder / name, folder)
    return folder


def _report(folder: Path) -> Report | None:
    """Return the report in a folder; None if there is none, or an unreadable one."""
    try:
        return Report.read(folder) if (folder / REPORT_FILE).is_file() else None
    except SpaceshipError as error:
        log.warning("Its report cannot be used: %s", error)
        return None


def _judgement(folder: Path) -> Judgement | None:
    """Return the verdict in a folder; None if there is none, or an unreadable one."""
    if not (folder / VERDICT_FILE).is_file():
        return None
    try:
        verdict = Verdict.read(folder)
    except SpaceshipError as error:
        log.warning("Its verdict cannot be used: %s", error)
        return None
    content = json.loads((folder / VERDICT_FILE).read_text())
    return Judgement(verdict, content.get("champion_before") is None, bool(content.get("dry_run")))


def _screen(shown: ShowResult, judgement: Judgement | None) -> Iterator[Shown]:
    """Yield the tables and sentences of a run."""
    yield Table([(title, one_line(text)) for title, text in _facts(shown) if text])
    if shown.scores:
        yield _score_table(shown.scores)
    if judgement is not None:
        verdict = judgement.verdict
        yield verdict_sentence(verdict, first=judgement.first, dry_run=judgement.dry_run)
        if verdict.checks:
            yield rule_table(verdict.checks)


def _facts(shown: ShowResult) -> Iterator[tuple[str, str]]:
    """Yield what a run is, in lines with titles."""
    since = (now() - datetime.fromisoformat(shown.made)).total_seconds()
    took = "" if shown.seconds is None else f", in {shown.seconds:.0f} s"
    when = f"{shown.made[:16].replace('T', ' ')} UTC ({age(since)})"
    held = f": {' and '.join(shown.aliases)} now" if shown.aliases else ""
    yield "Run", f"{shown.name} ({shown.run_id})"
    yield "Made", f"{when} by {shown.by or 'nobody known'}, {shown.status.lower()}{took}"
    yield "Task", shown.task
    yield "Mode", shown.mode
    digest = f" (digest {shown.data_digest[:8]})" if shown.data_digest else ""
    yield "Data", f"{shown.data_source}{digest}"
    yield "Recipe", shown.recipe
    settings = (f"{key}={one}" for key, one in shown.settings.items())
    yield "Settings", first_few(settings, _MOST_SETTINGS)
    yield from ((key.capitalize(), text) for key, text in shown.protocol.items())
    yield "Looks", ", ".join(f"{key}: {text}" for key, text in shown.looks.items())
    yield "Code", f"commit {shown.code[:12]}" if shown.code else ""
    yield "Sweep", shown.sweep or ""
    yield "Model", f"{', '.join(shown.versions)}{held}" if shown.versions else ""
    yield "Folder", shown.folder or ""
    place = shown.artifacts
    place = str(place_of(place)) if place.startswith("file:") else place
    yield "Report", f"{place}/{REPORT_PAGE}" if REPORT_PAGE in shown.files else ""
    yield "Artifacts", place
    yield "Files", first_few(shown.files, _MOST_SETTINGS)


def _score_table(lines: Sequence[Score]) -> Table:
    """Return the scores with their intervals, a row for each metric."""
    marks = {True: "", False: " ↓"}
    rows = [
        (
            f"{one.title}{marks[one.higher_is_better]}",
            *_cells(one.cross_validated),
            *_cells(one.held_out or Interval(float("nan"))),
        )
        for one in lines
    ]
    head = ("↓: lower is better", "cross-validated", "95 %", "held out", "95 %")
    return Table(rows, head, "<><><")


def _cells(of: Interval) -> tuple[str, str]:
    if of.low is None or of.high is None:
        return digits(of.value), ""
    return digits(of.value), f"{digits(of.low)} to {digits(of.high)}"
