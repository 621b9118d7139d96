"""Rules of `mode=clean`: versions, logged models and runs of an experiment that may be deleted.

1. A version stays if an alias points to it, if it is among the latest `clean.keep_versions` of its
   model, in as many latest moves of the champion, or as many steps back of `mode=rollback`.
2. A run stays while it is running, until it is `clean.older_than` days old, and with a version that
   stays. A run and those below it go together.
3. A logged model goes with its version, or with its run if no version that stays holds it.
"""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra_plugins.spaceship_optuna.process import is_orphan
from spaceship.config.settings import Clean
from spaceship.registry.aliases import Aliases
from spaceship.registry.moves import Move, completed_moves
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.runs import pages
from spaceship.tracking.store import Store
from spaceship.tracking.tag_names import is_on, process_of
from spaceship.tracking.trial_runs import write_below

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion

_DAY_MS = 24 * 3600 * 1000
_PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class Plan:
    """Rows of a store that may be deleted, and those that stay."""

    versions: "Sequence[ModelVersion]"
    models: "Sequence[LoggedModel]"
    runs: "Sequence[Run]"
    kept_versions: "Sequence[ModelVersion]"
    kept_runs: "Sequence[Run]"


@dataclass(frozen=True)
class Rules:
    """The rules, applied to the experiment of a store.

    >>> settings = Clean(dry_run=True, keep_versions=10, older_than=30, close_host=None)
    >>> plan = Rules(store, tmp_path, settings).plan()
    >>> plan.versions, plan.runs
    ([], [])
    """

    store: Store
    lock_folder: Path
    settings: Clean

    def plan(self) -> Plan:
        """Return what may be deleted now."""
        runs = self._runs()
        ids = {run.info.run_id for run in runs}
        versions = list(pages(self.store.client.search_model_versions))
        names = {one.name for one in versions if one.run_id in ids}
        doomed, staying = [], [one for one in versions if one.name not in names]
        for name in sorted(names):
            mine = [one for one in versions if one.name == name]
            kept = self.kept(self.aliases(name), [str(one.version) for one in mine])
            staying += [one for one in mine if str(one.version) in kept]
            doomed += [one for one in mine if str(one.version) not in kept]
        old = self._old_runs(runs, {one.run_id for one in staying})
        models = self._free_models({*map(_model_id, staying)}, {*map(_model_id, doomed)}, old, ids)
        gone = [run for run in runs if run.info.run_id in old]
        rest = [run for run in runs if run.info.run_id not in old]
        return Plan(doomed, models, gone, staying, rest)

    def aliases(self, name: str) -> Aliases:
        """Return the aliases of a registered model."""
        return Aliases(self.store, name, self.lock_folder)

    def kept(self, aliases: Aliases, numbers: Sequence[str]) -> set[str]:
        """Return the versions of a model that stay, out of these."""
        moves, current = aliases.moves(), aliases.current()
        if not moves:  # registered by hand, so that nothing says what is promised
            return {*numbers}
        count = self.settings.keep_versions
        latest = sorted(numbers, key=int)[-count:]
        promised = promised_versions(moves, current.get(CHAMPION), numbers, count)
        return {*current.values(), *latest, *promised}

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the other processes of this machine from moving an alias during the block."""
        names = {one.name for one in pages(self.store.client.search_registered_models)}
        with ExitStack() as locks:
            for name in sorted(name for name in names if self.aliases(name).moves()):
                locks.enter_context(self.aliases(name).lock())
            yield

    def is_elsewhere(self, run_id: str) -> bool:
        """Return whether a run belongs to another experiment of the store."""
        from mlflow import MlflowException

        try:
            info = self.store.client.get_run(run_id).info
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return False
        return str(info.experiment_id) != self.store.experiment_id

    def on_host(self) -> "Sequence[Run]":
        """Return the running runs of the machine that `clean.close_host` names.

        Runs of a process that can be seen from here are left out: they are closed once it is dead.
        """
        host = self.settings.close_host
        if host is None:
            return []
        running = [run for run in self._runs() if is_running(run)]
        return [run for run in running if is_on(process_of(run.data.tags), host)]

    def write_pending(self) -> None:
        """Write the runs of trials that are pending below any run, those of `close_host` too."""
        for run in self._runs():
            if _PARENT not in run.data.tags and run.info.lifecycle_stage == "active":
                write_below(self.store, self.lock_folder.parent, run, self.settings.close_host)

    @property
    def before(self) -> float:
        """Time before which what has ended may be deleted, in milliseconds since 1970."""
        days = self.settings.older_than
        return 0 if days is None else time.time() * 1000 - days * _DAY_MS

    def _runs(self) -> "Sequence[Run]":
        """Return the runs of the experiment, those marked as deleted in a database too."""
        from mlflow.entities import ViewType

        served = self.store.uri.startswith("http")  # a server's rows are never erased from here
        view = ViewType.ACTIVE_ONLY if served else ViewType.ALL
        search = self.store.client.search_runs
        return list(pages(search, [self.store.experiment_id], run_view_type=view))

    def _old_runs(self, runs: "Sequence[Run]", needed: set[str | None]) -> set[str]:
        """Return the ids of runs that may go: every run of their sweep is old, and none needed."""
        families: dict[str, list[Run]] = defaultdict(list)
        parents = {run.info.run_id: run.data.tags.get(_PARENT) for run in runs}
        for run in runs:
            families[_root(run.info.run_id, parents)].append(run)
        old: set[str] = set()
        for family in families.values():
            ids = {run.info.run_id for run in family}
            if ids.isdisjoint(needed) and all(map(self._is_old, family)):
                old |= ids
        return old

    def _is_old(self, run: "Run") -> bool:
        ended = run.info.end_time or run.info.start_time or 0
        return not is_running(run) and ended <= self.before

    def _free_models(
        self, held: set[str | None], doomed: set[str | None], old: set[str], known: set[str]
    ) -> "Sequence[LoggedModel]":
        """Return the logged models whose version or run goes, or whose run has gone already."""
        found = pages(self.store.client.search_logged_models, [self.store.experiment_id])
        return [
            model
            for model in found
            if model.model_id not in held
            and (
                model.model_id in doomed
                or model.source_run_id in old
                or (model.source_run_id not in known and model.creation_timestamp <= self.before)
            )
        ]


def promised_versions(
    moves: Sequence[Move], champion: str | None, existing: Sequence[str], count: int
) -> set[str]:
    """Return the versions in the latest moves of the champion, and those that rollback leads to.

    >>> promised_versions([], "3", ["1", "2", "3"], count=1)
    {'3'}
    """
    champions = completed_moves(moves, CHAMPION)
    line: list[str] = []
    ends = [end for move in champions for end in (move.before, move.after)]
    for number in (one for one in (*ends, champion) if one is not None):
        if number in existing:  # a version that comes back ends the way back to those after it
            line = [*(line[: line.index(number)] if number in line else line), number]
    latest = {end for move in champions[-count:] for end in (move.before, move.after)}
    return {one for one in existing if one in {*line[-count - 1 :], *latest}}


def _model_id(version: "ModelVersion") -> str | None:
    """Return the id of the logged model that a version serves, None if it serves another one."""
    prefix, _, name = str(version.source).partition("models:/")
    return version.model_id or (name if not prefix and name else None)


def _root(run_id: str, parents: Mapping[str, str | None]) -> str:
    """Return the run above all others that a run belongs to; one whose parent is gone is alone."""
    seen = {run_id}
    while (parent := parents.get(run_id)) in parents and parent not in seen:
        run_id = str(parent)
        seen.add(run_id)
    return run_id


def is_running(run: "Run") -> bool:
    """Return whether a run is open, unless its process on this machine is known to be gone.

    >>> is_running(store.client.get_run(store.start_run("job", {})))
    True
    """
    is_open = run.info.status in {"RUNNING", "SCHEDULED"}
    return is_open and not is_orphan(process_of(run.data.tags))
