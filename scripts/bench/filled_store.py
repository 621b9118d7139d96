"""An outputs folder filled with copies of its first version: for `store_size` and the tests.

The rows are copied in the database itself, since a training of each version would take an hour.
"""

import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

RUN_TABLES = ("runs", "metrics", "latest_metrics", "params", "tags")
_DAY = 24 * 3600


@dataclass(frozen=True)
class Filler:
    """Copies of the only version of a model in an outputs folder."""

    outputs: Path
    model: str
    age: float = 0.0  # days for which the copies have been there

    def fill(self, versions: int, runs: int, looks: int) -> None:
        """Add versions, each once champion, runs without a version, and tags of looks."""
        with closing(sqlite3.connect(self.outputs / "mlflow.db")) as database, database:
            row = "SELECT run_id, source, version FROM model_versions WHERE name = ?"
            run, source, number = database.execute(row, [self.model]).fetchone()
            folder = self._folder(database, run)
            for _ in range(runs):
                self._copy_run(database, run, folder)
            last = number
            for last in range(number + 1, number + versions + 1):
                self._copy_version(database, (run, folder, source.rpartition("/")[2], number), last)
        self._move(range(number + 1, last + 1))
        with closing(sqlite3.connect(self.outputs / "mlflow.db")) as database, database:
            tag = "INSERT INTO registered_model_tags (name, key, value) VALUES (?, ?, ?)"
            database.executemany(tag, [(self.model, *look) for look in self._looks(looks)])

    def _copy_version(
        self, database: sqlite3.Connection, first: tuple[str, str, str, int], number: int
    ) -> None:
        run, folder, model, original = first
        new = f"m-{uuid.uuid4().hex}"
        names = self._copy_run(database, run, folder) | {model: new}
        _copy_rows(database, "logged_models", {"model_id": model}, names)
        for table in ("model_versions", "model_version_tags"):
            where = {"version": original, "name": self.model}
            _copy_rows(database, table, where, names, {"version": number})
        artifacts = self.outputs / "mlartifacts" / "models"
        self._copy_files(artifacts / model, artifacts / new)

    def _copy_run(self, database: sqlite3.Connection, run: str, folder: str) -> dict[str, str]:
        """Copy a run with its files; return the new name of each old one."""
        new = uuid.uuid4().hex
        names = {run: new, folder: f"{folder}-{new[:12]}"}
        for table in RUN_TABLES:
            _copy_rows(database, table, {"run_uuid": run}, names)
        times = "UPDATE runs SET start_time = ?, end_time = ? WHERE run_uuid = ?"
        then = int(1000 * (time.time() - self.age * _DAY))
        database.execute(times, [then - 1000, then, new])
        artifacts = self.outputs / "mlartifacts"
        self._copy_files(artifacts / run, artifacts / new)
        self._copy_files(self.outputs / folder, self.outputs / names[folder])
        noted = self.outputs / names[folder] / "mlflow.json"
        noted.write_text(noted.read_text().replace(run, new))
        self._set_times(self.outputs / names[folder])
        return names

    def _copy_files(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target)
            self._set_times(target)

    def _set_times(self, folder: Path) -> None:
        then = time.time() - self.age * _DAY
        for path in folder.rglob("*"):
            os.utime(path, (then, then))

    def _folder(self, database: sqlite3.Connection, run: str) -> str:
        """Return the folder of a run's job, within the outputs folder."""
        tag = "SELECT value FROM tags WHERE run_uuid = ? AND key = 'folder'"
        (value,) = database.execute(tag, [run]).fetchone()
        return "/".join(Path(value).parts[-3:])

    def _move(self, numbers: range) -> None:
        """Make each version champion, one after the other."""
        from spaceship.registry.aliases import Aliases
        from spaceship.tracking.store import Store

        database, artifacts = self.outputs / "mlflow.db", self.outputs / "mlartifacts"
        store = Store(f"sqlite:///{database}", str(artifacts), "spaceship")
        aliases = Aliases(store, self.model, self.outputs / "locks")
        with aliases.lock():
            for number in numbers:
                aliases.move("champion", str(number), "3.2 % better on the hold-out")

    def _looks(self, count: int) -> Iterator[tuple[str, str]]:
        """Yield the tags of looks at the hold-out."""
        from spaceship.records import to_plain
        from spaceship.registry.looks import Look

        at, split, holdout = "2026-11-30T12:00:00Z", "hash salt spaceship", "0" * 64
        for _ in range(count):
            run = uuid.uuid4().hex
            look = Look(run, at, "somebody", 0, split, holdout, 2000, 1, "refused")
            yield f"look-0123abcd-{run}", json.dumps(to_plain(look))


def _copy_rows(
    database: sqlite3.Connection,
    table: str,
    where: Mapping[str, object],
    names: Mapping[str, str],
    changes: Mapping[str, object] | None = None,
) -> None:
    """Copy rows of a table with other names in every text, and other values in some columns."""
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    condition = " AND ".join(f"{column} = ?" for column in where)
    query = f"SELECT * FROM {table} WHERE {condition}"  # noqa: S608 - names of this file
    for row in database.execute(query, [*where.values()]).fetchall():
        values = dict(zip(columns, row, strict=True))
        for column, value in values.items():
            for name, other in names.items() if isinstance(value, str) else ():
                values[column] = str(values[column]).replace(name, other)
        marks = ", ".join("?" * len(columns))
        copied = [*(values | dict(changes or {})).values()]
        database.execute(f"INSERT INTO {table} VALUES ({marks})", copied)  # noqa: S608
