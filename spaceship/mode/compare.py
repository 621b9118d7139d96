"""`mode=compare`: what differs between two runs, with paired tests on the rows of both."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from spaceship.comparison import texts
from spaceship.comparison.compared_run import ComparedRun
from spaceship.comparison.comparison import Comparison, compared
from spaceship.errors import ConfigError, expected
from spaceship.experiment import Experiment
from spaceship.files import VERSION, write_atomically
from spaceship.mode._run import wanted_run
from spaceship.mode._table_file import table_path
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.records import to_plain
from spaceship.results import Result
from spaceship.screen import Commands, Table, show
from spaceship.text import first_few, one_line
from spaceship.tracking.leaderboard import PARENT_TAG, Runs
from spaceship.tracking.runs import RunRow, read_runs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CompareResult(Comparison, Result):
    """All that differs between two runs."""

    output: str | None = None  # file that was written


def compare(experiment: Experiment) -> CompareResult:
    """Print what differs between the runs that `runs=` names; write it to a file if wanted."""
    settings = experiment.settings.compare
    output = table_path("compare.output", settings.output, (".md", ".json"))
    named = _two(experiment, settings.runs)
    runs = Runs.of(read_runs(experiment.store, ("task", PARENT_TAG)))
    rows = [_row(experiment, runs, named, place) for place in (0, 1)]
    with phase("Comparing the runs"):
        found = _compared(experiment, runs, rows, named)
    log.info("%s", texts.summary(found))
    for note in found.notes:
        log.info("%s", one_line(note))
    for title, shown in () if found.same else texts.sections(found):
        if isinstance(shown, Table):
            log.info("%s:", title)
            show(log, shown)
        else:
            log.info("%s: %s", title, shown)
    if output is not None:
        text = json.dumps({"version": VERSION} | to_plain(found), indent=2) + "\n"
        write_atomically(output, text if output.suffix == ".json" else texts.as_markdown(found))
        log.info("Comparison: %s", output)
    see = experiment.registry.command("mode=show", f"run={rows[1].run_id}")
    show(log, Commands({"see one of them": see}))
    return CompareResult(**vars(found), output=None if output is None else str(output))


def _two(experiment: Experiment, given: Sequence[str] | str | None) -> tuple[str, str]:
    """Return the two names; raise ConfigError if there are fewer or more."""
    names = [given] if isinstance(given, str) else [*(given or ())]
    if len(names) == 2:  # noqa: PLR2004
        return names[0], names[1]
    found = f"{len(names)}: {first_few(map(one_line, names))}" if names else "none"
    command = experiment.registry.command("mode=compare", "runs=champion,last")
    do = f"name the old and the new one, such as: {command}"
    raise ConfigError(expected("runs=OLD,NEW, two runs", found, do))


def _row(experiment: Experiment, runs: Runs, named: tuple[str, str], place: int) -> RunRow:
    """Return one of the two runs; commands in messages keep the other one."""
    words = [one.replace("{", "{{").replace("}", "}}") for one in named]
    words[place] = "{}"
    return wanted_run(experiment, runs, named[place], "compare", f"runs={','.join(words)}")


def _compared(
    experiment: Experiment, runs: Runs, rows: Sequence[RunRow], named: tuple[str, str]
) -> Comparison:
    client = experiment.store.client
    with temporary_folder() as temporary:
        sides = []
        for place, (row, name) in enumerate(zip(rows, named, strict=True)):
            below = temporary / str(place)
            below.mkdir()
            run = client.get_run(row.run_id)
            sides.append(ComparedRun.fetch(experiment, run, one_line(name), below))
        return compared(sides[0], sides[1], (runs.task(rows[0]), runs.task(rows[1])))
