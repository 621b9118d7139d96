"""`mode=history`: past and present champions with dates and reasons; every move as a file."""

import json
import logging
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import pandas as pd

from spaceship.config.settings import History
from spaceship.errors import ConfigError, RegistryError
from spaceship.experiment import Experiment
from spaceship.files import VERSION, csv_text, write_atomically
from spaceship.registry import moves
from spaceship.registry.looks import LookRecords
from spaceship.registry.moves import Move
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.registry.steps import Step, steps_of
from spaceship.results import Result
from spaceship.screen import Commands, show
from spaceship.text import counted, first_few

log = logging.getLogger(__name__)

_COLUMNS = ["number", "at", "alias", "before", "after", "state", "by", "reason"]
_FORMATS = (".csv", ".json")
_DAY = len("2026-11-17")
_FORMULA = "=+-@"  # a spreadsheet computes a cell that begins so
_OUTSIDE = "moved outside"


@dataclass(frozen=True)
class ChampionStep:
    """A step of the alias `champion`."""

    version: str | None  # null: no champion from here on
    since: str | None  # ISO 8601, UTC; null: moved outside, without a record
    by: str | None  # account@host
    reason: str | None


@dataclass(frozen=True)
class HistoryResult(Result):
    """Past and present champions."""

    model: str  # registered model
    champion: str | None  # version
    champion_before: str | None  # version that comes back with mode=rollback
    steps: list[ChampionStep]  # oldest first
    at: ChampionStep | None  # that made the champion of `history.at`
    file: str | None  # with every move, `history.output`


def history(experiment: Experiment) -> HistoryResult:
    """Print every champion of `data=` and how to go back; write all moves to a file if wanted."""
    settings = experiment.settings.history
    output, moment = _output(settings), _moment(settings)
    registry = experiment.registry
    records, current = registry.aliases.read(strict=False)
    steps = steps_of(records.moves, CHAMPION, current.get(CHAMPION))
    if output is not None:
        write_atomically(output, _as_text(records.moves, output.suffix))
        log.info("%d moves of aliases: %s", len(records.moves), output)
    if records.unreadable:
        log.warning("%s", registry.aliases.unreadable(records))
    if not steps:
        log.info("%s has never had a champion.", registry.model)
        if others := registry.models_with_champions():
            log.info("Models that have one: %s", first_few(others))
        show(log, Commands({"train a candidate": registry.command("mode=train")}))
    elif moment is not None:
        log.info("%s", _champion_at(steps, moment))
    else:
        _print(registry, steps)
    before = None
    with suppress(RegistryError):
        before = registry.previous_champion()
        if moment is None:
            log.info("Version %s comes back with mode=rollback.", before)
    reached = None if moment is None else _reached(steps, moment)
    return HistoryResult(
        registry.model,
        current.get(CHAMPION),
        before,
        [*map(_plain, steps)],
        None if reached is None else _plain(steps[reached]),
        None if output is None else str(output),
    )


def _plain(step: Step) -> ChampionStep:
    if (move := step.move) is None:
        return ChampionStep(step.version, None, None, None)
    return ChampionStep(step.version, move.when.isoformat(), move.by, move.reason)


def _print(registry: Registry, steps: Sequence[Step]) -> None:
    """Print a line per champion."""
    log.info("Champions of %s, oldest first:", registry.model)
    for line in _lines(steps):
        log.info("%s", line)
    ordered = [step.move.when for step in steps if step.move]
    if ordered != sorted(ordered):
        log.info("The times are those of the machines' clocks; the order is that of the moves.")
    if steps[-1].version is None:
        log.info("%s has no champion since %s.", registry.model, _since(steps))
    records = LookRecords.read(registry.aliases)
    if looks := [look for look in records.looks if look.seal == len(records.reseals)]:
        log.info("%s", _uses([look.split for look in looks]))


def _uses(splits: Sequence[str]) -> str:
    """Return a sentence on the comparisons of the hold-outs in use, given that of each one."""
    distinct = sorted({*splits})
    what = "hold-out" if len(distinct) == 1 else "hold-outs"
    verb = "has" if len(distinct) == 1 else "have"
    times = counted(len(splits), "comparison")
    return f"The {what} ({first_few(distinct)}) {verb} been used for {times}."


