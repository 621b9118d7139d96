"""`mode=show`: one run, with its scores, its verdict and the command that makes it again."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from spaceship.card.card import Card, Interval, Score
from spaceship.card.files import REPORT_FILE as REPORT_PAGE
from spaceship.card.intervals import scores
from spaceship.card.words import look_words, protocol_words, settings_words
from spaceship.errors import SpaceshipError
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE, LoggedVerdict
from spaceship.gate.verdict_texts import remarks, rule_table, verdict_sentence
from spaceship.mode._run import wanted_run
from spaceship.mode.leaderboard import age
from spaceship.model.recipe_params import recipe_params
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.records import read_record
from spaceship.registry.moves import now
from spaceship.registry.registry import CARD_FILE
from spaceship.registry.reproduced import Reproduced
from spaceship.results import Result
from spaceship.screen import Commands, Shown, Table
from spaceship.screen import show as show_text
from spaceship.task.task import Task
from spaceship.text import digits, first_few, one_line
from spaceship.tracking.leaderboard import PARENT_TAG, Runs
from spaceship.tracking.relocation import FOLDER_TAG, place_of
from spaceship.tracking.run_files import fetch_files
from spaceship.tracking.runs import RunRow, read_held, read_runs
from spaceship.tracking.store import Store
from spaceship.tracking.tag_names import hidden

if TYPE_CHECKING:
    from mlflow.entities import Run

log = logging.getLogger(__name__)

Made = TypeVar("Made")
_FILES = (REPORT_FILE, OUT_OF_FOLD_FILE, VERDICT_FILE, CARD_FILE)
_HOSTS = (hidden("host"), "spaceship.host")  # tags: of now, and of older releases
_TAGS = ("task", "mode", "command", "mlflow.user", *_HOSTS, PARENT_TAG)
_MOST_SETTINGS = 8  # of a recipe, in a line


@dataclass(frozen=True)
class ShowResult(Result):
    """All that the store knows of one run; what it does not know is null or empty."""

    run_id: str
    name: str
    status: str  # such as FINISHED
    mode: str | None  # of a trial its sweep's, as `by`
    task: str
    command: str  # that makes it again, of a blend its sweep's
    made: str  # UTC, ISO 8601
    seconds: float | None  # from its start to its end
    by: str | None  # account@host
    code: str  # commit
    recipe: str
    data_source: str
    data_digest: str
    sample: str  # of the data, that it learnt from, in words; empty: all rows
    sweep: str | None  # id of the run above it
    reproduced: Reproduced  # made again, equal to the bit
    versions: Sequence[str]  # of a registered model that were made of it
    aliases: Sequence[str]  # that point to one of them now
    folder: str | None  # of the job
    artifacts: str  # their place
    files: Sequence[str]  # among them
    settings: Mapping[str, str]  # of the recipe, by config key
    protocol: Mapping[str, str]  # in words
    looks: Mapping[str, str]  # in words
    scores: Sequence[Score]
    verdict: LoggedVerdict | None


def show(experiment: Experiment) -> ShowResult:
    """Print one run, which `run=` names, the champion's by default."""
    registry = experiment.registry
    runs = Runs.of(read_runs(experiment.store, _TAGS))
    row = wanted_run(experiment, runs, experiment.settings.run, "show")
    with phase("Reading the run"), temporary_folder() as temporary:
        run = experiment.store.client.get_run(row.run_id)
        files = [one.path for one in experiment.store.client.list_artifacts(row.run_id)]
        fetch_files(experiment.store, run, _FILES, folder := temporary)
        shown = _with_files(_known(experiment.store, run, files), folder)
        shown = replace(
            shown,
            task=runs.task(row),
            command=runs.command(row),
            mode=runs.tag(row, "mode") or None,
            by=_by(runs, row) or None,
        )
    for one in _screen(shown):
        show_text(log, one)
    for _, line in [] if shown.verdict is None else remarks(shown.verdict):
        log.info("  %s", line)
    steps = dict[str, str]()
    if shown.command:
        again = "make it again" if row.tags.get("command") else "make its sweep again"
        steps[again] = one_line(shown.command)
    if shown.scores and f"{shown.task}-{shown.data_source}" == registry.model:
        page = registry.command("mode=report", f"run={row.run_id}")
        steps["write its report, for a browser"] = page
    show_text(log, Commands(steps))
    return shown


