"""LightGBM grown by all workers of a Dask cluster at once, each on a part of the rows.

`lightgbm.dask` does the same, but lets chance say which worker gets which rows and which rank, so
that two fits of the same rows give different trees (LightGBM 4.7). Here rows and ranks are dealt in
order: the same rows and the same number of workers always give the same trees, others than those of
one process. The rows are in this process too; its memory does not shrink.
"""

import logging
import random
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spaceship._upstream import LIGHTGBM_BOOSTER, LIGHTGBM_EXTRA
from spaceship.engine._base import Engine
from spaceship.errors import ConfigError, expected

if TYPE_CHECKING:
    from distributed import Future
    from lightgbm import LGBMModel

    from spaceship.engine.dask import Scheduler

log = logging.getLogger(__name__)

_TARGETS = "spaceship.model.lightgbm.FrameLGBM"  # start of the estimators that can be grown so
_FEWEST = 1000  # rows of a worker
_LOOK = 1.0  # seconds between two looks whether the workers are still there
_MINUTES = 2  # that a worker waits for another one to answer
_PORTS = range(12400, 32000)  # from LightGBM's own; none that Linux gives to outgoing connections
_NETWORK = ("machines", "num_machines", "local_listen_port", "time_out", "tree_learner")
_LINES = re.compile(rf"^\[({'|'.join(_NETWORK)}): .*\]\n", re.MULTILINE)


@contextmanager
def grown_on(engine: Engine, recipe: Mapping[str, Any]) -> Iterator[None]:
    """Let LightGBM be fitted inside the block by the workers that an engine has at its start.

    Raise ConfigError if the engine cannot, or an estimator of the recipe is another one.

    >>> from spaceship.engine.dask import DaskEngine
    >>> with grown_on(DaskEngine(2), {"name": "svm", "estimator": None}):
    ...     pass
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected LightGBM alone with engine=dask in mode=train, ...
    """
    from spaceship.engine.dask import DaskEngine

    if not isinstance(engine, DaskEngine):
        do = "choose engine=dask model=lgbm, or leave engine= out"
        raise ConfigError(expected("an engine that fits models", type(engine).__name__, do))
    others = [
        str(one.get("name"))
        for one in recipe.get("members") or [recipe]
        if not str((one.get("estimator") or {}).get("_target_")).startswith(_TARGETS)
    ]
    if others:
        do = "choose model=lgbm, or leave engine=dask out"
        wanted = "LightGBM alone with engine=dask in mode=train"
        raise ConfigError(expected(wanted, ", ".join(others), do))
    with engine.joined(engine.workers) as scheduler:
        workers = tuple(scheduler.workers())
        if not workers:
            do = f"start one: {engine.worker} {engine.address}"
            raise ConfigError(expected(f"workers of {engine.address}", "none", do))
        if len(workers) > 1:
            log.info(
                "Trees are grown by %d workers of Dask: others than those of one process or of "
                "another number of workers",
                len(workers),
            )
        token = _IN_USE.set(_Cluster(scheduler, workers))
        try:
            yield
        finally:
            _IN_USE.reset(token)


def growing_workers() -> int:
    """Return the number of workers that grow LightGBM at present; 0: this process does.

    >>> growing_workers()
    0
    """
    return len(cluster.workers) if (cluster := _IN_USE.get()) else 0


def grow(model: "LGBMModel", X: object, y: object) -> bool:
    """Fit LightGBM by the workers in use; return False if there are none.

    Raise ConfigError if there are too few rows for them, or one of them has ended.

    >>> grow(None, [[1.0]], [2.0])
    False
    """
    from sklearn.base import is_classifier

    if (cluster := _IN_USE.get()) is None:
        return False
    labels = np.asarray(y)
    parts = _dealt(labels, len(cluster.workers), of_classes=is_classifier(model))
    grown = vars(cluster.fit(model, X, labels, parts))
    learnt = {key: one for key, one in grown.items() if key not in {LIGHTGBM_EXTRA, *_NETWORK}}
    vars(model).update(learnt | model.get_params(deep=False))
    return True


