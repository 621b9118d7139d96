"""`mode=promote`: the challenger becomes champion."""

import logging

from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.config.installation import program
from spaceship.errors import RegistryError
from spaceship.registry.registry import CHALLENGER, CHAMPION

log = logging.getLogger(__name__)


def promote(cfg: DictConfig) -> None:
    """Make the challenger champion, on record."""
    registry, dry_run = parts.registry(cfg), parts.gate(cfg).dry_run
    with registry.lock():
        seen = {alias: registry.aliases().get(alias) for alias in (CHAMPION, CHALLENGER)}
        number = seen[CHALLENGER]
        if number is None:
            message = (
                f"expected a challenger of {registry.model}, found none; a candidate that beats "
                f"the champion becomes one: {program()} mode=train model=NAME"
            )
            raise RegistryError(message)
        if not dry_run:
            move = registry.prepare(CHAMPION, seen, cfg.reason or "promoted by hand")
            registry.complete(move, number)
            registry.take_away(CHALLENGER, number, f"version {number} became champion")
    said = "would be" if dry_run else "is"
    log.info("%s: champion was %s, %s %s", registry.model, seen[CHAMPION] or "nobody", said, number)
