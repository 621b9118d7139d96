"""The MLflow store: runs are started, logged to and ended with true statuses."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from hydra_plugins.spaceship_optuna.config_text import fault_of_password, redact, redacted
from hydra_plugins.spaceship_optuna.process import is_orphan, is_others, uninterrupted
from spaceship.errors import TrackingError, expected
from spaceship.files import clear_unfinished
from spaceship.process.at_exit import PENDING
from spaceship.process.temporary import clear_for_killed
from spaceship.records import fitting
from spaceship.tracking.advice import mlflow_command
from spaceship.tracking.connection import open_client
from spaceship.tracking.relocation import FOLDER_TAG
from spaceship.tracking.tag_names import own_tags, process_of
from spaceship.tracking.trial_runs import write_below

if TYPE_CHECKING:
    from mlflow.entities import Experiment, Run

    from spaceship.tracking.client import Client

__all__ = ["FOLDER_TAG", "PARAM_LENGTH", "TAG_LENGTH", "Store"]

log = logging.getLogger(__name__)

PARAM_LENGTH = 500  # characters that MLflow's table shows; the run's config.yaml has them all
TAG_LENGTH = 5000  # characters of a tag that every MLflow store takes
_NAME_LENGTH = 250  # characters of the name of a run


@dataclass(frozen=True)
class Store:
    """An MLflow store, as plain values, so that worker processes can receive it.

    >>> run_id = store.start_run("my run", {"mode": "train"})
    >>> store.log_scores(run_id, {"cv_accuracy": 0.8})
    >>> store.client.get_run(run_id).data.metrics
    {'cv_accuracy': 0.8}
    """

    uri: str  # MLflow's tracking and registry URI
    artifacts: str | None  # folder of the artifacts; None where a server decides
    experiment: str  # its name

    def __post_init__(self) -> None:
        """Raise TrackingError if there is no URI, or one that MLflow refuses."""
        if not self.uri:
            do = "add tracking.uri=http://HOST:PORT"
            raise TrackingError(expected("an MLflow server's URI", "none", do))
        if fault := fault_of_password(self.uri):
            wanted, found, do = fault
            raise TrackingError(expected(f"{wanted} in tracking.uri", found, do))
        if urlparse(self.uri).scheme in {"", "file"}:
            found = f"{redact(self.uri)!r}: MLflow refuses file stores"
            what = "a sqlite:///, postgresql:// or http(s):// URI"
            do = "use tracking=sqlite or tracking=server tracking.uri=…"
            raise TrackingError(expected(what, found, do))

    @cached_property
    def client(self) -> "Client":
        """The client; the first use creates the database and the experiment if need be."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        return open_client(self.uri, self.artifacts, self.experiment)

    @cached_property
    def experiment_id(self) -> str:
        """The id of the experiment; raise TrackingError if the experiment was deleted."""
        return str(self.active_experiment().experiment_id)

    def active_experiment(self) -> "Experiment":
        """Return the experiment as it is now; raise TrackingError if it was deleted."""
        experiment = self.client.get_experiment_by_name(self.experiment)
        if experiment is None or experiment.lifecycle_stage != "active":
            what, do = f"an active experiment {self.experiment!r}", "run the command again"
            if experiment is not None:
                words = ("experiments", "restore", "--experiment-id", experiment.experiment_id)
                restore = mlflow_command(self.uri, *words)
                do = f"choose another with tracking.experiment=NAME, or restore it: {restore}"
            raise TrackingError(expected(what, "it deleted", do))
        return experiment

    def start_run(
        self,
        name: str,
        tags: Mapping[str, str],
        parent: str | None = None,
        start_time: int | None = None,
    ) -> str:
        """Start a run, below a parent's if its id is given, and return its id.

        Any end of the process short of SIGKILL ends the run too; after SIGKILL, the next start ends
        it, because the run's tags name the process. The time is in milliseconds since 1970.
        """
        own, name = run_tags(tags, parent), run_name(name)
        with uninterrupted():  # between the two lines nothing would end the run
            run = self.client.create_run(self.experiment_id, start_time, own, name)
            run_id = str(run.info.run_id)
            PENDING.open_runs[run_id] = partial(self.end_run, run_id)
        return run_id

    def log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Log parameters, names and values cut to what every store takes, each name once."""
        self.log_scores(run_id, {}, params=params)

    def log_scores(
        self,
        run_id: str,
        metrics: Mapping[str, float],
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Log metrics, tags and parameters.

        MLflow keeps NaN as NaN; a text is cut to the length that MLflow takes.
        """
        named = _fitting(redacted(tags or {}), TAG_LENGTH)
        self.client.log_values(run_id, metrics, run_params(params or {}), named)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags, each cut to the length that MLflow takes."""
        self.log_scores(run_id, {}, tags)

    def log_traceback(self, run_id: str, text: str) -> None:
        """Log a traceback; it may hold half a surrogate pair, of a file's name for example."""
        self.client.log_text(run_id, fitting(text, len(text)), "traceback.txt")

    def end_run(self, run_id: str, status: str, end_time: int | None = None) -> None:
        """End a run with a true status: FINISHED, FAILED or KILLED."""
        if status != "FINISHED":
            self._close_models(run_id)
        self.client.set_terminated(run_id, status, end_time)
        PENDING.open_runs.pop(run_id, None)

    def end_parent(self, run_id: str, status: str) -> None:
        """End a multirun's run, and as KILLED the runs below it that are still running.

        If another live process still runs a child, leave parent and child to that process, except
        with status FINISHED.
        """
        running = self._running(_below(run_id))
        others = [one for one in running if is_others(process_of(one.data.tags))]
        kept = [] if status == "FINISHED" else others
        for child in running:
            if child not in kept:
                self.end_run(child.info.run_id, "KILLED")
        if not kept:
            self.end_run(run_id, status)

    def close_orphans(self, outputs: Path) -> Sequence[str]:
        """Mark running runs KILLED whose process on this machine is gone; return their ids.

        Unfinished files in such a run's own folder are removed if it lies in the outputs folder,
        and a model whose upload the run had begun is marked FAILED. Those of a process that was
        killed after its run had ended are removed, too.
        """
        clear_for_killed(outputs)
        gone = [run for run in self._running() if is_orphan(process_of(run.data.tags))]
        for run in gone:
            folder = Path(run.data.tags.get(FOLDER_TAG) or "/")
            if folder.resolve().is_relative_to(outputs.resolve()):  # not in that of a copy
                clear_unfinished(folder, below=not self._has_runs_below(run.info.run_id))
            write_below(self, outputs, run)
            self.end_run(run.info.run_id, "KILLED")
        if gone:
            log.info("%d run(s) whose process had died are now marked KILLED.", len(gone))
        return [run.info.run_id for run in gone]

    def _close_models(self, run_id: str) -> None:
        """Mark the models FAILED whose upload a run, or a run below it, has begun only."""
        below = self.client.search_runs([self.experiment_id], _below(run_id))
        ids = ", ".join(f"'{one}'" for one in (run_id, *(run.info.run_id for run in below)))
        query = f"source_run_id IN ({ids})"
        for model in self.client.search_logged_models([self.experiment_id], query):
            if model.status == "PENDING":
                self.client.finalize_logged_model(model.model_id, "FAILED")

    def _has_runs_below(self, run_id: str) -> bool:
        """Return whether a run has runs below it, which others may still be at work on."""
        return bool(self.client.search_runs([self.experiment_id], _below(run_id), max_results=1))

    def _running(self, condition: str = "") -> "Sequence[Run]":
        query = "attributes.status = 'RUNNING'" + (f" and {condition}" if condition else "")
        return list(self.client.search_runs([self.experiment_id], query))