@dataclass(frozen=True)
class _Cluster:
    """The same workers for every fit: more of them would grow other trees."""

    scheduler: "Scheduler"
    workers: tuple[str, ...]  # addresses, by rank

    def fit(
        self, model: "LGBMModel", X: Any, y: npt.NDArray[Any], parts: list[npt.NDArray[np.intp]]
    ) -> "LGBMModel":
        """Return a copy of the model, fitted by each worker on its part of the rows."""
        from sklearn.base import clone

        ports: list[int] = []
        for worker in self.workers:
            ports.append(self._result([self._at(worker, _free_port, ports)]))
        hosts = (one.partition("://")[2].rpartition(":")[0] for one in self.workers)
        machines = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
        fits = []
        for worker, rows, port in zip(self.workers, parts, ports, strict=True):
            own = self._sent(worker, (X.iloc[rows] if hasattr(X, "iloc") else X[rows], y[rows]))
            fits.append(self._at(worker, _fit, clone(model), own, machines, port))
        return self._result(fits)

    def _sent(self, worker: str, part: tuple[Any, npt.NDArray[Any]]) -> "Future[Any]":
        """Send a worker its rows: as arguments of a call they would pass through the scheduler."""
        try:
            return self.scheduler.client.scatter([part], workers=[worker], hash=False)[0]
        except OSError:  # also of a worker that is not there any more
            self._check()
            raise

    def _at(self, worker: str, call: Any, *given: Any) -> "Future[Any]":
        return self.scheduler.client.submit(call, *given, workers=[worker], pure=False)

    def _result(self, calls: "list[Future[Any]]") -> Any:
        """Return what the first call does once all have ended; raise if a worker is lost."""
        from distributed import TimeoutError as Later
        from distributed import wait

        while not (all(one.done() for one in calls) or any(one.status == "error" for one in calls)):
            with suppress(Later), self.scheduler.client.as_current():
                wait(calls, timeout=_LOOK)
            self._check()
        return self.scheduler.client.gather(calls)[0]  # raises the error of any

    def _check(self) -> None:
        """Raise ConfigError unless all workers are still there."""
        if lost := {*self.workers} - {*self.scheduler.workers()}:
            do = "run the command again; if memory is short, with data.sample=0.1"
            found = f"{len(lost)} that ended"
            raise ConfigError(expected("workers of Dask until a fit ends", found, do))


_IN_USE: "ContextVar[_Cluster | None]" = ContextVar("cluster", default=None)


def _dealt(y: npt.NDArray[Any], n_workers: int, *, of_classes: bool) -> list[npt.NDArray[np.intp]]:
    """Return the rows of each worker, all classes among them, in their order."""
    do = "take fewer workers: engine.workers=1, or leave engine=dask out"
    if len(y) < _FEWEST * n_workers:
        wanted = f"{_FEWEST:,} rows or more for each of {n_workers} workers"
        raise ConfigError(expected(wanted, f"{len(y):,} in all in a fit", do))
    order = np.arange(len(y))
    if of_classes:
        if (fewest := np.unique(y, return_counts=True)[1].min()) < n_workers:
            wanted = f"a row or more of each class for each of {n_workers} workers"
            raise ConfigError(expected(wanted, f"a class of {fewest} in a fit", do))
        order = np.argsort(y, kind="stable")
    return [np.sort(order[at::n_workers]) for at in range(n_workers)]


def _free_port(others: list[int]) -> int:
    """Return a port of a worker's machine that is free and not one of the others."""
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as one, suppress(OSError):
            one.bind(("", port))
            if port not in others:
                return port
    raise OSError(f"no free port from {_PORTS[0]} to {_PORTS[-1]}")


def _fit(model: "LGBMModel", part: tuple[Any, Any], machines: str, port: int) -> "LGBMModel":
    """Fit with the other workers, each on rows of its own; the trees are the same in all."""
    from lightgbm import Booster

    n_machines = machines.count(",") + 1
    network = (machines, n_machines, port, _MINUTES, "data")
    if n_machines == 1:
        return model.fit(*part)
    fitted = model.set_params(**dict(zip(_NETWORK, network, strict=True))).fit(*part)
    fitted.booster_.free_network()
    plain = Booster(model_str=_LINES.sub("", fitted.booster_.model_to_string()))
    setattr(fitted, LIGHTGBM_BOOSTER, plain)
    return fitted
