"""`mode=promote`: the challenger becomes champion."""

import logging
from dataclasses import dataclass

from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.progress import phase
from spaceship.registry.descriptions import describe
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.results import Result

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PromoteResult(Result):
    """A move of the alias `champion`."""

    model: str  # registered model
    champion: str  # version that is champion now, or would be under `gate.dry_run=true`
    champion_before: str | None
    dry_run: bool  # nothing was moved


def promote(experiment: Experiment) -> PromoteResult:
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
    log.info("%s", moved(registry, seen[CHAMPION], number, dry_run=dry_run))
    return PromoteResult(registry.model, number, seen[CHAMPION], dry_run)


def moved(registry: Registry, before: str | None, after: str, *, dry_run: bool) -> str:
    """Return a sentence on the champion after a move, and the one before it.

    >>> moved(registry, None, "1", dry_run=False).partition(": ")[2]
    'champion is now version 1 (was none)'
    """
    verbs = ("would be", "is") if dry_run else ("is now", "was")
    was = "none" if before is None else f"version {before}"
    return f"{registry.model}: champion {verbs[0]} version {after} ({verbs[1]} {was})"


def _refusal(registry: Registry, what: str, found: str, do: str) -> RegistryError:
    command = registry.command("mode=train", "model=NAME")
    return RegistryError(expected(what, found, f"{do}: {command}"))
