"""Objects kept by a process for its next jobs: the open store, loaded data, prepared folds."""

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")


class Kept:
    """Objects that consecutive jobs of one process share, such as the trials of a sweep.

    >>> kept = Kept()
    >>> kept.once("list", "a", list) is kept.once("list", "a", list)
    True
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, Any]] = {}

    def once(self, kind: str, key: object, make: Callable[[], Made]) -> Made:
        """Return the latest object of a kind if it was made for this key, else make it now."""
        if kind not in self._made or self._made[kind][0] != key:
            self._made[kind] = key, make()
        made: Made = self._made[kind][1]
        return made


KEPT = Kept()
"""Objects of this process: Hydra hands nothing from a callback to the task it runs."""
