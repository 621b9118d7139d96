"""`mode=promote`: the challenger becomes champion."""

import logging

from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.progress import phase
from spaceship.registry.descriptions import describe
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry

log = logging.getLogger(__name__)


def promote(experiment: Experiment) -> None:
    """Make the challenger champion, on record."""
    from spaceship.registry.packaging import load

    registry, dry_run = experiment.registry, experiment.dry_run
    aliases = registry.aliases
    with aliases.lock():
        current = aliases.current()
        seen = {alias: current.get(alias) for alias in (CHAMPION, CHALLENGER)}
        if (number := seen[CHALLENGER]) is None:
            *_, last = [None, *aliases.steps(CHALLENGER)]
            found = "none" if last is None or last.move else "none: the alias was moved outside"
            do = "a candidate that beats the champion becomes one"
            raise _refusal(registry, f"a challenger of {registry.model}", found, do)
        with phase("Checking the challenger's files"):
            fault = registry.damage(number, load)
        if fault is not None:
            what = f"version {number} of {registry.model}, the challenger, whole"
            raise _refusal(registry, what, f"that it {fault}", "restore it, or train another one")
        if not dry_run:
            reason = experiment.settings.why or "promoted by hand"
            aliases.complete(aliases.prepare(CHAMPION, seen, reason), number)
            aliases.take_away(CHALLENGER, number, f"version {number} became champion")
            describe(registry)
    verb = "would be" if dry_run else "is"
    log.info("%s: champion was %s, %s %s", registry.model, seen[CHAMPION] or "nobody", verb, number)


def _refusal(registry: Registry, what: str, found: str, do: str) -> RegistryError:
    command = registry.command("mode=train", "model=NAME")
    return RegistryError(expected(what, found, f"{do}: {command}"))
