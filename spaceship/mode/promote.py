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
            message = f"expected a challenger of {registry.model}, found none; python scripts/run.py"
            raise RegistryError(f"{message} mode=train makes one, if it beats the champion")
        move = registry.move(CHAMPION, challenger.number, f"promoted by hand: {cfg.reason}")
        registry.move(CHALLENGER, None, f"version {challenger.number} became champion")
    log.info("%s: champion was %s, is %s", registry.model, move.before or "nobody", move.after)
