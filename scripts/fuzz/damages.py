"""Damages of an outputs folder at random: rows and tables of MLflow's database, files, journals."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

GARBAGE = ("", "null", "{", "[]", '{"a": 1}', "0", "-1", "no such thing", "ü💥\n", "x" * 9000, None)
RECORDS = (
    *("tags", "params", "runs", "experiments", "logged_models", "model_versions"),
    *("model_version_tags", "registered_models", "registered_model_tags", "latest_metrics"),
    *("registered_model_aliases", "alembic_version", "logged_model_tags", "metrics"),
)
"""Tables that this project's records lie in."""
Damage = Callable[[random.Random, Path], str]


def change_value(chance: random.Random, outputs: Path) -> str:
    """Put garbage into one column of one row."""
    with _database(outputs) as connection:
        table = chance.choice(RECORDS)
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        column, value, row = chance.choice(columns), chance.choice(GARBAGE), _row(chance, table)
        query = f'UPDATE OR IGNORE "{table}" SET "{column}" = ? WHERE rowid = ({row})'  # noqa: S608
        connection.execute(query, (value,))
    return f"{table}.{column} = {str(value)[:20]!r}"


def change_tag(chance: random.Random, outputs: Path) -> str:
    """Put garbage into the value of a tag of a version, a registered model or a run."""
    with _database(outputs) as connection:
        tables = ("model_version_tags", "registered_model_tags", "tags")
        table, value = chance.choice(tables), chance.choice(GARBAGE)
        row = _row(chance, table)
        connection.execute(f"UPDATE {table} SET value = ? WHERE rowid = ({row})", (value,))  # noqa: S608
    return f"a tag in {table} = {str(value)[:20]!r}"


def lose_row(chance: random.Random, outputs: Path) -> str:
    """Delete one row, or all rows of a table."""
    with _database(outputs) as connection:
        table, every = chance.choice(RECORDS), chance.random() < 0.4  # noqa: PLR2004
        which = "" if every else f" WHERE rowid = ({_row(chance, table)})"
        connection.execute(f"DELETE FROM {table}{which}")  # noqa: S608
    return f"{'all rows' if every else 'a row'} of {table} lost"


def lose_table(chance: random.Random, outputs: Path) -> str:
    """Drop or rename a table."""
    with _database(outputs) as connection:
        table = chance.choice(RECORDS)
        drop = chance.random() < 0.5  # noqa: PLR2004
        connection.execute(f"DROP TABLE {table}" if drop else f"ALTER TABLE {table} RENAME TO lost")
    return f"table {table} lost"


def damage_database(chance: random.Random, outputs: Path) -> str:
    """Damage the file of the database."""
    for beside in outputs.glob("mlflow.db-*"):
        beside.unlink()
    return _damage_file(chance, outputs / "mlflow.db")


def damage_artifact(chance: random.Random, outputs: Path) -> str:
    """Damage a file of a run or model, or remove a whole folder of them."""
    if chance.random() < 0.2:  # noqa: PLR2004
        folder = chance.choice([path for path in outputs.rglob("*") if path.is_dir()])
        shutil.rmtree(folder)
        return f"{folder.relative_to(outputs)} removed"
    return _damage_file(chance, _any_file(chance, outputs / "mlartifacts"))


def damage_study(chance: random.Random, outputs: Path) -> str:
    """Damage the journal of a study."""
    return _damage_file(chance, _any_file(chance, outputs / "studies"))


def damage_job(chance: random.Random, outputs: Path) -> str:
    """Damage a file of a job, of the prepared data or of the locks."""
    places = [outputs / name for name in ("multiruns", "locks", "data", "runs")]
    found = [place for place in places if place.is_dir()]
    return _damage_file(chance, _any_file(chance, chance.choice(found)))


DAMAGES: Mapping[str, Damage] = {
    "value": change_value,
    "tag": change_tag,
    "row": lose_row,
    "table": lose_table,
    "database": damage_database,
    "artifact": damage_artifact,
    "study": damage_study,
    "job": damage_job,
}


def _damage_file(chance: random.Random, path: Path) -> str:
    """Damage one file; it is made anew, as it may have another name elsewhere."""
    content, ways = (
        path.read_bytes(),
        ("cut", "emptied", "garbled", "text", "folder", "gone", "link"),
    )
    way, at = chance.choice(ways), chance.randrange(1, len(content) + 2)
    path.unlink()
    if way == "folder":
        path.mkdir()
    elif way == "link":
        path.symlink_to(path.with_name("nowhere"))
    elif way != "gone":
        noise = chance.randbytes(chance.choice((1, 16, 4096)))
        changed = {"cut": content[:at], "emptied": b"", "text": b"no such content\n" * 9}
        garbled = content[:at] + noise + content[at + len(noise) :]
        path.write_bytes(changed.get(way, garbled))
    return f"{path.name} {way}"


def _any_file(chance: random.Random, folder: Path) -> Path:
    files: Sequence[Path] = sorted(path for path in folder.rglob("*") if path.is_file())
    return chance.choice(files)


def _row(chance: random.Random, table: str) -> str:
    """Return a query of one row; the same row for the same seed."""
    return f"SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {chance.randrange(12)}"  # noqa: S608


class _database(closing[sqlite3.Connection]):  # noqa: N801 - a function that is used by `with`
    """A connection that is committed and closed at the end of the block."""

    def __init__(self, outputs: Path) -> None:
        super().__init__(sqlite3.connect(outputs / "mlflow.db", isolation_level=None))
