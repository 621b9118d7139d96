"""`mode=leaderboard`: all runs of a task, the best first."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from spaceship.data.cache import stored_digest
from spaceship.evaluation.metrics import metric_title
from spaceship.experiment import Experiment
from spaceship.mode._table_file import table_path, write_table
from spaceship.records import to_plain
from spaceship.registry.moves import now
from spaceship.registry.registry import Registry
from spaceship.results import Result
from spaceship.screen import Commands, Table, Tone, show
from spaceship.text import counted, digits, one_line
from spaceship.tracking.leaderboard import Basis, Leaderboard, RankedRun, rank
from spaceship.tracking.run_names import short_ids

log = logging.getLogger(__name__)

_DIGEST = 8
_NOW = {"champion now": Tone.GOOD, "challenger now": Tone.FAIR}
_UNITS = {"d": 86400, "h": 3600, "min": 60}


@dataclass(frozen=True)
class LeaderboardResult(Leaderboard, Result):
    """The best runs, as many as `leaderboard.top` says; those not comparable are marked."""

    scored: int = 0  # runs in all
    output: str | None = None  # file of all runs that was written


def leaderboard(experiment: Experiment) -> LeaderboardResult:
    """Print the best runs of `task=`, those that compare first; write all to a file if wanted."""
    settings, registry = experiment.settings.leaderboard, experiment.registry
    output = table_path("leaderboard.output", settings.output)
    board = ranked(experiment, trials=settings.trials)
    if not board.runs:
        log.info("No run of %s has been scored yet.", experiment.task.name)
    for line in _tables(board, settings.top):
        show(log, line) if isinstance(line, Table) else log.info("%s", line)
    for line in _remarks(board, settings.top):
        log.info("%s", line)
    if output is not None:
        rows = [to_plain(run) | {"aliases": " ".join(run.aliases)} for run in board.runs]
        write_table(output, "runs", rows, [one.name for one in fields(RankedRun)])
        log.info("%s: %s", counted(len(rows), "run"), output)
    show(log, Commands(_next(board, registry)))
    top = {"runs": board.runs[: settings.top], "scored": len(board.runs)}
    return LeaderboardResult(**vars(board) | top, output=None if output is None else str(output))


def ranked(experiment: Experiment, *, trials: bool) -> Leaderboard:
    """Return the leaderboard on the data and the split in use.

    >>> ranked(experiment, trials=False).split
    'hash 0.2, salt spaceship, 2 folds'
    """
    task, source, split = experiment.task, experiment.source, experiment.protocol.words
    basis = Basis(source.name, stored_digest(source, task, experiment.outputs), split)
    return rank(experiment.store, task, basis, trials=trials)


def _next(board: Leaderboard, registry: Registry) -> dict[str, str]:
    """Return commands that may follow, by purpose."""
    if not board.runs:
        return {"train a candidate": registry.command("mode=train")}
    best = board.runs[0]
    see = {"see a run, such as the first": registry.command("mode=show", f"run={best.run_id}")}
    return see | ({"make the first again": one_line(best.command)} if best.command else {})


def _tables(board: Leaderboard, top: int) -> Iterator[str | Table]:
    """Yield lists of the best runs, each with its title; those that do not compare apart."""
    shown = board.runs[:top]
    short = short_ids([run.run_id for run in board.runs])
    title = f"{metric_title(board.metric)}, cross-validated over folds"
    which = "the data in use" if board.data_in_use else "the data of the latest run"
    if same := [run for run in shown if run.comparable]:
        drawn = f", {same[0].sample}" if same[0].sample else ""
        data = f"{board.data_source}, {which} (digest {board.data_digest[:_DIGEST]}){drawn}"
        yield f"By {title}, on {one_line(data)}:"
        yield _table(same, short, board.metric)
    if split := [run for run in shown if run.same_data and not run.same_split]:
        yield f"Of another split than {one_line(board.split)}; the scores do not compare:"
        yield _table(split, short, board.metric, ("split",))
    if other := [run for run in shown if not run.same_data]:
        yield f"On other data than {which}; the scores do not compare:"
        more = ("data",) if all(run.same_split for run in other) else ("data", "split")
        yield _table(other, short, board.metric, more)


def _table(
    runs: Sequence[RankedRun], short: dict[str, str], metric: str, more: Sequence[str] = ()
) -> Table:
    """Return a table of runs, with further columns: `data`, `split` or both."""
    head = ("recipe", f"{metric_title(metric)} ± sd", "held out", "award", "age", *more, "run")
    moment, rows = now(), []
    for run in runs:
        drawn = f", {run.sample}" if run.sample else ""
        data = f"{run.data_source} {run.data_digest[:_DIGEST]}{drawn}"
        told = {"data": data, "split": run.split}
        cells = (
            run.recipe,
            f"{digits(run.score)} ± {digits(run.sd)}",
            digits(run.held_out),
            run.standing or "-",
            age((moment - datetime.fromisoformat(run.made)).total_seconds()),
            *(told[name] for name in more),
            short[run.run_id],
        )
        rows.append(tuple(map(one_line, cells)))
    return Table(rows, head, "<>><><<<", spared=("age",), tones=_NOW)


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


def age(seconds: float) -> str:
    """Return a time span in one unit.

    >>> age(5), age(200), age(3 * 86400)
    ('now', '3 min', '3 d')
    """
    fitting = ((seconds / length, unit) for unit, length in _UNITS.items() if seconds >= length)
    number, unit = next(fitting, (0, ""))
    return f"{number:.0f} {unit}" if unit else "now"
