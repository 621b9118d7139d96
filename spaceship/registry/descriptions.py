"""Descriptions of a registered model and its versions on MLflow's pages.

They are written again after each move, from the records: the next move corrects one that a crash
left old. Only people read them: a failure is logged, and the move stays.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from spaceship.errors import only_logged
from spaceship.gate.award import Award
from spaceship.registry.moves import Move, completed_moves
from spaceship.registry.registry import Registry
from spaceship.registry.steps import earlier_versions, steps_of
from spaceship.registry.version_scores import recipe_in
from spaceship.tracking.connection import code_of
from spaceship.tracking.markdown import command, page, plain
from spaceship.tracking.views import CHAMPION_TAG

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

log = logging.getLogger(__name__)

CARD_HEAD = "**Model card**"
"""Head of the part of a version's description that no move changes."""
_LASTING = r"\*\*(?:Model card|Figures when it was registered)\*\*"  # the latter: earlier releases
_OURS = re.compile(
    rf"$|{_LASTING}|\*\*Champion\*\*: |"
    r"(?:Champion|Challenger|Champion and challenger|Without an alias): "
)
"""Start of a description of ours, or none: one that a person wrote stays as it is."""


def describe(registry: Registry) -> None:
    """Describe the registered model and those versions whose part in the moves has changed.

    >>> describe(registry)  # nothing is registered: nothing is written
    """
    with only_logged(log, f"The description of {registry.model} is not up to date"):
        _describe(registry)


def _describe(registry: Registry) -> None:
    client, name = registry.store.client, registry.model
    records, current = registry.aliases.read(strict=False)
    query = f"name = '{name}'"
    versions = {str(one.version): one for one in client.search_model_versions(query)}
    if not versions:
        return
    moved = {end for move in records.moves[-3:] for end in (move.before, move.after)}
    for number, version in versions.items():
        old = version.description or ""
        if _OURS.match(old) and (old or number in moved or number in current.values()):
            lasting = re.search(f"^{_LASTING}", old, re.MULTILINE)
            status = f"{_status(number, current)}: {_name(version)}"
            text = page(
                status, _moves_of(number, records.moves), lasting and old[lasting.start() :]
            )
            if text != old:
                client.update_model_version(name, number, text)
    if (champion := versions.get(current.get(Award.CHAMPION, ""))) is not None:
        try:
            client.set_tag(str(champion.run_id), CHAMPION_TAG, f"version {champion.version}")
        except Exception as error:
            if code_of(error) is None:  # else its run is deleted
                raise
    if _OURS.match(client.get_registered_model(name).description or ""):
        text = _model_text(registry, records.moves, current, versions)
        client.update_registered_model(name, text)


def _status(number: str, current: Mapping[str, str]) -> str:
    """Return the first line, which the list of versions shows as it is."""
    held = [alias for alias, one in current.items() if one == number]
    return " and ".join(held).capitalize() or "Without an alias"


def _moves_of(number: str, moves: Sequence[Move]) -> str:
    """Return the moves from and to a version, the latest first."""
    lines = []
    for alias in (Award.CHAMPION, Award.CHALLENGER):
        for move in completed_moves(moves, alias):
            if number in {move.before, move.after} and move.before != move.after:
                verb = "became" if move.after == number else "ceased to be"
                lines.append((move.number, f"- {verb} {alias} {_by(move)}"))
    return "\n".join(line for _, line in sorted(lines, reverse=True)[:10])


def _by(move: Move) -> str:
    return f"on {move.when:%Y-%m-%d %H:%M} UTC by {plain(move.by)}: {plain(move.reason)}"


def _model_text(
    registry: Registry,
    moves: Sequence[Move],
    current: Mapping[str, str],
    versions: "Mapping[str, ModelVersion]",
) -> str:
    parts = [_holder(alias, moves, current, versions) for alias in Award if alias.rank]
    steps = steps_of(moves, Award.CHAMPION, current.get(Award.CHAMPION))
    todo = {
        "Make the challenger champion": "mode=promote" if Award.CHALLENGER in current else None,
        "Go back to the champion before": "mode=rollback" if earlier_versions(steps) else None,
        "All moves, with reasons": "mode=history",
    }
    for what, mode in todo.items():
        if mode is not None:
            parts.append(f"{what}:\n{command(registry.command(mode))}")
    return page(*reversed(parts[:2]), *parts[2:])


def _holder(
    alias: Award,
    moves: Sequence[Move],
    current: Mapping[str, str],
    versions: "Mapping[str, ModelVersion]",
) -> str:
    number = current.get(alias)
    if number is None:
        return f"**{alias.capitalize()}**: none"
    last = next((one for one in reversed(completed_moves(moves, alias))), None)
    by_hand = last is None or last.after != number
    how = "set outside of the record" if last is None or by_hand else _by(last)
    version = versions.get(number)
    named = "" if version is None else f" ({_name(version)})"
    return f"**{alias.capitalize()}**: version {number}{named}, {how}"


def _name(version: "ModelVersion") -> str:
    return plain(recipe_in(version.tags) or "recipe unknown")
