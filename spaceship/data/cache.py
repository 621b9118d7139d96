"""Cache of checked data as Parquet, keyed by the fingerprint of its source."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from spaceship.data._base import Dataset, DataSource, Key
from spaceship.data.checks import checked
from spaceship.data.digest import digest
from spaceship.errors import DataError, SpaceshipError, expected
from spaceship.files import remove, unfinished
from spaceship.progress import phase
from spaceship.task.task import Task

log = logging.getLogger(__name__)

_META = "meta.json"
_FRAMES = ("train", "test", "sample")


SCHEMA_VERSION = 3
"""Part of every folder's name: raise it when typed contents change."""


def load_dataset(
    source: DataSource, task: Task, outputs: Path, *, refuse_leaks: bool = False
) -> tuple[Dataset, Path]:
    """Return the data set of a source and its folder, from Parquet if it was loaded before.

    A stored copy, below `paths.outputs`, is used only if its contents still have the digest noted
    beside them. Its leaks, found when it was checked, are warned of, or refused with DataError.

    >>> from spaceship.data.synthetic import SyntheticData
    >>> source = SyntheticData(n_groups=30, seed=1, drift=0.0, test_fraction=0.3)
    >>> data, folder = load_dataset(source, task, tmp_path)
    >>> load_dataset(source, task, tmp_path)[0].digest == data.digest
    True
    """
    with phase("Reading the data"):
        raw = source.fingerprint(task)
        folder = data_folder(source, task, outputs, raw)
        stored = _read(folder, task)
        if stored is None:
            stored = _checked(source, task, folder)
        stored = replace(stored, raw=raw)
    if stored.leaks and refuse_leaks:
        found = "\n  ".join(["leaks:", *stored.leaks]) + "\n"
        do = "take them out of the files, or accept them with data.on_leak=warn"
        raise DataError(expected("data without copies and leaks (data.on_leak=fail)", found, do))
    for leak in stored.leaks:
        _warn_once(leak)
    return stored, folder


def stored_digest(source: DataSource, task: Task, outputs: Path) -> str:
    """Return the digest of a source's data, empty if they are not stored; no table is read.

    Of data from outside nothing is known without asking there.

    >>> from spaceship.data.synthetic import SyntheticData
    >>> stored_digest(SyntheticData(30, 1, 0.0, 0.3), task, tmp_path)
    ''
    """
    if source.outside:
        return ""
    try:
        folder = data_folder(source, task, outputs, source.fingerprint(task))
        return str(json.loads((folder / _META).read_text())["digest"])
    except (SpaceshipError, KeyError, OSError, ValueError):  # no such files, or a damaged copy
        return ""


def dataset_of(digest: str, folders: Iterable[Path], task: Task) -> Dataset | None:
    """Return the data set of a digest from the first of some folders that holds it, None if none.

    >>> write_dataset(people, tmp_path / "kept")
    >>> dataset_of(people.digest, [tmp_path / "kept"], task).train.equals(people.train)
    True
    """
    for folder in folders:
        with suppress(KeyError, OSError, ValueError):
            if json.loads((folder / _META).read_text())["digest"] == digest:
                return _read(folder, task)
    return None


def data_folder(source: DataSource, task: Task, outputs: Path, raw: Key) -> Path:
    """Return the folder of a source's data, named by a key of content (`raw`) and meaning.

    >>> from spaceship.data.synthetic import SyntheticData
    >>> data_folder(SyntheticData(30, 1, 0.0, 0.3), task, tmp_path, "0a1b").parent.name
    'synthetic'
    """
    parts: list[object] = [SCHEMA_VERSION, raw, task.to_plain()]
    parts += [] if source.sample is None else [source.sample.size]
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
    return outputs / "data" / task.name / source.name / key


def has_test_part(task: Task, source: DataSource, outputs: Path) -> bool:
    """Return whether the data that were stored last of a source have rows to predict.

    Nothing is read; a source of which nothing is stored is taken to have some.

    >>> from spaceship.data.synthetic import SyntheticData
    >>> has_test_part(task, SyntheticData(30, 1, 0.0, 0.3), tmp_path)
    True
    """
    stored = (outputs / "data" / task.name / source.name).glob(f"*/{_META}")
    last = max(stored, key=lambda path: path.stat().st_mtime, default=None)
    return last is None or last.with_name("test.parquet").is_file()


def _checked(source: DataSource, task: Task, folder: Path) -> Dataset:
    tables = source.drawn(task)
    with phase("Checking the data"):
        found = checked(tables, task)
        write_dataset(found, folder)
    log.debug("Checked data stored in %s", folder)
    return found


@cache
def _warn_once(leak: str) -> None:
    log.warning("Possible leak: %s", leak)


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Yield a folder to fill; it gets its name when the block ends, or is removed if it fails.

    Where another process was first, its copy stays.

    >>> with filling(tmp_path / "final") as temporary:
    ...     _ = (temporary / "a.txt").write_text("whole")
    >>> (tmp_path / "final" / "a.txt").read_text()
    'whole'
    """
    temporary = unfinished(folder)
    try:
        temporary.mkdir()
        yield temporary
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        remove(temporary)


def _read(folder: Path, task: Task) -> Dataset | None:
    """Return the stored data set, or None; a copy that is damaged is removed."""
    if not folder.is_dir():
        return None
    try:
        meta = json.loads((folder / _META).read_text())
        paths = {name: folder / f"{name}.parquet" for name in _FRAMES}
        frames = {name: pd.read_parquet(path) for name, path in paths.items() if path.is_file()}
        if digest(*frames.values()) != meta["frames_digest"]:
            raise ValueError("its contents have changed")  # noqa: TRY301 - one way out
        own = task.model_copy(update={"classes": tuple(meta["classes"])})
        parts = (frames["train"], frames.get("test"), frames.get("sample"))
        drawn_from = meta.get("drawn_from", 0)
        return Dataset(own, *parts, meta["digest"], tuple(meta["leaks"]), drawn_from=drawn_from)
    except (KeyError, OSError, ValueError) as fault:  # pyarrow's errors are among these
        log.warning("The data stored in %s is loaded afresh: %s", folder, fault)
        shutil.rmtree(folder, ignore_errors=True)
        return None


def write_dataset(data: Dataset, folder: Path) -> None:
    """Write checked tables as Parquet, and what is known of them, into a folder that is not there.

    >>> write_dataset(people, tmp_path / "data")
    >>> sorted(path.name for path in (tmp_path / "data").iterdir())
    ['meta.json', 'sample.parquet', 'test.parquet', 'train.parquet']
    """
    frames = {name: getattr(data, name) for name in _FRAMES}
    frames = {name: frame for name, frame in frames.items() if frame is not None}
    meta: dict[str, object] = {"digest": data.digest, "frames_digest": digest(*frames.values())}
    meta |= {"classes": data.task.classes, "leaks": data.leaks, "drawn_from": data.drawn_from}
    with filling(folder) as temporary:
        for name, frame in frames.items():
            frame.to_parquet(temporary / f"{name}.parquet")
        (temporary / _META).write_text(json.dumps(meta))
