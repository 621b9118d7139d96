"""Model registry: versions, artifacts compared with their SHA-256, champion and challenger."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from spaceship.config.installation import program
from spaceship.errors import NoChampionError, RegistryError, expected
from spaceship.files import digest
from spaceship.gate.award import Award
from spaceship.registry.aliases import Aliases
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.steps import earlier_versions
from spaceship.tracking.store import Store

CHAMPION: str = Award.CHAMPION
CHALLENGER: str = Award.CHALLENGER
OTHER_CHAMPION = (  # advice where a champion cannot be used
    "go back with mode=rollback, or take the alias champion away on MLflow's page (make ui) "
    f"and train another one: {program()} mode=train"
)
DIGESTS = "digests"  # tag of a version: the digest of each of its artifacts, as JSON
MODEL = "model"  # a version's serving model among its artifacts; the others are its run's


@dataclass(frozen=True)
class Version:
    """One registered model version.

    >>> Version("2", "a1b2", {"name": "lgbm"}, {}).recipe["name"]
    'lgbm'
    """

    number: str  # as MLflow writes it
    run_id: str  # of the run whose artifacts are its report, hold-out rows and twin
    recipe: dict[str, object]  # that it was fitted from
    digests: dict[str, str]  # of its artifacts when it was registered, by name


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model; the fields are those of its `Aliases`.

    >>> registry.model, registry.find(CHAMPION)
    ('spaceship_titanic-synthetic', None)
    """

    store: Store
    model: str
    lock_folder: Path

    @cached_property
    def aliases(self) -> Aliases:
        """The aliases of the registered model, and the record of their moves."""
        return Aliases(self.store, self.model, self.lock_folder)

    def find(self, alias: str) -> Version | None:
        """Return the version an alias points to, or None."""
        number = self.aliases.current().get(alias)
        return None if number is None else self.version(number)

    def champion(self) -> Version:
        """Return the champion; raise NoChampionError if there is none yet."""
        if (version := self.find(CHAMPION)) is not None:
            return version
        do = "a candidate that passes the gate becomes champion, with the same data.*: "
        what = f"a champion of {self.model}"
        raise NoChampionError(expected(what, "none", f"{do}{self.command('mode=train')}"))

    def command(self, *words: str) -> str:
        """Return a command on the task and data source of this model.

        >>> registry.command("mode=train").partition(" ")[2].removeprefix("scripts/run.py ")
        'task=spaceship_titanic data=synthetic mode=train'
        """
        task, _, source = self.model.rpartition("-")
        return " ".join((program(), f"task={task}", f"data={source}", *words))

    def previous_champion(self, load: Callable[[str], object] | None = None) -> str:
        """Return the number of the version that was champion before the present one.

        Versions that are deleted or damaged are skipped, and those that `load` refuses; raise
        RegistryError if none is left. Without a present champion there may be one to go back to.
        """
        steps, damaged = self.aliases.steps(CHAMPION), []
        for number in earlier_versions(steps):
            if (fault := self.damage(number, load)) is None:
                return number
            damaged.append(f"version {number} {fault}")
        current = steps[-1].version if steps else None
        only = "none" if current is None else f"version {current} only"
        what, found = f"an earlier champion of {self.model}", ", ".join(damaged) or only
        do = f"there is nothing to go back to: {self.command('mode=train')} makes another candidate"
        raise RegistryError(expected(what, found, do))

    def damage(self, number: str, load: Callable[[str], object] | None = None) -> str | None:
        """Return why a version cannot serve, None if it is there, whole and loads.

        Whole is a version whose artifacts have the digests of its registration; `load` takes the
        folder of its model and raises RegistryError if it cannot load it.
        """
        if number not in self._numbers():
            return "is deleted"
        version = self.version(number)
        if MODEL not in version.digests:
            return "has no digest"
        with tempfile.TemporaryDirectory() as temporary:
            for name in version.digests:
                try:
                    folder = self.fetch(version, name, Path(temporary))
                except RegistryError:
                    return f"has lost or changed its {name}"
                try:
                    _ = load is not None and name == MODEL and load(str(folder))
                except RegistryError:
                    return "does not load"
        return None

    def version(self, number: str) -> Version:
        """Return a version by its number."""
        entity = self.store.client.get_model_version(self.model, number)
        recipe, digests = (json.loads(entity.tags.get(key, "{}")) for key in ("recipe", DIGESTS))
        return Version(str(entity.version), str(entity.run_id), recipe, digests)

    def register(self, folder: Path, run_id: str, tags: Mapping[str, str]) -> str:
        """Register the model in a folder that `packaging.save` wrote, and return its number.

        The tags, among them `recipe`, are the version's; the run is the one that made the model.
        """
        from mlflow.entities import LoggedModelOutput

        self.aliases.create_model()
        client, experiment = self.store.client, self.store.experiment_id
        made = client.create_logged_model(experiment, "model", run_id, model_type="pipeline")
        model = made.model_id
        client.log_model_artifacts(model, str(folder))
        client.finalize_logged_model(model, "READY")
        client.log_outputs(run_id, [LoggedModelOutput(model, step=0)])
        version = client.create_model_version(
            self.model, f"models:/{model}", run_id, tags=dict(tags), model_id=model
        )
        return str(version.version)

    def move_of(self, run_id: str) -> Move | None:
        """Return the completed move of an alias to a run's model, or None."""
        numbers = self._numbers(f" and run_id = '{run_id}'")
        done = (move for move in self.aliases.moves() if move.state == MoveState.DONE)
        return next((move for move in done if move.after in numbers), None)

    def fetch(self, version: Version, name: str, folder: Path) -> Path:
        """Copy `MODEL`, or an artifact of a version's run, into an empty folder; return its path.

        Raise RegistryError if the artifact is missing, unreadable, or has changed since it was
        registered.
        """
        from mlflow import MlflowException
        from mlflow.artifacts import download_artifacts

        what = f"{name} of version {version.number} of {self.model}"
        mend = f"restore it, {OTHER_CHAMPION}"
        try:
            if name == MODEL:
                copied = download_artifacts(self.model_uri(version), dst_path=str(folder / name))
            else:
                copied = self.store.client.download_artifacts(version.run_id, name, str(folder))
            found = digest(Path(copied))
        except (MlflowException, OSError) as error:
            raise RegistryError(expected(what, error, mend)) from error
        if found != (registered := version.digests.get(name, found)):
            what += f" as it was registered (sha256 {registered[:12]}…)"
            raise RegistryError(expected(what, f"it changed ({found[:12]}…)", mend))
        return Path(copied)

    def models_with_champions(self) -> list[str]:
        """Return the names of all registered models of the store that have a champion."""
        found = self.store.client.search_registered_models(max_results=1000)
        return sorted(one.name for one in found if CHAMPION in one.aliases)

    def model_uri(self, version: Version) -> str:
        """Return the URI that loads a version."""
        return f"models:/{self.model}/{version.number}"

    def _numbers(self, condition: str = "") -> set[str]:
        query = f"name = '{self.model}'{condition}"
        found = self.store.client.search_model_versions(query, max_results=10_000)
        return {str(version.version) for version in found}
