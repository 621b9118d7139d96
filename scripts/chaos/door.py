"""Where processes that move a champion meet and are timed: at the lock of its registry."""

import json
import time
from contextlib import suppress
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

MEET_SECONDS = 60
"""So long the first waits for the last, which may never come."""


class Door:
    """What one process does at the lock of the registry: it meets the others, and is timed.

    Args:
        meeting: Where all processes of a round meet.
        path: Takes what was seen.

    """

    def __init__(self, meeting: Any, path: Path) -> None:
        """Start with nothing seen."""
        self.meeting = meeting
        self.path = path
        self.began: float | None = None
        self.ended = 0.0
        self.moves = 0

    def watch(self, model: str) -> None:
        """Watch this process at the lock of a registered model from now on."""
        from filelock import BaseFileLock
        from mlflow import MlflowClient

        acquire, release = BaseFileLock.acquire, BaseFileLock.release
        move = MlflowClient.set_registered_model_alias

        def acquired(lock: Any, *args: Any, **kwargs: Any) -> Any:
            if self.began is None and Path(lock.lock_file).name == f"{model}.lock":
                with suppress(BrokenBarrierError):  # one of them never came
                    self.meeting.wait(MEET_SECONDS)
                self.began = time.monotonic()
            return acquire(lock, *args, **kwargs)

        def released(lock: Any, *args: Any, **kwargs: Any) -> None:
            if Path(lock.lock_file).name == f"{model}.lock":
                self.ended = time.monotonic()
            release(lock, *args, **kwargs)

        def moved(client: Any, name: str, alias: str, version: str) -> None:
            move(client, name, alias, version)
            self.moves += alias == "champion"

        BaseFileLock.acquire, BaseFileLock.release = acquired, released
        MlflowClient.set_registered_model_alias = moved

    def write_down(self) -> None:
        """Write down how often the champion was moved, and the seconds from the door to the end."""
        self.path.write_text(json.dumps([self.moves, self.ended - (self.began or self.ended)]))

    def read(self) -> tuple[int, float]:
        """Return what was written down."""
        moves, seconds = json.loads(self.path.read_text()) if self.path.exists() else (0, 0.0)
        return int(moves), float(seconds)
