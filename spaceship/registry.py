"""The model registry: versions, the aliases champion and challenger, and every move on record."""

import getpass
import json
import logging
import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spaceship.errors import NoChampionError, RegistryError
from spaceship.tracking import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

CHAMPION = "champion"
CHALLENGER = "challenger"
LOCK_SECONDS = 300
"""How long a process waits for another one that moves an alias."""
_MOVE = "move-"
_REASON_LENGTH = 1000


@dataclass(frozen=True)
class Version:
    """One registered model version.

    Attributes:
        number: Its version number, as MLflow writes it.
        run_id: The run that made it: report, hold-out rows and twin are there.
        recipe: The recipe it was fitted from.

    """

    number: str
    run_id: str
    recipe: dict[str, Any]


@dataclass(frozen=True)
class Move:
    """One move of an alias.

    Attributes:
        at: When it was decided, ISO 8601, UTC.
        alias: Which alias moved.
        before: Version number it pointed to, or None.
        after: Version number it points to since, or None when it was taken away.
        reason: On what grounds.
        by: Who moved it, `user@host`.
        state: `intent` until the alias has moved, then `done`; `cancelled` if it never did.

    """

    at: str
    alias: str
    before: str | None
    after: str | None
    reason: str
    by: str
    state: str


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model in one MLflow store.

    Attributes:
        store: Where MLflow is.
        model: Registered name, such as `spaceship-local`.
        lock_folder: Folder of the lock that lets one process of this machine move aliases.

    """

    store: Store
    model: str
    lock_folder: Path

    @property
    def _client(self) -> "MlflowClient":
        return self.store.client

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the registry: nobody else on this machine moves an alias meanwhile.

        Moves that a crash left half-done are finished or cancelled first.

        Raises:
            RegistryError: Another process holds it for too long.

        """
        from filelock import FileLock, Timeout

        self.lock_folder.mkdir(parents=True, exist_ok=True)
        path = self.lock_folder / f"{self.model}.lock"
        try:
            with FileLock(path, timeout=LOCK_SECONDS, is_singleton=True):
                self._reconcile()
                yield
        except Timeout as error:
            message = f"another process has held the registry for {LOCK_SECONDS} s; try again later"
            raise RegistryError(message) from error

    def find(self, alias: str) -> Version | None:
        """Return the version an alias points to, or None."""
        number = self._aliases().get(alias)
        return None if number is None else self.version(number)

    def champion(self) -> Version:
        """Return the champion.

        Raises:
            NoChampionError: There is none yet.

        """
        version = self.find(CHAMPION)
        if version is None:
            message = (
                f"expected a champion of {self.model}, found none; make one with the same data: "
                "python scripts/run.py mode=train"
            )
            raise NoChampionError(message)
        return version

    def version(self, number: str) -> Version:
        """Return a version by its number."""
        entity = self._client.get_model_version(self.model, number)
        recipe = json.loads(entity.tags.get("recipe", "{}"))
        return Version(str(entity.version), str(entity.run_id), recipe)

    def register(self, folder: Path, run_id: str, tags: Mapping[str, str]) -> str:
        """Register the model that lies in a folder in MLflow's format.

        Args:
            folder: What `models.save` wrote.
            run_id: The run the model came from.
            tags: Tags of the version, among them `recipe`.

        Returns:
            The new version's number, once it is complete.

        """
        from mlflow.entities import LoggedModelOutput

        self._create_model()
        experiment = self.store.experiment_id
        model = self._client.create_logged_model(experiment, "model", run_id, model_type="pipeline")
        self._client.log_model_artifacts(model.model_id, str(folder))
        self._client.finalize_logged_model(model.model_id, "READY")
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        uri = f"models:/{model.model_id}"
        version = self._client.create_model_version(
            self.model, uri, run_id, tags=dict(tags), model_id=model.model_id
        )
        return str(version.version)

    def move(self, alias: str, after: str | None, reason: str) -> Move:
        """Point an alias to a version, or take it away; the caller holds the lock.

        The intent is on record before the alias moves and the outcome after, so a crash between
        leaves a registry that the next holder of the lock can finish.
        """
        before = self._aliases().get(alias)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        by = f"{_user()}@{socket.gethostname()}"
        intent = Move(now, alias, before, after, reason[:_REASON_LENGTH], by, "intent")
        key = f"{_MOVE}{now}-{uuid.uuid4().hex[:8]}"
        self._record(key, intent)
        if after is not None:
            self._client.set_registered_model_alias(self.model, alias, after)
        elif before is not None:
            self._client.delete_registered_model_alias(self.model, alias)
        self._record(key, done := replace(intent, state="done"))
        return done

    def moves(self) -> Sequence[Move]:
        """Return every move on record, oldest first."""
        return [move for _, move in self._moves()]

    def previous_champion(self) -> str:
        """Return the number of the version that was champion before the present one.

        Going back twice goes back two champions: moves that were undone do not count.

        Raises:
            RegistryError: There was none.

        """
        line: list[str] = []
        for move in self.moves():
            if move.alias != CHAMPION or move.state != "done" or move.after is None:
                continue
            if move.after in line:
                line = line[: line.index(move.after)]
            line.append(move.after)
        current = self.champion().number
        before = line[: line.index(current)] if current in line else line
        if not before:
            message = f"expected an earlier champion of {self.model}, found version {current} only"
            raise RegistryError(f"{message}; there is nothing to go back to")
        return before[-1]

    def download(self, run_id: str, path: str, folder: Path) -> Path:
        """Copy a run's artifact into a local folder and return where it is.

        Raises:
            RegistryError: The run has no such artifact, or it cannot be read.

        """
        from mlflow import MlflowException

        try:
            return Path(self._client.download_artifacts(run_id, path, str(folder)))
        except (MlflowException, OSError) as error:
            message = f"expected the artifact {path} of run {run_id}, found: {error}"
            raise RegistryError(f"{message}; restore it, or train another champion") from error

    def model_uri(self, version: Version) -> str:
        """Return the URI that loads a version."""
        return f"models:/{self.model}/{version.number}"

    def _create_model(self) -> None:
        from mlflow import MlflowException

        try:
            self._client.create_registered_model(self.model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _entity(self) -> Any | None:
        from mlflow import MlflowException

        try:
            return self._client.get_registered_model(self.model)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _aliases(self) -> dict[str, str]:
        entity = self._entity()
        return {} if entity is None else {k: str(v) for k, v in entity.aliases.items()}

    def _moves(self) -> list[tuple[str, Move]]:
        entity = self._entity()
        tags = {} if entity is None else entity.tags
        keys = sorted(key for key in tags if key.startswith(_MOVE))
        return [(key, Move(**json.loads(tags[key]))) for key in keys]

    def _record(self, key: str, move: Move) -> None:
        self._client.set_registered_model_tag(self.model, key, json.dumps(asdict(move)))

    def _reconcile(self) -> None:
        """Finish or cancel the moves a crash left as intents: the alias tells which it was."""
        aliases = self._aliases()
        for key, move in self._moves():
            if move.state == "intent":
                moved = aliases.get(move.alias) == move.after
                log.info("A move of %s was interrupted; it %s.", move.alias, _told(moved=moved))
                self._record(key, replace(move, state="done" if moved else "cancelled"))


def _told(*, moved: bool) -> str:
    return "had taken place" if moved else "never took place and is cancelled"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # containers run under numbers that have no name
        return str(os.getuid())
