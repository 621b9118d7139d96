"""Checked data as Parquet, keyed by what it was made from, so that nothing is parsed twice."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from spaceship.data._base import DataSource, Passengers
from spaceship.data.checks import digest
from spaceship.files import remove, unfinished

log = logging.getLogger(__name__)

_META = "meta.json"


def load_passengers(source: DataSource, outputs: Path) -> tuple[Passengers, Path]:
    """Return the source's passengers, from Parquet if the same were loaded before.

    A stored copy is used only if its contents still have the digest noted beside them.

    Args:
        source: Where passengers come from.
        outputs: `paths.outputs`.

    Returns:
        The passengers and the folder that holds them.

    """
    folder = outputs / "data" / source.name / source.fingerprint()[:16]
    stored = _read(folder)
    if stored is None:
        stored = source.load()
        _write(stored, folder)
        log.info("Checked data stored in %s", folder)
    return stored, folder


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which is put in place when the block is done, or goes if it fails."""
    temporary = unfinished(folder)
    try:
        temporary.mkdir()
        yield temporary
        replace_folder(temporary, folder)
    finally:
        remove(temporary)


def replace_folder(temporary: Path, folder: Path) -> None:
    """Put a finished folder in place; where another process was first, its copy stays."""
    try:
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(temporary)


def _read(folder: Path) -> Passengers | None:
    """Return what is stored, None where nothing is; a copy that is not as written goes."""
    if not folder.is_dir():
        return None
    try:
        return _read_whole(folder)
    except (KeyError, OSError, ValueError) as fault:  # pyarrow's errors are among these
        log.warning("The data stored in %s is loaded afresh: %s", folder, fault)
        shutil.rmtree(folder, ignore_errors=True)
        return None


def _read_whole(folder: Path) -> Passengers:
    meta = json.loads((folder / _META).read_text())
    train, test = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "test"))
    path = folder / "sample.parquet"
    sample = pd.read_parquet(path) if path.is_file() else None
    if _digest(train, test, sample) != meta["frames_digest"]:
        message = "its contents have changed"
        raise ValueError(message)
    return Passengers(train, test, sample, meta["digest"])


def _write(passengers: Passengers, folder: Path) -> None:
    frames = {"train": passengers.train, "test": passengers.test, "sample": passengers.sample}
    meta = {"digest": passengers.digest, "frames_digest": _digest(*frames.values())}
    with filling(folder) as temporary:
        for name, frame in frames.items():
            if frame is not None:
                frame.to_parquet(temporary / f"{name}.parquet")
        (temporary / _META).write_text(json.dumps(meta))


def _digest(*frames: pd.DataFrame | None) -> str:
    return digest(*(frame for frame in frames if frame is not None))
