"""`mode=history`: past and present champions with dates and reasons; every move as a file."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time

from spaceship.config.settings import History
from spaceship.errors import ConfigError, RegistryError
from spaceship.experiment import Experiment
from spaceship.mode._table_file import table_path, write_table
from spaceship.registry import moves
from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.registry.steps import Step, steps_of
from spaceship.registry.version_scores import VersionSummary, summaries
from spaceship.results import Result
from spaceship.screen import Commands, show
from spaceship.text import counted, first_few

log = logging.getLogger(__name__)

_COLUMNS = ["number", "at", "alias", "before", "after", "state", "by", "reason"]
_DAY = len("2026-11-17")
_OUTSIDE = "moved outside"
_INDENT = len("  version   1  ")
Known = Mapping[str, VersionSummary]
"""Recipe and scores of each version, by its number."""


@dataclass(frozen=True)
class ChampionStep:
    """A step of the alias `champion`."""

    version: str | None  # null: no champion from here on
    since: str | None  # ISO 8601, UTC; null: moved outside, without a record
    by: str | None  # account@host
    reason: str | None
    summary: VersionSummary | None  # of the version; null: it is deleted


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
    output, moment = table_path("history.output", settings.output), _moment(settings)
    registry = experiment.registry
    records, current = registry.aliases.read(strict=False)
    steps = steps_of(records.moves, CHAMPION, current.get(CHAMPION))
    known = summaries(registry, {step.version for step in steps})
    if output is not None:
        rows = [{name: asdict(move)[name] for name in _COLUMNS} for move in records.moves]
        write_table(output, "moves", rows, _COLUMNS)
        log.info("%d moves of aliases: %s", len(records.moves), output)
    if records.unreadable:
        log.warning("%s", registry.aliases.unreadable(records))
    if not steps:
        log.info("%s has never had a champion.", registry.model)
        if others := registry.models_with_champions():
            log.info("Models that have one: %s", first_few(others))
        show(log, Commands({"train a candidate": registry.command("mode=train")}))
    elif moment is not None:
        log.info("%s", _champion_at(steps, moment, known))
    else:
        _print(registry, steps, known)
    before = None
    with suppress(RegistryError):
        before = registry.previous_champion()
        if moment is None:
            log.info("Version %s comes back with mode=rollback.", before)
            again = registry.command("mode=reproduce", f"run={before}")
            show(log, Commands({"make it again, or another, and compare": again}), logging.DEBUG)
    reached = None if moment is None else _reached(steps, moment)
    return HistoryResult(
        registry.model,
        current.get(CHAMPION),
        before,
        [_plain(step, known) for step in steps],
        None if reached is None else _plain(steps[reached], known),
        None if output is None else str(output),
    )


def _plain(step: Step, known: Known) -> ChampionStep:
    summary = known.get(str(step.version))
    if (move := step.move) is None:
        return ChampionStep(step.version, None, None, None, summary)
    return ChampionStep(step.version, move.when.isoformat(), move.by, move.reason, summary)


def _print(registry: Registry, steps: Sequence[Step], known: Known) -> None:
    """Print each champion, with its recipe and scores."""
    again = "mode=reproduce run=VERSION makes one again"
    log.info("Champions of %s, oldest first; %s:", registry.model, again)
    for step, line in zip(steps, _lines(steps), strict=True):
        log.info("%s", line)
        if text := str(known.get(str(step.version), "")):
            log.info("%*s%s", _INDENT, "", text)
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


def _champion_at(steps: Sequence[Step], moment: datetime, known: Known) -> str:
    """Return sentences that name the champion of a moment; nobody knows the future."""

    def named(number: str | None) -> str:
        text = str(known.get(str(number), ""))
        return f" Version {number} is {text}." if text else ""

    if moment >= moves.now():
        number, since = steps[-1].version, _since(steps)
        champion = "There is no champion" if number is None else f"Version {number} is champion"
        return f"{champion} now, since {since}.{named(number)}"
    reached = _reached(steps, moment)
    last = -1 if reached is None else reached
    number = None if reached is None else steps[last].version
    shown = moment.isoformat(timespec="minutes")
    said = f"There was no champion at {shown}."
    if number is not None:
        said = (
            f"Version {number} was champion at {shown}, since {_began(steps[last])}.{named(number)}"
        )
    if steps[last + 1 :] and steps[last + 1].is_outside:
        other = steps[last + 1].version or "no version"
        said += f" Or {other} was: {_OUTSIDE}, {_between(steps, last + 1)}."
    return said


def _reached(steps: Sequence[Step], moment: datetime) -> int | None:
    """Return the number of the last step on record that was made by a moment."""
    made = [at for at, step in enumerate(steps) if step.move and step.move.when <= moment]
    return made[-1] if made else None


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
