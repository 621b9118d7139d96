"""`mode=history`: who was champion, from when to when, on what grounds."""

import logging
from collections.abc import Sequence

from omegaconf import DictConfig

from spaceship import parts
from spaceship.ledger import Move, predecessor, reigns
from spaceship.registry import CHAMPION

log = logging.getLogger(__name__)


def history(cfg: DictConfig) -> None:
    """Print every reign of a champion of `data=`, and how to go back."""
    registry = parts.registry(cfg)
    moves = reigns(registry.moves(), CHAMPION)
    if not moves:
        log.info("%s has never had a champion; python scripts/run.py mode=train", registry.model)
        return
    log.info("Champions of %s, oldest first:", registry.model)
    for line in _lines(moves):
        log.info("%s", line)
    if before := predecessor(moves, CHAMPION, str(moves[-1].after)):
        log.info("Version %s comes back with mode=rollback.", before)


def _lines(moves: Sequence[Move]) -> list[str]:
    """Return a line per reign: version, from, to, by whom, why."""
    ends = [*(_when(move) for move in moves[1:]), "now"]
    return [
        f"  version {move.after or '-':>3}  {_when(move)} → {end:<16}  {move.by}  {move.reason}"
        for move, end in zip(moves, ends, strict=True)
    ]


def _when(move: Move) -> str:
    return move.at[:16].replace("T", " ")
