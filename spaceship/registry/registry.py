"""The model registry: versions, the aliases champion and challenger, and every move on record."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spaceship.config.installation import program
from spaceship.errors import NoChampionError, RegistryError
from spaceship.files import digest
from spaceship.registry.aliases import LOCK_SECONDS, Aliases
from spaceship.registry.moves import DONE, Move, predecessor

log = logging.getLogger(__name__)

_MEND = (
    "restore it, go back with mode=rollback, or take the alias champion away on MLflow's page "
    f"(make ui) and train another one: {program()} mode=train"
)

CHAMPION = "champion"
CHALLENGER = "challenger"
DIGESTS = "digests"
"""Tag of a version: the digest of each of its artifacts, as JSON."""
MODEL = "model"
"""Name of a version's serving model among its artifacts; the others are its run's."""


@dataclass(frozen=True)
class Version:
    """One registered model version.

    Attributes:
        number: Its version number, as MLflow writes it.
        run_id: The run that made it: report, hold-out rows and twin are there.
        recipe: The recipe it was fitted from.
        digests: By name of an artifact, its digest when it was registered.

    """

    number: str
    run_id: str
    recipe: dict[str, Any]
    digests: dict[str, str]


@dataclass(frozen=True)
class Registry(Aliases):
    """The versions of one registered model, the champion among them.

    Attributes:
        store: Where MLflow is.
        model: Registered name, such as `spaceship-local`.
        lock_folder: Folder of the lock that lets one process of this machine move aliases.

    """

    lock_folder: Path

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the registry: nobody else on this machine moves an alias meanwhile.

        Moves that a crash left half-done are finished or cancelled first; those that an error in
        the block leaves half-done, at once.

        Raises:
            RegistryError: Another process holds it for too long.

        """
        from filelock import FileLock, Timeout

        self.lock_folder.mkdir(parents=True, exist_ok=True)
        path = self.lock_folder / f"{self.model}.lock"
        try:
            with FileLock(path, timeout=LOCK_SECONDS, is_singleton=True):
                self.reconcile()
                try:
                    yield
                except BaseException:
                    with suppress(Exception):  # whoever holds the lock next tries again
                        self.reconcile()
                    raise
        except Timeout as error:
            message = f"another process has held the registry for {LOCK_SECONDS} s; try again later"
            raise RegistryError(message) from error

    def find(self, alias: str) -> Version | None:
        """Return the version an alias points to, or None."""
        number = self.aliases().get(alias)
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
                f"gate becomes champion: {program()} mode=train, with the same data"
            )
            raise NoChampionError(message)
        return version

    def version(self, number: str) -> Version:
        """Return a version by its number."""
        entity = self._client.get_model_version(self.model, number)
        recipe, digests = (json.loads(entity.tags.get(key, "{}")) for key in ("recipe", DIGESTS))
        return Version(str(entity.version), str(entity.run_id), recipe, digests)

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

    def move_of(self, run_id: str) -> Move | None:
        """Return the move that a run's model has made, None if it has made none."""
        query = f"name = '{self.model}' and run_id = '{run_id}'"
        numbers = {str(one.version) for one in self._client.search_model_versions(query)}
        made = (one for one in self.moves() if one.state == DONE and one.after in numbers)
        return next(made, None)

    def previous_champion(self) -> str:
        """Return the number of the version that was champion before the present one.

        Versions that have been deleted since are passed over.

        Raises:
            RegistryError: There was none.

        """
        current, moves = self.champion().number, self.moves()
        found = self._client.search_model_versions(f"name = '{self.model}'", max_results=10_000)
        there = {str(version.version) for version in found}
        before = predecessor(moves, CHAMPION, current)
        while before is not None and before not in there:
            before = predecessor(moves, CHAMPION, before)
        if before is None:
            message = (
                f"expected an earlier champion of {self.model}, found version {current} only; "
                "there is nothing to go back to"
            )
            raise RegistryError(message)
        return before

    def fetch(self, version: Version, name: str, folder: Path) -> Path:
        """Copy an artifact of a version into a local folder and return where it is.

        Args:
            version: The version.
            name: `MODEL`, or an artifact of its run.
            folder: Local and empty.

        Raises:
            RegistryError: It is not there, cannot be read, or is not what was registered.

        """
        from mlflow import MlflowException
        from mlflow.artifacts import download_artifacts

        try:
            if name == MODEL:
                path = Path(
                    download_artifacts(self.model_uri(version), dst_path=str(folder / name))
                )
            else:
                path = Path(self._client.download_artifacts(version.run_id, name, str(folder)))
            found = digest(path)
        except (MlflowException, OSError) as error:
            message = f"expected {name} of version {version.number} of {self.model}, found: {error}"
            raise RegistryError(f"{message}; {_MEND}") from error
        if found != version.digests.get(name, found):
            message = (
                f"expected {name} of version {version.number} of {self.model} as it was registered "
                f"(sha256 {version.digests[name][:12]}…), found it changed ({found[:12]}…)"
            )
            raise RegistryError(f"{message}; {_MEND}")
        return path

    def model_uri(self, version: Version) -> str:
        """Return the URI that loads a version."""
        return f"models:/{self.model}/{version.number}"
