"""`mode=rollback`: the previous champion comes back."""

import logging
from dataclasses import dataclass

from spaceship.experiment import Experiment
from spaceship.mode.promote import moved
from spaceship.progress import phase
from spaceship.registry.descriptions import describe
from spaceship.registry.registry import CHAMPION
from spaceship.results import Result

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RollbackResult(Result):
    """A move of the alias `champion` to the version before."""

    model: str  # registered model
    champion: str  # version that is champion now, or would be under `gate.dry_run=true`
    champion_before: str | None
    dry_run: bool  # nothing was moved


def rollback(experiment: Experiment) -> RollbackResult:
    """Make the previous champion champion again, on record."""
    from spaceship.registry.packaging import load

    registry, dry_run = experiment.registry, experiment.dry_run
    aliases = registry.aliases
    with aliases.lock():
        current = aliases.current().get(CHAMPION)
        with phase("Checking the files of the champion before"):
            previous = registry.previous_champion(load)
        if not dry_run:
            reason = experiment.settings.why or "rolled back by hand"
            aliases.complete(aliases.prepare(CHAMPION, {CHAMPION: current}, reason), previous)
            describe(registry)
    log.info("%s", moved(registry, current, previous, dry_run=dry_run))
    return RollbackResult(registry.model, previous, current, dry_run)
