"""Switches of a gate on the command line: which need a reason, a role, or exclude each other."""

from spaceship.errors import ConfigError, expected
from spaceship.gate.policy import Gate
from spaceship.registry.aliases import Aliases
from spaceship.registry.role import SETTING, VARIABLE


def check_switches(gate: Gate, reason: str | None, aliases: Aliases) -> None:
    """Raise ConfigError if `force`, `reseal` and `dry_run` cannot be used as they are set.

    >>> from spaceship.gate.rule.floor import Floor
    >>> check_switches(Gate(floor=Floor(minimum=0.78), force=True), " ", registry.aliases)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a reason for gate.force=true, found an empty one; ...
    """
    for name in ("force", "reseal"):
        if getattr(gate, name) and not (reason or "").strip():
            found, do = (
                "none" if reason is None else "an empty one",
                'say why: reason="mended data"',
            )
            raise ConfigError(expected(f"a reason for gate.{name}=true", found, do))
    if gate.force and not aliases.may_promote:
        found, do = f"{SETTING} or {VARIABLE}=false", "leave out gate.force=true"
        raise ConfigError(expected("a process that may promote for gate.force=true", found, do))
    if gate.reseal and gate.dry_run:
        what, do = "gate.reseal=true without gate.dry_run=true", "leave one of them out"
        raise ConfigError(expected(what, "both", do))
