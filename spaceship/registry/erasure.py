"""Deletion of versions, logged models and runs with their artifacts, in an order that can resume.

1. A version goes first (else the registry names a model that is not there).
2. Artifacts go before the row that names them (else nothing finds them any more).
3. A run is read again first (else a sweep that was resumed meanwhile loses it).

A row of a database is erased; a server only takes a mark from its clients.
"""

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse
from urllib.request import url2pathname

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import uninterrupted
from spaceship._upstream import mlflow_erasers
from spaceship.errors import TrackingError, expected
from spaceship.registry.cleaning import is_running
from spaceship.registry.old_files import OldFiles, size_of
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion

log = logging.getLogger(__name__)

_SQLITE = "sqlite:///"
_BUSY_SECONDS = 20


@dataclass
class Erasure:
    """Deletions in one store; what cannot be deleted is listed, and the rest goes on.

    >>> erasure = Erasure(store)
    >>> erasure.run(store.client.get_run(store.start_run("old", {})))
    >>> erasure.failures  # it is still running
    []
    """

    store: Store
    failures: list[str] = field(default_factory=list)

    @property
    def erases(self) -> bool:
        """Whether rows are erased, not only marked as deleted."""
        return self._erasers is not None

    def version(self, version: "ModelVersion") -> None:
        """Delete a version unless an alias points to it by now; the caller holds the lock."""
        client = self.store.client
        with self._noted(f"version {version.version} of {version.name}"):
            number = str(version.version)
            now = client.get_model_version(version.name, number)
            if not now.aliases:
                for key in now.tags:  # MLflow keeps those of a deleted version for ever
                    client.delete_model_version_tag(version.name, number, key)
                client.delete_model_version(version.name, number)

    def model(self, model: "LoggedModel") -> None:
        """Delete a logged model and its artifacts."""
        with self._noted(f"model {model.model_id}"):
            self._delete_artifacts(str(model.artifact_location))
            self._erase(1, model.model_id, self.store.client.delete_logged_model)

    def run(self, run: "Run") -> None:
        """Delete a run and its artifacts, unless it is running by now."""
        run_id = run.info.run_id
        with self._noted(f"run {run_id}"):
            now = self.store.client.get_run(run_id)
            if not is_running(now) and now.info.end_time == run.info.end_time:
                self._delete_artifacts(str(run.info.artifact_uri))
                self._erase(0, run_id, self.store.client.delete_run)

    def files(self, path: Path, old: OldFiles) -> None:
        """Delete a file or folder, unless a job uses it by now."""
        with self._noted(str(path)):
            if path.exists() and old.is_old(path):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def shrink(self) -> None:
        """Give the space of erased rows back to the disk; the caller holds the lock."""
        if not self.store.uri.startswith(_SQLITE):
            return
        path = self.store.uri.removeprefix(_SQLITE)
        try:
            with closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            do = "run mode=clean again when no other job writes to it, with room on the disk"
            self.failures.append(expected(f"to shrink {path}", error, do))

    def size(self, uri: str) -> int | None:
        """Return the bytes of artifacts, None if they are on another machine."""
        try:
            path = self.path_of(uri)
        except TrackingError:  # they are not deleted
            return 0
        return None if path is None else size_of(path)

    def path_of(self, uri: str) -> Path | None:
        """Return the folder of artifacts on this machine, None if they are elsewhere.

        Raise TrackingError if they lie outside the store's own folder.
        """
        parts = urlparse(uri)
        if parts.scheme not in {"", "file"}:
            return None
        path = Path(url2pathname(parts.path))
        own = None if self.store.artifacts is None else Path(self.store.artifacts)
        if own is None or not path.is_relative_to(own) or ".." in path.parts:
            do = "delete it by hand, if nothing else needs it"
            raise TrackingError(expected(f"artifacts in {own}", path, do))
        return path

    @cached_property
    def _erasers(self) -> tuple[Callable[[str], None], Callable[[str], None]] | None:
        return mlflow_erasers(self.store.uri)

    def _erase(self, which: int, name: str, mark: Callable[[str], None]) -> None:
        with uninterrupted():
            (mark if self._erasers is None else self._erasers[which])(name)

    def _delete_artifacts(self, uri: str) -> None:
        path = self.path_of(uri)
        if path is not None:
            if path.is_dir():
                shutil.rmtree(path)
            if path.parent.is_dir() and not any(path.parent.iterdir()):
                path.parent.rmdir()
            return
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        repository = get_artifact_repository(uri)
        if repository.list_artifacts():
            repository.delete_artifacts()  # type: ignore[no-untyped-call]

    @contextmanager
    def _noted(self, what: str) -> Iterator[None]:
        """Note why something cannot be deleted; what another process deletes is done."""
        from mlflow import MlflowException

        try:
            yield
        except Exception as error:  # noqa: BLE001 - of whatever holds the artifacts
            code = error.error_code if isinstance(error, MlflowException) else None
            if code != "RESOURCE_DOES_NOT_EXIST":
                found = next(iter(str(error).splitlines()), type(error).__name__)
                self.failures.append(f"{what}: {redact(found)}")
