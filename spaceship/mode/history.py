"""`mode=history`: past and present champions with dates and reasons; every move as a file."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path

import pandas as pd

from spaceship.config.settings import History
from spaceship.errors import ConfigError
from spaceship.experiment import Experiment
from spaceship.files import VERSION, write_atomically
from spaceship.registry.moves import Move, completed_moves, version_before
from spaceship.registry.registry import CHAMPION
from spaceship.text import first_few

log = logging.getLogger(__name__)

_COLUMNS = ["at", "alias", "before", "after", "state", "by", "reason"]
_FORMATS = (".csv", ".json")
_DAY = len("2026-11-17")


def history(experiment: Experiment) -> None:
    """Print every champion of `data=` and how to go back; write all moves to a file if wanted."""
    settings = experiment.settings.history
    output, moment = _output(settings), _moment(settings)
    registry = experiment.registry
    moves = registry.aliases.moves()
    champions = completed_moves(moves, CHAMPION)
    if output is not None:
        write_atomically(output, _as_text(moves, output.suffix))
        log.info("%d moves of aliases: %s", len(moves), output)
    if not champions:
        log.info("%s has never had a champion; %s", registry.model, registry.command("mode=train"))
        if others := registry.models_with_champions():
            log.info("Models that have one: %s", first_few(others))
    elif moment is not None:
        log.info("%s", _champion_at(champions, moment))
    else:
        log.info("Champions of %s, oldest first:", registry.model)
        for line in _lines(champions):
            log.info("%s", line)
        if before := version_before(champions, CHAMPION, str(champions[-1].after)):
            log.info("Version %s comes back with mode=rollback.", before)


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


def _champion_at(champions: Sequence[Move], moment: datetime) -> str:
    """Return a sentence that names the champion of a moment."""
    earlier = [move for move in champions if datetime.fromisoformat(move.at) <= moment]
    number, shown = earlier[-1].after if earlier else None, moment.isoformat(timespec="minutes")
    if number is None:
        return f"There was no champion at {shown}."
    return f"Version {number} was champion at {shown}, since {_when(earlier[-1])}."


def _as_text(moves: Sequence[Move], suffix: str) -> str:
    """Return every move, cancelled ones too, as CSV or JSON."""
    rows = [{name: asdict(move)[name] for name in _COLUMNS} for move in moves]
    if suffix == ".json":
        return json.dumps({"version": VERSION, "moves": rows}, indent=2) + "\n"
    return pd.DataFrame(rows, columns=_COLUMNS).to_csv(index=False, lineterminator="\n")


def _lines(moves: Sequence[Move]) -> list[str]:
    """Return a line per champion: version, from, to, moved by, reason."""
    ends = [*(_when(move) for move in moves[1:]), "now"]
    return [
        f"  version {move.after or '-':>3}  {_when(move)} → {end:<16}  {move.by}  {move.reason}"
        for move, end in zip(moves, ends, strict=True)
    ]


def _when(move: Move) -> str:
    return move.at[:16].replace("T", " ")  # noqa: PD008 - no pandas
