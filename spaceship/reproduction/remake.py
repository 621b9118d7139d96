"""A run made again from its record: its code, data, threads and rival, apart from all stores."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hydra_plugins.spaceship_optuna.process import usable_cores
from spaceship.config.installation import PACKAGE, checkout, repository
from spaceship.config.settings import Reproduce
from spaceship.files import remove
from spaceship.progress import phase
from spaceship.record.changes import Changes
from spaceship.record.environment import Environment
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import DATA_FOLDER
from spaceship.registry.registry import Registry
from spaceship.reproduction.checkout import code_of
from spaceship.reproduction.environment import locked_python, requirements
from spaceship.reproduction.place import Place
from spaceship.reproduction.rival import Rival
from spaceship.reproduction.sources import find_data, kept_tables
from spaceship.reproduction.suspects import Change
from spaceship.tracking.store import Store

_THREADS = ("n_jobs", "thread_count", "num_threads", "nthread")
_VERDICT = "verdict"
_PLUGINS = "hydra_plugins"


@dataclass(frozen=True)
class Remake:
    """Makes one run again, as often as it is called, each time in a folder of its own.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run, rival = RecordedRun.read(tmp_path), Rival(None, None, None)
    >>> Remake(run, rival, Reproduce(), tmp_path / "again", [tmp_path]).notes
    {}
    """

    run: RecordedRun
    rival: Rival  # that its verdict was held against
    settings: Reproduce
    folder: Path  # for all that is made
    outputs: Sequence[Path]  # whose caches may hold the data; the last one keeps environments
    notes: dict[str, str] = field(default_factory=dict)  # of the first call: on data, verdict
    _made: list[RecordedRun] = field(default_factory=list)

    def __call__(self, change: Change | None = None) -> RecordedRun:
        """Return the run made again as the settings say, or all from the record but a change.

        Raise SpaceshipError that says what is missing if it cannot be made.
        """
        folder = self.folder / f"again-{len([*self.folder.iterdir()])}"
        folder.mkdir(parents=True)
        own, record, now = change or self._of_settings, self.run.provenance, Environment()
        data = find_data(self.run, self.outputs, present=own.data)
        self._link_tables()
        if own.threads:
            recipe = _with_threads(record.recipe, usable_cores())
            record = replace(record, recipe=recipe, environment=now)
        locked = self.settings.environment == "locked"
        if change is not None and self._made:
            made = self._made[0].provenance
            locked |= bool(Changes.between(record, made).packages)
        with self._code(folder, present=own.code) as code:
            python = self._python(code, own, now) if locked else sys.executable
            if locked and checkout() is None:  # apart from the packages installed beside it
                code = _copied(code, folder)  # noqa: PLW2901
            place = Place(folder, code, python)
            place.write(record, data.node, capped=self.rival.capped)
            data.store(place.outputs)
            missing = self._lend(place, f"{record.task['name']}-{data.name}")
            with phase("Making the run again"):
                place.run(record)
        self.notes.setdefault("data", data.place)
        self.notes.setdefault(_VERDICT, missing)
        self._made.append(again := self._read(place))
        return again

    @property
    def _of_settings(self) -> Change:
        given = self.settings
        return Change(code=given.code == "present", data=given.data == "present")

    @contextmanager
    def _code(self, folder: Path, *, present: bool) -> Iterator[Path]:
        if present:
            yield PACKAGE.parent
            return
        record = self.run.provenance
        version = record.environment.packages.get(PACKAGE.name, "")
        with code_of(record.code, version, repository(), folder) as code:
            yield code

    def _python(self, code: Path, change: Change, now: Environment) -> str:
        """Return an interpreter with the recorded packages but those of a change."""
        record = self.run.provenance
        changes = {name: now.packages[name] for name in change.packages if name in now.packages}
        versions = record.environment.packages | changes
        wanted = requirements(code, record.recipe, versions)
        place = self.outputs[-1] / "environments"
        return locked_python(replace(record.environment, packages=versions), wanted, place)

    def _lend(self, place: Place, model: str) -> str:
        """Give the place what the verdict was held against; return why it cannot be made."""
        if _VERDICT not in self.run.provenance.stages:
            return ""
        place.outputs.mkdir(exist_ok=True)
        store = Store(place.store, str(place.outputs / "mlartifacts"), "spaceship")
        return self.rival.lend(Registry(store, model, place.outputs / "locks"))

    def _link_tables(self) -> None:
        """Put the typed tables of then beside the record, whose values a difference shows."""
        if self.run.data is None and self.run.folder.is_relative_to(self.folder):
            for tables, _ in kept_tables(self.run, self.outputs):
                (self.run.folder / DATA_FOLDER).symlink_to(tables)
                return

    def _read(self, place: Place) -> RecordedRun:
        """Return the run of a place, whose config is the recorded one: the place has its own."""
        for tables in place.outputs.glob("data/*/*/*"):
            tables.rename(place.job / DATA_FOLDER)
        again = RecordedRun.read(place.job, "the run made again")
        made, own = again.provenance, self.run.provenance
        stages = dict(made.stages)
        if self.notes[_VERDICT]:
            stages.pop(_VERDICT, None)
        same = replace(made, config=own.config, data=own.data, task=own.task, stages=stages)
        return replace(again, provenance=same)

    def keep(self, again: RecordedRun, output: Path) -> None:
        """Move the folder of a run made again, its serving model included, to another place."""
        remove(output)
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(again.folder, output)


def _copied(code: Path, folder: Path) -> Path:
    for name in (PACKAGE.name, _PLUGINS):
        shutil.copytree(code / name, folder / "code" / name)
    return folder / "code"


def _with_threads(node: Any, threads: int) -> Any:
    """Return a recipe whose estimators have a number of threads, where one is set."""
    if isinstance(node, list):
        return [_with_threads(one, threads) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: threads if key in _THREADS and value is not None else _with_threads(value, threads)
        for key, value in node.items()
    }
