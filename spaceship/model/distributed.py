"""LightGBM grown by all workers of a Dask cluster at once, each on a part of the rows.

`lightgbm.dask` does the same, but lets chance say which worker gets which rows and which rank, so
that two fits of the same rows give different trees (LightGBM 4.7). Here rows and ranks are dealt in
order: the same rows and the same number of workers always give the same trees, others than those of
one process. The rows are in this process too; its memory does not shrink.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from spaceship._upstream import LIGHTGBM_BOOSTER, LIGHTGBM_EXTRA
from spaceship.engine._base import Engine
from spaceship.errors import ConfigError, expected

if TYPE_CHECKING:
    from distributed import Client, Future
    from lightgbm import LGBMModel

log = logging.getLogger(__name__)

_CLIENT: "ContextVar[Client | None]" = ContextVar("client", default=None)
_TARGETS = "spaceship.model.lightgbm.FrameLGBM"  # start of the estimators that can be grown so
_FEWEST = 1000  # rows of a worker
_LOOK = 1.0  # seconds between two looks whether the workers are still there
_MINUTES = 2  # that a worker waits for another one to answer
_NETWORK = ("machines", "num_machines", "local_listen_port", "time_out", "tree_learner")
_LINES = re.compile(rf"^\[({'|'.join(_NETWORK)}): .*\]\n", re.MULTILINE)


@contextmanager
def grown_on(engine: Engine, recipe: dict[str, Any]) -> Iterator[None]:
    """Let LightGBM be fitted by the workers of an engine inside the block.

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
        raise ConfigError(expected("an engine that trains", type(engine).__name__, do))
    members = recipe.get("members") or [recipe]
    others = [
        str(one.get("name"))
        for one in members
        if not str((one.get("estimator") or {}).get("_target_")).startswith(_TARGETS)
    ]
    if others:
        do = "choose model=lgbm, or leave engine=dask out"
        wanted = "LightGBM alone with engine=dask in mode=train"
        raise ConfigError(expected(wanted, ", ".join(others), do))
    with engine.joined(engine.workers) as joined:
        client = joined.client
        log.info(
            "Trees are grown by %d workers of Dask: others than those of one process or of another "
            "number of workers",
            len(_workers(client)),
        )
        token = _CLIENT.set(client)
        try:
            yield
        finally:
            _CLIENT.reset(token)


def grow(model: "LGBMModel", X: Any, y: Any) -> bool:
    """Fit LightGBM by the cluster in use; return False where this process is to do it.

    That is without a cluster, and for rows too few, or of a class too rare, to be dealt.

    >>> grow(None, [[1.0]], [2.0])
    False
    """
    from sklearn.base import clone, is_classifier

    if (client := _CLIENT.get()) is None:
        return False
    workers, labels = _workers(client), np.asarray(y)
    parts = _dealt(labels, len(workers), of_classes=is_classifier(model))
    if len(parts) == 1:
        return False
    workers = workers[: len(parts)]
    ports = client.gather([_at(client, one, _free_port) for one in workers])
    hosts = (one.partition("://")[2].rpartition(":")[0] for one in workers)
    machines = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
    fits = [
        _at(client, worker, _fit, clone(model), X.iloc[rows], labels[rows], machines, port)
        for worker, rows, port in zip(workers, parts, ports, strict=True)
    ]
    grown, own = vars(_first(client, fits, workers)), {LIGHTGBM_EXTRA, *_NETWORK}
    learnt = {key: one for key, one in grown.items() if key not in own}
    vars(model).update(learnt | model.get_params(deep=False))
    return True


def _workers(client: "Client") -> list[str]:
    return sorted(client.scheduler_info(n_workers=-1)["workers"])


def _at(client: "Client", worker: str, call: Any, *given: Any) -> "Future[Any]":
    return client.submit(call, *given, workers=[worker], allow_other_workers=False, pure=False)


def _dealt(y: npt.NDArray[Any], n_workers: int, *, of_classes: bool) -> list[npt.NDArray[np.intp]]:
    """Return the rows of each worker, all classes among them, in their order."""
    fewest = [n_workers, len(y) // _FEWEST]
    order = np.arange(len(y))
    if of_classes:
        fewest.append(int(np.unique(y, return_counts=True)[1].min()))
        order = np.argsort(y, kind="stable")
    n_parts = max(1, min(fewest))
    return [np.sort(order[at::n_parts]) for at in range(n_parts)]


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("", 0))
        return int(one.getsockname()[1])


def _fit(model: "LGBMModel", X: Any, y: Any, machines: str, port: int) -> "LGBMModel":
    """Fit with the other workers, each on rows of its own; the trees are the same in all."""
    from lightgbm import Booster

    network = (machines, machines.count(",") + 1, port, _MINUTES, "data")
    fitted = model.set_params(**dict(zip(_NETWORK, network, strict=True))).fit(X, y)
    fitted.booster_.free_network()
    plain = Booster(model_str=_LINES.sub("", fitted.booster_.model_to_string()))
    setattr(fitted, LIGHTGBM_BOOSTER, plain)
    return fitted


def _first(client: "Client", fits: "list[Future[Any]]", workers: list[str]) -> "LGBMModel":
    """Return the model of the first worker when all have ended; raise if one is lost."""
    from distributed import TimeoutError as Later
    from distributed import wait

    while any(not one.done() for one in fits):
        with suppress(Later), client.as_current():
            wait(fits, timeout=_LOOK)
        if lost := [one for one in workers if one not in _workers(client)]:
            do = "run the command again; if memory is short, with data.sample=0.1"
            found = f"{len(lost)} that ended"
            raise ConfigError(expected("workers of Dask until a fit ends", found, do))
    client.gather(fits[1:])  # raises their errors
    return fits[0].result()
