"""Ray engine: the parts of a table scored by the workers of a Ray cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from hydra_plugins.spaceship_ray._cluster import ClusterError, connected
from spaceship.engine._base import Part
from spaceship.engine._cluster import ClusterEngine, Joined
from spaceship.errors import ConfigError, expected

_RETRIES = 2  # of a part whose process has ended


class RayEngine(ClusterEngine):
    """Workers of the cluster at `address`, or so many processes of this machine.

    >>> scored = []
    >>> RayEngine(workers=2).run([Part(0, "file:///rows.arrow", 7)], str, scored.append)
    >>> scored
    ["Part(number=0, uri='file:///rows.arrow', rows=7)"]
    """

    package, extra = "ray", "ray"

    @contextmanager
    def joined(self, workers: int) -> Iterator[Joined]:
        """Join the cluster, or start one that answers this user alone."""
        try:
            with connected(self.address, workers):
                yield _Joined()
        except ClusterError as error:
            do = "start it with `ray start --head`, or let one start here: engine.address=null"
            what = f"a Ray cluster at {self.address or 'this machine'}"
            raise ConfigError(expected(what, str(error), do)) from error

    def reason(self, error: Exception) -> str:
        """Return the first sentence of Ray's message; the others name files of its log."""
        return super().reason(error).partition(". ")[0]


class _Joined:
    """Cluster in use: a part is a task of one CPU."""

    def __init__(self) -> None:
        import ray

        self._task = ray.remote(num_cpus=1, max_retries=_RETRIES)(_call)

    def submit(self, work: Callable[[Part], Any], part: Part, /) -> "Future[Any]":
        future: Future[Any] = self._task.remote(work, part).future()
        return future

    def is_idle(self) -> bool:
        import ray

        return not ray.cluster_resources().get("CPU")


def _call(work: Callable[[Part], Any], part: Part) -> Any:
    return work(part)