def _below(run_id: str) -> str:
    return f"tags.mlflow.parentRunId = '{run_id}'"


def run_name(name: str) -> str:
    """Return the name of a run without passwords, cut to the length that MLflow takes.

    >>> run_name("svm #3")
    'svm #3'
    """
    return redact(fitting(name, _NAME_LENGTH))


def run_tags(tags: Mapping[str, str], parent: str | None = None) -> dict[str, str]:
    """Return the tags of a run of this process without passwords, as every store takes them.

    >>> run_tags({"trial": "3"}, parent="a1b2")["mlflow.parentRunId"]
    'a1b2'
    """
    given = {key: tags[key] if key == FOLDER_TAG else redact(tags[key]) for key in tags}
    above = {} if parent is None else {"mlflow.parentRunId": parent}
    return _fitting(given | own_tags(), TAG_LENGTH) | above


def run_params(params: Mapping[str, str]) -> dict[str, str]:
    """Return parameters without passwords, as every store takes them.

    A name that is like another before it gets a number.

    >>> run_params({"a/b": "1", "a?b": "2"})
    {'a_b': '1', 'a_b_2': '2'}
    """
    named: dict[str, str] = {}
    for key, value in params.items():
        plain = re.sub(r"[^\w\-. :]", "_", key)
        numbered = (f"{plain[:240]}_{number}" for number in count(2))
        name = next(one for one in chain([plain[:250]], numbered) if one not in named)
        named[name] = fitting(redact(value), PARAM_LENGTH)
    return named


def _fitting(texts: Mapping[str, str], length: int) -> dict[str, str]:
    return {key: fitting(text, length) for key, text in texts.items()}
