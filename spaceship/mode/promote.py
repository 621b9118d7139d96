"""`mode=promote`: the challenger becomes champion."""

import logging
from dataclasses import dataclass

from spaceship.errors import RegistryError, expected
from spaceship.experiment import Experiment
from spaceship.gate.policy import forced_reason
from spaceship.progress import phase
from spaceship.registry.descriptions import describe
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.registry.version_scores import VersionSummary, summaries
from spaceship.results import Result

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MoveResult(Result):
    """A move of the alias `champion`, made or only tried."""

    model: str  # registered model
    champion: str  # version that is champion now, or would be under `gate.dry_run=true`
    champion_before: str | None
    dry_run: bool  # nothing was moved
    summary: VersionSummary | None  # of `champion`
    summary_before: VersionSummary | None


def promote(experiment: Experiment) -> MoveResult:
    """Make the challenger champion, on record."""
    from spaceship.registry.packaging import load

    registry, dry_run = experiment.registry, experiment.dry_run
    aliases = registry.aliases
    if not dry_run:
        aliases.check_role()
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
        forced = _check_proof(experiment, number)
        if not dry_run:
            why = experiment.settings.why
            reason = forced_reason(why) if forced else why or "promoted by hand"
            aliases.complete(aliases.prepare(CHAMPION, seen, reason), number)
            aliases.take_away(CHALLENGER, number, f"version {number} became champion")
            describe(registry)
    return report_move(registry, seen[CHAMPION], number, dry_run=dry_run)


def report_move(registry: Registry, before: str | None, after: str, *, dry_run: bool) -> MoveResult:
    """Print the champion after a move and the one before it, with recipes and scores.

    >>> report_move(registry, None, "1", dry_run=False).champion
    '1'
    """
    verbs = ("would be", "is") if dry_run else ("is now", "was")
    was = "none" if before is None else f"version {before}"
    known = summaries(registry, [after, before])
    for number in (after, before):
        if text := str(known.get(str(number), "")):
            log.info("Version %s: %s", number, text)
    champion = f"champion {verbs[0]} version {after} ({verbs[1]} {was})"
    log.info("%s: %s", registry.model, champion)
    ends = (known.get(after), known.get(str(before)))
    return MoveResult(registry.model, after, before, dry_run, *ends)


def _check_proof(experiment: Experiment, number: str) -> bool:
    """Raise if a gate wants the run of a version made again first; return whether it is forced.

    The gate is the one that judged the version, or the one in use.
    """
    registry, forced = experiment.registry, experiment.forced
    version = registry.version(number)
    if version.reproduced.count or not (version.needs_proof or experiment.needs_proof):
        return False
    if not forced:
        what = f"version {number} of {registry.model}, the challenger, made again and equal"
        again = registry.command("mode=reproduce", f"run={CHALLENGER}")
        do = f"make its run again: {again}, or go without: gate.force=true reason='…'"
        raise RegistryError(expected(what, "that it never was", do))
    return True


def _refusal(registry: Registry, what: str, found: str, do: str) -> RegistryError:
    command = registry.command("mode=train", "model=NAME")
    return RegistryError(expected(what, found, f"{do}: {command}"))
