"""The MLflow store: runs that start, tell the truth and end."""

import logging
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from hydra_plugins.spaceship_optuna.process import is_orphan, is_others, process_tags, uninterrupted
from spaceship.at_exit import OUTCOME
from spaceship.config.build import redact
from spaceship.errors import TrackingError
from spaceship.files import clear_unfinished
from spaceship.tracking.connection import open_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

FOLDER_TAG = "folder"
"""Tag of a run: the folder that only its process writes to."""
PARAM_LENGTH = 500
"""Characters of a parameter that MLflow's table shows; the whole is in the run's config.yaml."""


@dataclass(frozen=True)
class Store:
    """Where runs are logged; plain values, so that it travels to worker processes.

    Attributes:
        uri: MLflow's tracking and registry URI.
        artifacts: Folder of the artifacts, or None where a server decides.
        experiment: Name of the experiment.

    """

    uri: str
    artifacts: str | None
    experiment: str

    @cached_property
    def client(self) -> "MlflowClient":
        """Return the client of an initialised store.

        Raises:
            TrackingError: The store cannot be opened.

        """
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        return open_client(self.uri, self.artifacts, self.experiment)

    @cached_property
    def experiment_id(self) -> str:
        """Return the id of the experiment, which `client` created."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment is None or experiment.lifecycle_stage != "active":
            number = "…" if experiment is None else experiment.experiment_id
            message = (
                f"expected an active experiment {self.experiment!r}, found it deleted; restore it "
                f"(mlflow experiments restore --experiment-id {number}) or choose another with "
                "tracking.experiment=NAME"
            )
            raise TrackingError(message)
        return str(experiment.experiment_id)

    def start_run(self, name: str, tags: Mapping[str, str], parent: str | None = None) -> str:
        """Start a run that names its process, so that a later start can tell if it was killed.

        Whatever ends the process short of SIGKILL ends the run too.

        Args:
            name: What MLflow's page shows.
            tags: Further tags.
            parent: Id of the multirun's run.

        Returns:
            The run's id.

        """
        own = {**tags, **process_tags()}
        if parent is not None:
            own["mlflow.parentRunId"] = parent
        with uninterrupted():  # a run that nobody knows of would stand as running
            run = self.client.create_run(self.experiment_id, run_name=name, tags=own)
            run_id = str(run.info.run_id)
            OUTCOME.closers[run_id] = partial(self.end_run, run_id)
        return run_id

    def log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Log parameters, each under a name and cut to a length that no store refuses."""
        from mlflow.entities import Param

        entities = [Param(_as_name(key), _cut(value)) for key, value in params.items()]
        for start in range(0, len(entities), 100):
            self.client.log_batch(run_id, params=entities[start : start + 100])

    def log_scores(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        folds: Sequence[Mapping[str, float]] = (),
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Log metrics, those of folds as curves `fold_*` over steps, and tags, in one request.

        MLflow keeps NaN as NaN; a tag is cut to the length that MLflow takes.
        """
        from mlflow.entities import Metric, RunTag

        now = int(time.time() * 1000)
        entities = [Metric(key, value, now, 0) for key, value in metrics.items()]
        for step, fold in enumerate(folds):
            entities += [Metric(f"fold_{key}", value, now, step) for key, value in fold.items()]
        named = [RunTag(key, value[:5000]) for key, value in (tags or {}).items()]
        self.client.log_batch(run_id, metrics=entities, tags=named)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, each cut to the length that MLflow takes."""
        self.log_scores(run_id, {}, tags=tags)

    def end_run(self, run_id: str, status: str) -> None:
        """End a run with a true status: FINISHED, FAILED or KILLED."""
        if status != "FINISHED":
            self._close_models(run_id)
        self.client.set_terminated(run_id, status)
        OUTCOME.closers.pop(run_id, None)

    def end_parent(self, run_id: str, status: str) -> None:
        """End a multirun's run, and as KILLED what still runs below it.

        Unless it runs in a process that shares the multirun and goes on with it: then that one ends
        both. Nobody does once it is finished.
        """
        left, goes_on = self._running(_below(run_id)), status != "FINISHED"
        others = [child for child in left if goes_on and is_others(child.data.tags)]
        for child in left:
            if child not in others:
                self.end_run(child.info.run_id, "KILLED")
        if not others:
            self.end_run(run_id, status)

    def close_orphans(self) -> Sequence[str]:
        """Mark runs KILLED that stand as running but whose process on this machine is gone.

        What such a process had not finished writing in the run's own folder goes, and a model that
        a run had begun to log and will not finish is marked FAILED.
        """
        gone = []
        for run in self._running():
            if is_orphan(run.data.tags):
                if FOLDER_TAG in run.data.tags:
                    clear_unfinished(Path(run.data.tags[FOLDER_TAG]))
                self.end_run(run.info.run_id, "KILLED")
                gone.append(run.info.run_id)
        if gone:
            log.info("%d run(s) whose process had died are now marked KILLED.", len(gone))
        return gone

    def _close_models(self, run_id: str) -> None:
        """Mark models FAILED that a run, or one below it, has begun to log and will not finish."""
        below = self.client.search_runs([self.experiment_id], _below(run_id))
        ids = ", ".join(f"'{one}'" for one in (run_id, *(run.info.run_id for run in below)))
        query = f"source_run_id IN ({ids})"
        for model in self.client.search_logged_models([self.experiment_id], query):
            if model.status == "PENDING":
                self.client.finalize_logged_model(model.model_id, "FAILED")

    def _running(self, condition: str = "") -> Sequence[Any]:
        query = "attributes.status = 'RUNNING'" + (f" and {condition}" if condition else "")
        return list(self.client.search_runs([self.experiment_id], query))


def _below(run_id: str) -> str:
    """Return the query of the runs below a multirun's."""
    return f"tags.mlflow.parentRunId = '{run_id}'"


def _as_name(key: str) -> str:
    """Return a config key as a parameter name that MLflow takes."""
    return re.sub(r"[^\w\-. :]", "_", key)[:250]


def _cut(value: str) -> str:
    return value if len(value) <= PARAM_LENGTH else value[: PARAM_LENGTH - 1] + "…"


@lru_cache(maxsize=8)
def validated(uri: Any, artifacts: Any, experiment: Any) -> Store:
    """Return the store these config values describe.

    Raises:
        TrackingError: There is no URI, or one MLflow no longer takes.

    """
    if not uri:
        message = "expected an MLflow server's URI, found none; add tracking.uri=http://HOST:PORT"
        raise TrackingError(message)
    scheme = urlparse(str(uri)).scheme
    if scheme in ("", "file"):
        message = (
            f"expected a sqlite:///, postgresql:// or http(s):// URI, found {redact(str(uri))!r}: "
            "MLflow refuses file stores; use tracking=sqlite or tracking=server tracking.uri=…"
        )
        raise TrackingError(message)
    return Store(str(uri), str(artifacts) if artifacts else None, str(experiment))
