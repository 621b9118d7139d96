"""Work of a cluster's process: one part at a time, scored by the packages of the command."""

import os
import platform
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from threading import Lock, Thread
from typing import Any

from spaceship.engine._base import Part
from spaceship.errors import ConfigError, SpaceshipError, expected

_PACKAGES = ("spaceship", "numpy", "pandas", "pyarrow", "scikit-learn", "lightgbm", "catboost")
_SECONDS = 1.0  # between two looks whether the parent still runs
_ONE = Lock()  # of the parts that this process scores: some clusters give it several threads


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that the digits of a prediction rest on.

    >>> sorted(versions())[0]
    'Python'
    """
    found = {"Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


@cache
def end_with(parent: int) -> None:
    """Let this process end within a second once its parent has, whose number is given."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_SECONDS)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@dataclass(frozen=True)
class Failed:
    """Error of a part, returned and not raised: a cluster would score the part again."""

    error: Exception


@dataclass(frozen=True)
class Work:
    """What a worker calls with a part.

    >>> Work(lambda part: part.rows)(Part(0, "file:///part-0.arrow", 7))
    7
    """

    score: Callable[[Part], Any]
    versions: dict[str, str] = field(default_factory=versions)  # of the command

    def __call__(self, part: Part) -> Any:
        """Return what `score` returns, Failed if it raises an error."""
        try:
            self._check_versions()
            with _ONE:
                return self.score(part)
        except SpaceshipError as error:
            return Failed(error)
        except Exception as error:  # noqa: BLE001 - raised again by the command
            if not part.path.exists():
                what, do = f"{part.path} on {socket.gethostname()}", "choose a file in a folder "
                do += "that all machines have under the same path: inference.output=FILE"
                return Failed(ConfigError(expected(what, "nothing there", do)))
            error.add_note(f"In a worker:\n{traceback.format_exc()}")
            return Failed(error)

    def _check_versions(self) -> None:
        """Raise ConfigError if this process predicts with other packages than the command."""
        own = versions()
        if other := [name for name in own if own[name] != self.versions[name]]:
            what = ", ".join(f"{name} {self.versions[name]}" for name in other)
            found = ", ".join(own[name] for name in other)
            do = "install the same packages on all machines, and start their workers again"
            raise ConfigError(expected(f"{what} on {socket.gethostname()}", found, do))
