"""What a registry promises while nobody moves an alias; part of two benchmarks."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spaceship.registry.moves import Move
    from spaceship.tracking.store import Store


def broken(store: "Store", model: str, locks: Sequence[Path] = ()) -> list[str]:
    """Return which promises are broken.

    Args:
        store: Where MLflow is.
        model: The registered model.
        locks: Folders of lock files, none of which may be held.

    """
    from spaceship.registry.moves import completed_moves, read_moves

    entity = store.client.get_registered_model(model)
    moves = read_moves(entity.tags)
    found = store.client.search_model_versions(f"name = '{model}'")
    champions = completed_moves(moves, "champion")
    return [
        *_unfinished(moves),
        *_misled(champions, entity.aliases.get("champion")),
        *_gaps(sorted(int(one.version) for one in found)),
        *(f"version {one.version} is no whole one" for one in found if not _whole(one)),
        *(f"the lock {path.name} is held" for path in _files(locks) if _is_held(path)),
    ]


def _unfinished(moves: Sequence["Move"]) -> Iterator[str]:
    """Tell of moves that are neither done nor cancelled."""
    for move in moves:
        if move.is_open:
            yield f"a move of {move.alias} is open: {move.state}"


def _misled(champions: Sequence["Move"], alias: Any) -> Iterator[str]:
    """Tell where the history of champions has a gap, or ends elsewhere than the alias."""
    before = None
    for move in champions:
        if move.before != before:
            yield f"the move to {move.after} starts from {move.before}, not from {before}"
        before = move.after
    if alias is None:
        yield "there is no champion"
    elif before != str(alias):
        yield f"version {alias} is champion, the history ends with {before}"


def _gaps(numbers: Sequence[int]) -> Iterator[str]:
    """Tell if versions are not numbered from 1 without a gap."""
    if list(numbers) != list(range(1, len(numbers) + 1)):
        yield f"the versions are {', '.join(map(str, numbers))}"


def _whole(version: Any) -> bool:
    return str(version.status) == "READY" and "recipe" in version.tags and bool(version.run_id)


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(folder.glob("*.lock"))


def _is_held(path: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
