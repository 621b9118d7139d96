"""`mode=history`: who was champion, from when to when, on what grounds; every move, as a file."""

import csv
import io
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from pathlib import Path

from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.config.installation import program
from spaceship.errors import ConfigError
from spaceship.files import VERSION, write_atomically
from spaceship.registry.moves import Move, predecessor, reigns
from spaceship.registry.registry import CHAMPION

log = logging.getLogger(__name__)

_COLUMNS = ("at", "alias", "before", "after", "state", "by", "reason")
_FORMATS = (".csv", ".json")


def history(cfg: DictConfig) -> None:
    """Print every reign of a champion of `data=`, and how to go back; write all moves if asked."""
    output, moment = _output(cfg), _moment(cfg)
    registry = parts.registry(cfg)
    moves = registry.moves()
    champions = reigns(moves, CHAMPION)
    if output is not None:
        write_atomically(output, _as_text(moves, output.suffix))
        log.info("%d moves of aliases: %s", len(moves), output)
    if not champions:
        log.info("%s has never had a champion; %s mode=train", registry.model, program())
        return
    if moment is not None:
        _tell_moment(champions, moment)
        return
    log.info("Champions of %s, oldest first:", registry.model)
    for line in _lines(champions):
        log.info("%s", line)
    if before := predecessor(champions, CHAMPION, str(champions[-1].after)):
        log.info("Version %s comes back with mode=rollback.", before)


def _output(cfg: DictConfig) -> Path | None:
    """Return the file to write."""
    if cfg.history.output is None:
        return None
    path = Path(str(cfg.history.output)).expanduser().absolute()
    if path.suffix not in _FORMATS or path.is_dir():
        message = f"expected history.output=FILE.csv or FILE.json, found {cfg.history.output!r}"
        raise ConfigError(f"{message}; give a file's name that ends so")
    return path


def _moment(cfg: DictConfig) -> datetime | None:
    """Return the moment asked about: a day means its end."""
    at = cfg.history.at
    if at is None:
        return None
    try:
        moment = datetime.fromisoformat(str(at))
        if len(str(at)) == len("2026-11-17"):
            moment = datetime.combine(date.fromisoformat(str(at)), time.max)
    except ValueError as error:
        message = f"expected history.at=YYYY-MM-DD or YYYY-MM-DDTHH:MM, found {at!r}"
        raise ConfigError(f"{message}; times are UTC") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tell_moment(champions: Sequence[Move], moment: datetime) -> None:
    earlier = [move for move in champions if datetime.fromisoformat(move.at) <= moment]
    number = earlier[-1].after if earlier else None
    if number is None:
        log.info("Nobody was champion at %s.", moment.isoformat(timespec="minutes"))
        return
    told = moment.isoformat(timespec="minutes")
    log.info("Version %s was champion at %s, since %s.", number, told, _when(earlier[-1]))


def _as_text(moves: Sequence[Move], suffix: str) -> str:
    """Return every move, those that were cancelled too, as CSV or JSON."""
    rows = [{name: asdict(move)[name] for name in _COLUMNS} for move in moves]
    if suffix == ".json":
        return json.dumps({"version": VERSION, "moves": rows}, indent=2) + "\n"
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def _lines(moves: Sequence[Move]) -> list[str]:
    """Return a line per reign: version, from, to, by whom, why."""
    ends = [*(_when(move) for move in moves[1:]), "now"]
    return [
        f"  version {move.after or '-':>3}  {_when(move)} → {end:<16}  {move.by}  {move.reason}"
        for move, end in zip(moves, ends, strict=True)
    ]


def _when(move: Move) -> str:
    return move.at[:16].replace("T", " ")
