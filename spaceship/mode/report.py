"""`mode=report`: one run as a page that a browser opens offline, JSON and Markdown beside it."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from spaceship.card.report import report_run
from spaceship.config.installation import program_anywhere
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.mode._run import wanted_run
from spaceship.results import Result
from spaceship.tracking.leaderboard import PARENT_TAG, Runs
from spaceship.tracking.runs import read_runs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportResult(Result):
    """The files of one run's report; `json` holds every figure."""

    run_id: str
    title: str
    html: str
    json: str
    markdown: str


def report(experiment: Experiment) -> ReportResult:
    """Write the report of the run that `report.run` names, of the champion's run by default."""
    path = _output(experiment.settings.report.output)
    run_id = _run_id(experiment)
    if path is None:
        name = f"{experiment.registry.model}-{run_id[:8]}.html"
        path = experiment.outputs / "reports" / re.sub(r"[^\w.-]", "_", name)
    card = report_run(experiment, run_id, path)
    log.info("Report of %s (run %s): %s", card.title, run_id, path)
    beside = (str(path.with_suffix(end)) for end in (".json", ".md"))
    return ReportResult(run_id, card.title, str(path), *beside)


def _output(given: str | None) -> Path | None:
    """Return the file of `report.output`; raise ConfigError if it cannot be one."""
    if given is None:
        return None
    path = Path(given).expanduser().absolute()
    if path.suffix not in {".html", ".htm"} or path.is_dir():
        do = "give a name that ends in .html, such as x.html"
        raise ConfigError(expected("report.output=FILE.html", repr(given), do))
    return path


def _run_id(experiment: Experiment) -> str:
    """Return the id of the wanted run; raise ConfigError if it is of another task or source."""
    registry, store, task = experiment.registry, experiment.store, experiment.task
    runs = Runs.of(read_runs(store, ("task", "data_source", PARENT_TAG)))
    row = wanted_run(experiment, runs, experiment.settings.report.run, "report")
    found = runs.task(row), row.tags.get("data_source")
    if found != (task.name, experiment.source.name) and all(found):
        words = (f"task={found[0]}", f"data={found[1]}", "mode=report", f"run={row.run_id}")
        what, do = f"a run of {registry.model}", f"type: {program_anywhere()} {' '.join(words)}"
        raise ConfigError(expected(what, f"one of {'-'.join(map(str, found))}", do))
    return row.run_id
