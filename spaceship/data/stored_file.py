"""Content of a file on disk, unpacked from gzip or zip whatever the file's name."""

import gzip
import io
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import NoReturn

from spaceship.errors import DataError, expected
from spaceship.text import first_few

_DAMAGED = (
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def stored_bytes(path: Path) -> bytes:
    """Return the bytes of a file as they are on disk; raise DataError if they cannot be read.

    >>> _ = (tmp_path / "a.csv").write_text("id")
    >>> stored_bytes(tmp_path / "a.csv")
    b'id'
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            fail(path, "a CSV file", "a device or a pipe", "save its content to a file, use that")
        return path.read_bytes()
    except FileNotFoundError:
        names = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
        found = f"no such file (the folder holds {first_few(names) or 'nothing'})"
        fail(path, "a CSV file", found, "check the path")
    except IsADirectoryError:
        fail(path, "a CSV file", "a folder", "give the file, or data.dir=FOLDER for all of them")
    except OSError as error:
        found = error.strerror or type(error).__name__
        fail(path, "a file that can be read", found, f"check its permissions: ls -l {path}")


def unpacked(path: Path) -> bytes:
    """Return the content of a file; a gzip or zip file, known by its first bytes, is unpacked.

    Of a zip archive it is the one member, or the member that bears the name of the archive.

    >>> _ = (tmp_path / "a.csv").write_bytes(gzip.compress(b"id"))
    >>> unpacked(tmp_path / "a.csv")
    b'id'
    """
    data = stored_bytes(path)
    if data.startswith(b"\x1f\x8b"):
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            fail(path, "whole gzip data", str(error), "it is damaged: download it again")
    return _member(path, data) if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) else data


def fail(path: Path, wanted: str, found: str, do: str) -> NoReturn:
    """Raise DataError about a file.

    >>> fail(Path("a.csv"), "text", "a NUL byte", "export it again")
    Traceback (most recent call last):
    spaceship.errors.DataError: a.csv: expected text, found a NUL byte; export it again
    """
    raise DataError(f"{path}: {expected(wanted, found, do)}")


def _member(path: Path, data: bytes) -> bytes:
    """Return the table in a zip archive."""
    do = f"export it as CSV, or run: unzip {path.name}"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [one for one in archive.namelist() if not one.endswith("/")]
            names = [one for one in names if not one.startswith("__MACOSX/")]
            if "[Content_Types].xml" in names:
                fail(path, "a CSV or Parquet file", "an Excel workbook", "export it as CSV")
            own = names if len(names) == 1 else [one for one in names if _is_named(one, path)]
            if len(own) == 1:
                return archive.read(own[0])
    except _DAMAGED as error:
        fail(path, "a whole ZIP archive without a password", str(error), do)
    wanted = f"a ZIP archive of one file, or one of its name ({path.stem})"
    fail(path, wanted, f"{len(names)} files: {first_few(names) or 'none'}", do)


def _is_named(member: str, path: Path) -> bool:
    """Return whether a member bears the archive's name, with any ending."""
    name = PurePosixPath(member).name
    return name in {path.name, path.stem} or PurePosixPath(name).stem == path.stem
