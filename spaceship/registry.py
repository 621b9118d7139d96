"""The model registry: versions, the aliases champion and challenger, and every move on record."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spaceship.errors import NoChampionError, RegistryError
from spaceship.ledger import CANCELLED, DONE, INTENT, Move, predecessor, read_moves
from spaceship.tracking import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

CHAMPION = "champion"
CHALLENGER = "challenger"
LOCK_SECONDS = 300
"""How long a process waits for another one that moves an alias."""


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
                f"expected a champion of {self.model}, found none; a candidate that passes the "
                "gate becomes champion: python scripts/run.py mode=train, with the same data"
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
            folder: What `packaging.save` wrote.
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
        intent = Move.intended(alias, before, after, reason)
        self._record(intent)
        if after is not None:
            self._client.set_registered_model_alias(self.model, alias, after)
        elif before is not None:
            self._client.delete_registered_model_alias(self.model, alias)
        self._record(done := intent.ended(DONE))
        return done

    def moves(self) -> Sequence[Move]:
        """Return every move on record, oldest first."""
        entity = self._entity()
        return [] if entity is None else read_moves(entity.tags)

    def previous_champion(self) -> str:
        """Return the number of the version that was champion before the present one.

        Raises:
            RegistryError: There was none.

        """
        current = self.champion().number
        before = predecessor(self.moves(), CHAMPION, current)
        if before is None:
            message = (
                f"expected an earlier champion of {self.model}, found version {current} only; "
                "there is nothing to go back to"
            )
            raise RegistryError(message)
        return before

    def download(self, run_id: str, path: str, folder: Path) -> Path:
        """Copy a run's artifact into a local folder and return where it is.

        Raises:
            RegistryError: The run has no such artifact, or it cannot be read.

        """
        from mlflow import MlflowException

        try:
            return Path(self._client.download_artifacts(run_id, path, str(folder)))
        except (MlflowException, OSError) as error:
            message = (
                f"expected the artifact {path} of run {run_id}, found: {error}; "
                "restore it, or take the alias champion away on MLflow's page (make ui), "
                "then train another champion"
            )
            raise RegistryError(message) from error

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

    def _record(self, move: Move) -> None:
        self._client.set_registered_model_tag(self.model, move.key, move.to_tag())

    def _reconcile(self) -> None:
        """Finish or cancel the moves a crash left as intents: the alias tells which it was."""
        aliases = self._aliases()
        for move in self.moves():
            if move.state == INTENT:
                outcome = DONE if aliases.get(move.alias) == move.after else CANCELLED
                log.info("A move of %s was interrupted; it is %s.", move.alias, outcome)
                self._record(move.ended(outcome))