def _by(runs: Runs, row: RunRow) -> str:
    """Return who made a run: account@host, as far as it is known."""
    host = next(filter(None, (runs.tag(row, key) for key in _HOSTS)), "")
    return "@".join(filter(None, (runs.tag(row, "mlflow.user"), host)))


def _known(store: Store, run: "Run", files: Sequence[str]) -> ShowResult:
    """Return what MLflow's tables say of a run."""
    info, tags = run.info, run.data.tags
    versions = store.client.search_model_versions(f"run_id = '{info.run_id}'")
    held = read_held(store).get(info.run_id, ())
    ends = (info.start_time, info.end_time)
    return ShowResult(
        run_id=info.run_id,
        name=info.run_name or "",
        status=info.status,
        mode=None,
        task="",
        command="",
        made=datetime.fromtimestamp(info.start_time / 1000, UTC).isoformat(timespec="seconds"),
        seconds=(ends[1] - ends[0]) / 1000 if all(ends) else None,
        by=None,
        code=tags.get("git_sha", ""),
        recipe=tags.get("candidate", ""),
        data_source=tags.get("data_source", ""),
        data_digest=tags.get("data_digest", ""),
        sample=tags.get("sample", ""),
        sweep=tags.get(PARENT_TAG),
        reproduced=Reproduced.of(tags),
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


def _with_files(shown: ShowResult, folder: Path) -> ShowResult:
    """Return a run with what its verdict, its report and its card say."""
    verdict = _readable(folder / VERDICT_FILE, lambda: LoggedVerdict.read(folder))
    report = _readable(folder / REPORT_FILE, lambda: Report.read(folder))
    card = _readable(folder / CARD_FILE, lambda: read_record(folder / CARD_FILE, Card))
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
        scores=[*scores(report, task.problem)] if card is None else card.scores,
        verdict=verdict,
    )


def _readable(path: Path, read: Callable[[], Made]) -> Made | None:
    """Return what a file holds; None if it is missing, or cannot be read."""
    try:
        return read() if path.is_file() else None
    except SpaceshipError as error:
        log.warning("Its %s cannot be used: %s", path.stem, error)
        return None


def _screen(shown: ShowResult) -> Iterator[Shown]:
    """Yield the tables and sentences of a run."""
    yield Table([(title, one_line(text)) for title, text in _facts(shown) if text])
    if shown.scores:
        yield _score_table(shown.scores)
    if (verdict := shown.verdict) is not None:
        first = verdict.champion_before is None
        yield verdict_sentence(verdict, first=first, dry_run=verdict.dry_run)
        if verdict.checks:
            yield rule_table(verdict.checks)


def _facts(shown: ShowResult) -> Iterator[tuple[str, str]]:
    """Yield what a run is, in lines with titles."""
    since = (now() - datetime.fromisoformat(shown.made)).total_seconds()
    took = "" if shown.seconds is None else f", in {shown.seconds:.0f} s"
    when = f"{shown.made[:16].replace('T', ' ')} UTC ({age(since)})"
    held = f": {' and '.join(shown.aliases)} now" if shown.aliases else ""
    yield "Run", f"{shown.name} ({shown.run_id})"
    by = f" by {shown.by}" if shown.by else ""
    yield "Made", f"{when}{by}, {shown.status.lower()}{took}"
    yield "Task", shown.task
    yield "Mode", shown.mode or ""
    digest = f" (digest {shown.data_digest[:8]})" if shown.data_digest else ""
    drawn = f", {shown.sample}" if shown.sample else ""
    yield "Data", f"{shown.data_source}{digest}{drawn}"
    yield "Recipe", shown.recipe
    settings = (f"{key}={one}" for key, one in shown.settings.items())
    yield "Settings", first_few(settings, _MOST_SETTINGS)
    yield from ((key.capitalize(), text) for key, text in shown.protocol.items())
    yield "Looks", ", ".join(f"{key}: {text}" for key, text in shown.looks.items())
    yield "Code", f"commit {shown.code[:12]}" if shown.code else ""
    yield "Sweep", shown.sweep or ""
    yield "Again", str(shown.reproduced)
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
