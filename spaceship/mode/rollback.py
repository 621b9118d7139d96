"""`mode=rollback`: the previous champion comes back."""

import logging
from itertools import takewhile

from spaceship.experiment import Experiment
from spaceship.mode.promote import MoveResult, report_move
from spaceship.progress import phase
from spaceship.registry.descriptions import describe
from spaceship.registry.registry import CHAMPION
from spaceship.registry.steps import earlier_versions

log = logging.getLogger(__name__)


def rollback(experiment: Experiment) -> MoveResult:
    """Make the previous champion champion again, on record."""
    from spaceship.registry.packaging import load

    registry, dry_run = experiment.registry, experiment.dry_run
    aliases = registry.aliases
    if not dry_run:
        aliases.check_role()
    with aliases.lock():
        current = aliases.current().get(CHAMPION)
        with phase("Checking the files of the champion before"):
            previous = registry.previous_champion(load)
            steps = registry.aliases.steps(CHAMPION)
        for number in takewhile(lambda one: one != previous, earlier_versions(steps)):
            again = registry.command("mode=reproduce", f"run={number}")
            log.warning("Version %s is not whole; make it again from its record: %s", number, again)
        if not dry_run:
            reason = experiment.settings.why or "rolled back by hand"
            aliases.complete(aliases.prepare(CHAMPION, {CHAMPION: current}, reason), previous)
            describe(registry)
    return report_move(registry, current, previous, dry_run=dry_run)
