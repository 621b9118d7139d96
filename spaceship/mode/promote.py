"""`mode=promote`: the challenger becomes champion."""

import logging

from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.registry.registry import CHALLENGER, CHAMPION

log = logging.getLogger(__name__)


def promote(experiment: Experiment) -> None:
    """Make the challenger champion, on record."""
    registry, dry_run = experiment.registry, experiment.dry_run
    aliases = registry.aliases
    with aliases.lock():
        current = aliases.current()
        seen = {alias: current.get(alias) for alias in (CHAMPION, CHALLENGER)}
        number = seen[CHALLENGER]
        if number is None:
            message = (
                f"expected a challenger of {registry.model}, found none; a candidate that beats "
                f"the champion becomes one: {registry.command('mode=train', 'model=NAME')}"
            )
            raise RegistryError(message)
        if not dry_run:
            reason = experiment.settings.why or "promoted by hand"
            aliases.complete(aliases.prepare(CHAMPION, seen, reason), number)
            aliases.take_away(CHALLENGER, number, f"version {number} became champion")
    verb = "would be" if dry_run else "is"
    log.info("%s: champion was %s, %s %s", registry.model, seen[CHAMPION] or "nobody", verb, number)
