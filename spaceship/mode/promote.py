"""`mode=promote`: the challenger becomes champion."""

import logging

from omegaconf import DictConfig

from spaceship import parts
from spaceship.errors import RegistryError
from spaceship.registry import CHALLENGER, CHAMPION

log = logging.getLogger(__name__)


def promote(cfg: DictConfig) -> None:
    """Make the challenger champion, on record."""
    registry = parts.registry(cfg)
    with registry.lock():
        challenger = registry.find(CHALLENGER)
        if challenger is None:
            message = (
                f"expected a challenger of {registry.model}, found none; a candidate that beats "
                "the champion becomes one: python scripts/run.py mode=train model=NAME"
            )
            raise RegistryError(message)
        move = registry.move(CHAMPION, challenger.number, cfg.reason or "promoted by hand")
        registry.move(CHALLENGER, None, f"version {challenger.number} became champion")
    log.info("%s: champion was %s, is %s", registry.model, move.before or "nobody", move.after)
