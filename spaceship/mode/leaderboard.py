"""`mode=leaderboard`: all runs of a task, the best first."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from spaceship.config.installation import from_anywhere
from spaceship.evaluation.metrics import metric_title
from spaceship.experiment import Experiment
from spaceship.mode._table_file import table_path, write_table
from spaceship.records import to_plain
from spaceship.registry.moves import now
from spaceship.screen import Commands, Table, Tone, show
from spaceship.text import counted, digits, one_line
from spaceship.tracking.leaderboard import Leaderboard, RankedRun, rank

log = logging.getLogger(__name__)

_ID = 8  # characters of a run's id, at the least
_DIGEST = 8
_NOW = {"champion now": Tone.GOOD, "challenger now": Tone.FAIR}
_UNITS = {"d": 86400, "h": 3600, "min": 60}


def leaderboard(experiment: Experiment) -> Leaderboard:
    """Print the best runs of `task=`, those on other data apart; write all to a file if wanted."""
    settings, registry = experiment.settings.leaderboard, experiment.registry
    output = table_path("leaderboard.output", settings.output)
    task, source = experiment.task, experiment.source.name
    board = rank(experiment.store, task, source, trials=settings.trials)
    if not board.runs:
        log.info("No run of %s has been scored yet.", task.name)
    for line in _tables(board, settings.top):
        show(log, line) if isinstance(line, Table) else log.info("%s", line)
    for line in _remarks(board, settings.top):
        log.info("%s", line)
    if output is not None:
        write_table(output, "runs", [to_plain(run) for run in board.runs])
        log.info("%s: %s", counted(len(board.runs), "run"), output)
    if not board.runs:
        show(log, Commands({"train a candidate": registry.command("mode=train")}))
        return board
    best = board.runs[0]
    steps = {"see a run, such as the first": registry.command("mode=show", f"run={best.run_id}")}
    if best.command:
        steps["make the first again"] = one_line(from_anywhere(best.command))
    show(log, Commands(steps))
    return board


def _tables(board: Leaderboard, top: int) -> Iterator[str | Table]:
    """Yield the lists of the best runs on the same data and on other data, each with its title."""
    shown = board.runs[:top]
    short = _short_ids([run.run_id for run in board.runs])
    title = f"{metric_title(board.metric)}, cross-validated over folds"
    if same := [run for run in shown if run.same_data]:
        data = f"{board.data_source} (digest {board.data_digest[:_DIGEST]})"
        yield f"By {title}, on {one_line(data)}:"
        yield _table(same, short, board.metric)
    if other := [run for run in shown if not run.same_data]:
        yield "On other data, whose scores do not compare with those of the data in use:"
        yield _table(other, short, board.metric, with_data=True)


def _table(
    runs: Sequence[RankedRun], short: dict[str, str], metric: str, *, with_data: bool = False
) -> Table:
    data = ["data"] if with_data else []
    head = ("recipe", f"{metric_title(metric)} ± sd", "held out", "award", "age", *data, "run")
    moment, rows = now(), []
    for run in runs:
        of_data = [f"{run.data_source} {run.data_digest[:_DIGEST]}"] if with_data else []
        held = " and ".join(run.aliases)
        cells = (
            run.recipe,
            f"{digits(run.score)} ± {digits(run.sd)}",
            digits(run.held_out),
            f"{held} now" if held else run.award or "-",
            age((moment - datetime.fromisoformat(run.made)).total_seconds()),
            *of_data,
            short[run.run_id],
        )
        rows.append(tuple(map(one_line, cells)))
    return Table(rows, head, "<>><><<", spared=("age",), tones=_NOW)


def _remarks(board: Leaderboard, top: int) -> Iterator[str]:
    """Yield a line each on what is not listed, and on runs that failed."""
    if (all_runs := len(board.runs)) > top:
        yield f"{top} of {all_runs:,} runs are listed; leaderboard.top={all_runs} lists all."
    if board.trials:
        left = f"{counted(board.trials, 'trial')} of sweeps"
        yield f"Not listed: {left}; leaderboard.trials=true lists them too."
    counts = {"failed or killed": board.failed, "running": board.running}
    if told := [f"{number:,} {what}" for what, number in counts.items() if number]:
        yield f"Runs without a score: {', '.join(told)}."


def _short_ids(run_ids: Sequence[str]) -> dict[str, str]:
    """Return the starts of ids that tell them apart.

    >>> _short_ids(["a" * 32, "b" * 32])["a" * 32]
    'aaaaaaaa'
    """
    length = _ID
    while len({one[:length] for one in run_ids}) < len({*run_ids}):
        length += 1
    return {one: one[:length] for one in run_ids}


def age(seconds: float) -> str:
    """Return a time span in one unit.

    >>> age(5), age(200), age(3 * 86400)
    ('now', '3 min', '3 d')
    """
    fitting = ((seconds / length, unit) for unit, length in _UNITS.items() if seconds >= length)
    number, unit = next(fitting, (0, ""))
    return f"{number:.0f} {unit}" if unit else "now"