def _output(settings: History) -> Path | None:
    """Return the file to write, None if none is wanted."""
    if settings.output is None:
        return None
    path = Path(settings.output).expanduser().absolute()
    if path.suffix not in _FORMATS or path.is_dir():
        message = f"expected history.output=FILE.csv or FILE.json, found {settings.output!r}"
        raise ConfigError(f"{message}; give a file's name that ends so")
    return path


def _moment(settings: History) -> datetime | None:
    """Return the moment of `history.at`: a day means its end."""
    if settings.at is None:
        return None
    try:
        moment = datetime.fromisoformat(settings.at)
        if len(settings.at) == _DAY:
            moment = datetime.combine(date.fromisoformat(settings.at), time.max)
    except ValueError as error:
        message = f"expected history.at=YYYY-MM-DD or YYYY-MM-DDTHH:MM, found {settings.at!r}"
        raise ConfigError(f"{message}; times are UTC") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _champion_at(steps: Sequence[Step], moment: datetime) -> str:
    """Return a sentence that names the champion of a moment; nobody knows the future."""
    if moment >= moves.now():
        number, since = steps[-1].version, _since(steps)
        champion = "There is no champion" if number is None else f"Version {number} is champion"
        return f"{champion} now, since {since}."
    reached = _reached(steps, moment)
    last = -1 if reached is None else reached
    number = None if reached is None else steps[last].version
    shown = moment.isoformat(timespec="minutes")
    said = f"There was no champion at {shown}."
    if number is not None:
        said = f"Version {number} was champion at {shown}, since {_began(steps[last])}."
    if steps[last + 1 :] and steps[last + 1].is_outside:
        other = steps[last + 1].version or "no version"
        said += f" Or {other} was: {_OUTSIDE}, {_between(steps, last + 1)}."
    return said


def _reached(steps: Sequence[Step], moment: datetime) -> int | None:
    """Return the number of the last step on record that was made by a moment."""
    made = [at for at, step in enumerate(steps) if step.move and step.move.when <= moment]
    return made[-1] if made else None


def _as_text(records: Sequence[Move], suffix: str) -> str:
    """Return every move, cancelled ones too, as CSV or JSON."""
    rows = [{name: asdict(move)[name] for name in _COLUMNS} for move in records]
    if suffix == ".json":
        return json.dumps({"version": VERSION, "moves": rows}, indent=2) + "\n"
    return csv_text(pd.DataFrame(rows, columns=_COLUMNS).map(_harmless))


def _harmless(cell: object) -> object:
    """Return a cell of a CSV file, a text with an apostrophe before what would be a formula."""
    first = unicodedata.normalize("NFKC", str(cell).lstrip())[:1]
    return f"'{cell}" if isinstance(cell, str) and first and first in _FORMULA else cell


def _lines(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a line per step: version, from, to, moved by, reason; or between which times."""
    for at, step in enumerate(steps):
        name = "no champion" if step.version is None else f"version {step.version:>3}"
        if step.move is None:
            yield f"  {name:<11}  {_OUTSIDE}, {_between(steps, at)}"
            continue
        end = _began(steps[at + 1]) if steps[at + 1 :] else "now"
        reason = " ".join(step.move.reason.split())  # spaces could push a part to a line of its own
        yield f"  {name:<11}  {_began(step)} → {end:<16}  {step.move.by}  {reason}"


def _between(steps: Sequence[Step], at: int) -> str:
    """Return the times between which a step was made outside."""
    first = f"between {_began(steps[at - 1])} and" if at else "before"
    is_last = at == len(steps) - 1
    return f"{first} {_shown(moves.now()) + ' (now)' if is_last else _began(steps[at + 1])}"


def _since(steps: Sequence[Step]) -> str:
    """Return since when things are as they are."""
    if steps[-1].move is not None:
        return _began(steps[-1])
    return f"the alias was {_OUTSIDE}, {_between(steps, len(steps) - 1)}"


def _began(step: Step) -> str:
    return _OUTSIDE if step.move is None else _shown(step.move.when)


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(" ", "minutes")[:16]
