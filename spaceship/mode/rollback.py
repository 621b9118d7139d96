"""`mode=rollback`: the previous champion comes back."""

import logging

from omegaconf import DictConfig

from spaceship import parts
from spaceship.registry import CHAMPION

log = logging.getLogger(__name__)


def rollback(cfg: DictConfig) -> None:
    """Make the previous champion champion again, on record."""
    registry = parts.registry(cfg)
    with registry.lock():
        previous = registry.previous_champion()
        move = registry.move(CHAMPION, previous, cfg.reason or "rolled back by hand")
    log.info("%s: champion was %s, is %s", registry.model, move.before, move.after)
