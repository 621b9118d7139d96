"""Watch of the registry's lock: racing processes wait for one another there, and are timed."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

WAIT_SECONDS = 60
"""Time for which the first waits for the last, which may never come."""


class LockWatch:
    """Watch of one process of a race; `barrier` is common to all, `path` takes the result."""

    def __init__(self, barrier: Any, path: Path) -> None:
        """Start without a result."""
        self.barrier = barrier
        self.path = path
        self.began: float | None = None
        self.ended = 0.0
        self.moves = 0

    def install(self, model: str) -> None:
        """Watch this process at the lock of a registered model from now on."""
        from filelock import BaseFileLock
        from mlflow import MlflowClient

        from spaceship.tracking.sqlite_registry import SqliteRegistry

        acquire, release = BaseFileLock.acquire, BaseFileLock.release

        def acquired(lock: Any, *args: Any, **kwargs: Any) -> Any:
            if self.began is None and Path(lock.lock_file).name == f"{model}.lock":
                with suppress(BrokenBarrierError):  # one of them never came
                    self.barrier.wait(WAIT_SECONDS)
                self.began = time.monotonic()
            return acquire(lock, *args, **kwargs)

        def released(lock: Any, *args: Any, **kwargs: Any) -> None:
            if Path(lock.lock_file).name == f"{model}.lock":
                self.ended = time.monotonic()
            release(lock, *args, **kwargs)

        def counted(move: Callable[..., None]) -> Callable[..., None]:
            def moved(client: Any, name: str, alias: str, version: str) -> None:
                move(client, name, alias, version)
                self.moves += alias == "champion"

            return moved

        replaced = {"acquire": acquired, "release": released}
        for name, function in replaced.items():
            setattr(BaseFileLock, name, function)
        name = "set_registered_model_alias"
        for client in (MlflowClient, SqliteRegistry):
            setattr(client, name, counted(getattr(client, name)))

    def write(self) -> None:
        """Write the number of moves of the champion, and the seconds from the lock to the end."""
        self.path.write_text(json.dumps([self.moves, self.ended - (self.began or self.ended)]))

    def read(self) -> tuple[int, float]:
        """Return the written result; zeros if the process was killed."""
        moves, seconds = json.loads(self.path.read_text()) if self.path.exists() else (0, 0.0)
        return int(moves), float(seconds)
