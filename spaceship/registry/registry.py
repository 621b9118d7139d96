"""Model registry: versions, artifacts compared with their SHA-256, champion and challenger."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from spaceship.errors import NoChampionError, RegistryError, expected
from spaceship.files import digest
from spaceship.gate.award import Award
from spaceship.process.temporary import temporary_folder
from spaceship.registry.aliases import Aliases
from spaceship.registry.command_lines import command_line
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.reproduced import NEEDS_PROOF, Reproduced
from spaceship.registry.steps import earlier_versions
from spaceship.registry.version_files import MODEL, download, log_files, readable
from spaceship.tracking.advice import client_call
from spaceship.tracking.connection import MISSING, code_of
from spaceship.tracking.store import Store
from spaceship.tracking.tag_names import hidden, plain, value

__all__ = ["MODEL"]  # a name of its files, beside those below

CHAMPION: str = Award.CHAMPION
CHALLENGER: str = Award.CHALLENGER
DIGESTS = hidden("digests")  # tag of a version: the digest of each of its artifacts, as JSON
RECIPE = hidden("recipe")  # tag of a version: the recipe that it was fitted from, as JSON
TWIN = "twin"  # its twin, likewise
CARD_FILE = "card.json"  # its model card, likewise
PROVENANCE_FILE = "provenance.json"
_NAME = hidden("registered_as")
"""Tag of a registered model: its name, so that another one is noticed."""


@dataclass(frozen=True)
class Version:
    """One registered model version.

    >>> Version("2", "a1b2", {"name": "lgbm"}, {}).recipe["name"]
    'lgbm'
    """

    number: str  # as MLflow writes it
    run_id: str  # of the run that made it, which may have been deleted since
    recipe: dict[str, object]  # that it was fitted from; empty if the tag is lost or garbled
    digests: dict[str, str]  # of its files when it was registered, by name
    data_digest: str = ""  # of the data it learnt from; empty if the tag is lost
    reproduced: Reproduced = field(default_factory=Reproduced)
    needs_proof: bool = False  # the gate that judged it wants its run made again first


@dataclass(frozen=True)
class Registry:
    """The versions of one registered model.

    The first fields are those of its `Aliases`; `words` are the overrides that a command on the
    same model needs beside task and data source, such as `data.dir=DIR`.

    >>> registry.model, registry.find(CHAMPION)
    ('spaceship_titanic-synthetic', None)
    """

    store: Store
    model: str
    lock_folder: Path
    words: tuple[str, ...] = ()
    promotes: bool = True  # False: `champion` is not moved

    @cached_property
    def aliases(self) -> Aliases:
        """The aliases of the registered model, and the record of their moves."""
        return Aliases(self.store, self.model, self.lock_folder, self.promotes)

    def find(self, alias: str) -> Version | None:
        """Return the version an alias points to, or None.

        Raise RegistryError if that version is lost, or if the model has another name now.
        """
        number = self.aliases.current().get(alias)
        if number is None:
            self._check_name()
            return None
        return self.version(number)

    def champion(self) -> Version:
        """Return the champion; raise NoChampionError if there is none yet."""
        if (version := self.find(CHAMPION)) is not None:
            return version
        waiting = self.aliases.current().get(CHALLENGER)
        found, do = "none", f"train one first: {self.command('mode=train')}"
        if waiting is not None:
            found = f"none, and version {waiting} as challenger"
            do = f"make it champion: {self.command('mode=promote')}"
            do = do if self.aliases.may_promote else "a person makes it champion with mode=promote"
        raise NoChampionError(expected(f"a champion of {self.model}", found, do))

    def command(self, *words: str) -> str:
        """Return a command on this model that works as typed, in the folder it was printed in.

        >>> registry.command("mode=train").partition(" task=")[2].partition(" paths")[0]
        'spaceship_titanic data=synthetic mode=train'
        """
        return command_line(self.model, self.lock_folder.parent, self.words, words)

    def other_champion(self) -> str:
        """Return the advice where a champion cannot be used."""
        train = self.command("mode=train", "model=lgbm", "gate.force=true", "reason=damaged")
        return f"train another one: {train}, or go back: {self.command('mode=rollback')}"

    def _check_name(self) -> None:
        """Raise if this model was registered here and is lost or bears another name now."""
        client, uri, what = self.store.client, self.store.uri, f"a registered model {self.model}"
        for key in (_NAME, plain(_NAME)):
            for found in client.search_registered_models(f"tags.`{key}` = '{self.model}'"):
                if found.name != self.model:
                    call = f"rename_registered_model({found.name!r}, {self.model!r})"
                    do = f"rename it back: {client_call(uri, call)}"
                    raise RegistryError(expected(what, f"it renamed to {found.name}", do))
        if self._numbers() and not client.search_registered_models(f"name = '{self.model}'"):
            do = f"make it anew: {client_call(uri, f'create_registered_model({self.model!r})')}"
            raise RegistryError(expected(what, "its versions without it", do))

    def previous_champion(self, load: Callable[[str], object] | None = None) -> str:
        """Return the number of the version that was champion before the present one.

        Versions that are deleted or damaged are skipped, and those that `load` refuses; raise
        RegistryError if none is left. Without a present champion there may be one to go back to.
        """
        steps, damaged = self.aliases.steps(CHAMPION), dict[str, str]()
        for number in earlier_versions(steps):
            if (fault := self.damage(number, load)) is None:
                return number
            damaged[number] = f"version {number} {fault}"
        current = steps[-1].version if steps else None
        only = "none" if current is None else f"version {current} only"
        what, found = f"an earlier champion of {self.model}", ", ".join(damaged.values()) or only
        do = f"train another candidate: {self.command('mode=train', 'model=NAME')}"
        for number in [*damaged][:1]:
            do = f"make it again: {self.command('mode=reproduce', f'run={number}')}, or {do}"
        do = f"there is nothing to go back to; {do}"
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
        with temporary_folder() as temporary:
            for name in version.digests:
                try:
                    folder = self.fetch(version, name, temporary)
                except RegistryError:
                    return f"has lost or changed its {name}"
                try:
                    _ = load is not None and name == MODEL and load(str(folder))
                except RegistryError:
                    return "does not load"
        return None

    def version(self, number: str) -> Version:
        """Return a version by its number; raise RegistryError if it has been deleted."""
        try:
            entity = self.store.client.get_model_version(self.model, number)
        except Exception as error:
            if code_of(error) != MISSING:
                raise
            what = f"version {number} of {self.model}"
            raise RegistryError(expected(what, "it deleted", self.other_champion())) from error
        recipe, digests = (_read(value(entity.tags, key)) for key in (RECIPE, DIGESTS))
        plain = {name: str(one) for name, one in digests.items()}
        data = value(entity.tags, "data_digest") or ""
        proofs, needed = Reproduced.of(entity.tags), NEEDS_PROOF in entity.tags
        ends = (str(entity.version), str(entity.run_id))
        return Version(*ends, recipe, plain, data, proofs, needed)

    def register(
        self, files: Mapping[str, Path], run_id: str, tags: Mapping[str, str], text: str = ""
    ) -> str:
        """Register a model with all that later comparisons need of it, and return its number.

        `files[MODEL]` is a folder that `packaging.save` wrote; the other files and folders lie
        beside the model from now on, under their names, so that they outlive the run that made
        them. Digests of all are noted in the version's tags, beside those given; `text` is its
        description in Markdown.
        """
        digests = {name: digest(path) for name, path in files.items()}
        self.aliases.create_model()
        model, client = log_files(self.store, files, run_id), self.store.client
        version = client.create_model_version(
            self.model,
            f"models:/{model}",
            run_id,
            tags={**tags, DIGESTS: json.dumps(digests)},
            model_id=model,
            description=text,
        )
        client.set_registered_model_tag(self.model, _NAME, self.model)
        return str(version.version)

    def versions_of(self, run_id: str) -> list[Version]:
        """Return the versions that a run made, the latest last."""
        numbers = sorted(self._numbers(f" and run_id = '{run_id}'"), key=int)
        return [self.version(number) for number in numbers]

    def move_of(self, run_id: str) -> Move | None:
        """Return the completed move of an alias to a run's model, or None."""
        numbers = self._numbers(f" and run_id = '{run_id}'")
        done = (move for move in self.aliases.moves() if move.state == MoveState.DONE)
        return next((move for move in done if move.after in numbers), None)

    def fetch(self, version: Version, name: str, folder: Path) -> Path:
        """Copy `MODEL`, or another file of a version, into an empty folder; return its path.

        Raise RegistryError if it is missing, unreadable, has changed since it was registered, or
        was registered without a digest; OSError if the folder's disk is full.
        """
        what = f"{name} of version {version.number} of {self.model}"
        mend = f"restore it, {self.other_champion()}"
        if (registered := version.digests.get(name)) is None:
            what = f"a digest of {what}"
            raise RegistryError(expected(what, "none: it cannot be trusted", self.other_champion()))
        at = self.model, version.number
        with readable(what, mend, folder):
            copied = download(self.store, at, version.run_id, name, folder)
            sha256 = digest(copied)
        if sha256 != registered:
            what += f" as it was registered (sha256 {registered[:12]}…)"
            raise RegistryError(expected(what, f"it changed ({sha256[:12]}…)", mend))
        return copied

    def models_with_champions(self) -> list[str]:
        """Return the names of all registered models of the store that have a champion."""
        found = self.store.client.search_registered_models(max_results=1000)
        return sorted(one.name for one in found if CHAMPION in one.aliases)

    def _numbers(self, condition: str = "") -> set[str]:
        query = f"name = '{self.model}'{condition}"
        found = self.store.client.search_model_versions(query, max_results=10_000)
        return {str(version.version) for version in found}


def _read(text: str | None) -> dict[str, object]:
    """Return the object in a tag's JSON; an empty one if the tag is lost or garbled."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
