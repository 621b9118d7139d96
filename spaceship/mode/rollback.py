"""`mode=rollback`: the previous champion comes back."""

import logging

from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.registry.registry import CHAMPION

log = logging.getLogger(__name__)


def rollback(cfg: DictConfig) -> None:
    """Make the previous champion champion again, on record."""
    registry, dry_run = parts.registry(cfg), parts.gate(cfg).dry_run
    aliases = registry.aliases
    with aliases.lock():
        current = registry.champion().number
        previous = registry.previous_champion()
        if not dry_run:
            reason = cfg.reason or "rolled back by hand"
            aliases.complete(aliases.prepare(CHAMPION, {CHAMPION: current}, reason), previous)
    said = "would be" if dry_run else "is"
    log.info("%s: champion was %s, %s %s", registry.model, current, said, previous)
