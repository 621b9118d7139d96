"""Engine interface: one method that scores the parts of a table, wherever its processes are."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlparse

from spaceship.errors import ConfigError, expected


@dataclass(frozen=True)
class Part:
    """Rows of a table in a file of their own: whole groups, so that it is scored by itself.

    >>> Part(0, "file:///data/part%201.arrow", 100).path.name
    'part 1.arrow'
    """

    number: int  # from 0
    uri: str  # of the file of rows
    rows: int

    @property
    def path(self) -> Path:
        """The file of rows, on a disk that every process of the engine sees."""
        return Path(unquote(urlparse(self.uri).path))


class Engine(ABC):
    """Place where parts are scored, chosen with `engine=`."""

    fits: ClassVar[bool] = False  # whether its workers can fit models, too

    def check(self) -> None:  # noqa: B027 - nothing to check is the rule
        """Raise ConfigError if the place cannot be reached, before there is a part."""

    @contextmanager
    def started(self, load: Callable[[], object]) -> Iterator[None]:  # noqa: ARG002
        """Let processes of this machine call `load` while a block prepares what they will score."""
        yield

    @abstractmethod
    def run(
        self, parts: Sequence[Part], score: Callable[[Part], Any], sink: Callable[[Any], None]
    ) -> None:
        """Call `score` with each part in some process, and `sink` here with what it returns.

        The results come in any order. `score` is pickled; what it loads, it loads once a process.
        An error of `score` ends the run; parts that are scored by then have reached `sink`.
        """


def check_workers(workers: object) -> None:
    """Raise ConfigError unless a number of processes is one.

    >>> check_workers(0)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected engine.workers=1 or more, found 0; choose a number of ...
    """
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        do = "choose a number of processes: engine.workers=2"
        raise ConfigError(expected("engine.workers=1 or more", repr(workers), do))
