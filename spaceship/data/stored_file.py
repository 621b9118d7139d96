"""Content of a file on disk, unpacked from gzip or zip whatever the file's name."""

import bz2
import codecs
import gzip
import io
import lzma
import shlex
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NoReturn, TypeVar, cast

from spaceship.errors import DataError, expected
from spaceship.text import first_few

Made = TypeVar("Made")
_DEEPEST = 3  # packed files inside of each other
_NEAR = 0.75  # likeness of a file's name
_TABLES = (".csv", ".tsv", ".parquet")
_START = 64  # bytes that tell what a file is
_WORKBOOK = b"\xd0\xcf\x11\xe0"
_CONVERT = "export it as CSV, or run: libreoffice --headless --convert-to csv {file}"
_WEB = ("a web page, as of a sign-in", "download the file again, signed in")
_JSON = ("JSON", "export it as CSV or Parquet")
_OTHERS = {
    b"version https://git-lfs": ("a pointer of Git LFS", "run: git -C {folder} lfs pull"),
    b"/annex/objects/": ("a pointer of git-annex", "run: git -C {folder} annex get {file}"),
    b"<!doctype html": _WEB,
    b"<html": _WEB,
    b"{": _JSON,
    b"[{": _JSON,
    b"%pdf": ("a PDF document", "export the table as CSV"),
    b"<?xml": ("XML, as of a spreadsheet", _CONVERT),
    b"<table": ("a web page with a table", _CONVERT),
    _WORKBOOK: ("an Excel workbook", _CONVERT),
    b"\x28\xb5\x2f\xfd": ("data packed with zstd", "run: unzstd {file}"),
    b"7z\xbc\xaf": ("a 7z archive", "run: 7z x {file}"),
    b"rar!": ("a RAR archive", "run: unrar x {file}"),
    b"arrow1\0": ("a Feather file", "write it as CSV or Parquet"),
    b"sqlite format 3": ("an SQLite database", "use data=sql data.url=sqlite:///FILE"),
}
"""First bytes of files that are no tables: what they are, and what to do."""
_DAMAGED = (
    OSError,
    ValueError,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)


def stored_bytes(path: Path, most: int = -1, do: str = "check the path") -> bytes:
    """Return the bytes of a file as they are on disk; raise DataError if they cannot be read.

    The first ones, if `most` says how many. `do` is the advice where nothing there is like a file
    that is missing.

    >>> _ = (tmp_path / "a.csv").write_text("id")
    >>> stored_bytes(tmp_path / "a.csv")
    b'id'
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            fail(path, "a CSV file", "a device or a pipe", "save its content to a file, use that")
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        names = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
        held = first_few(filter(_is_table, names)) or "no CSV or Parquet file"
        found = f"no such file (the folder holds {held})"
        fail(path, "a CSV file", found, _way_to(path, names) or do)
    except IsADirectoryError:
        fail(path, "a CSV file", "a folder", "give the file, or data.dir=FOLDER for all of them")
    except OSError as error:
        found = error.strerror or type(error).__name__
        fail(path, "a file that can be read", found, f"check its permissions: ls -l {path}")


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Yield the content of a file as a stream; one packed with gzip, bzip2, xz or zip is unpacked.

    The first bytes tell. Of a zip archive it is the one member, the member that bears the name of
    the archive, or its one table. Raise DataError with the command that gets the table if the file
    is a pointer of Git LFS, a workbook, a web page or the like.

    >>> _ = (tmp_path / "a.csv").write_bytes(gzip.compress(b"id"))
    >>> with opened(tmp_path / "a.csv") as stream:
    ...     stream.read(1)
    b'i'
    """
    stored_bytes(path, 1)
    with ExitStack() as stack:
        stream: BinaryIO = stack.enter_context(path.open("rb"))
        start = stream.read(_START)
        for _ in range(_DEEPEST):
            stream.seek(0)
            found = [one for magic, one in _PACKED.items() if start.startswith(magic)]
            if not found:
                break
            name, unpack = found[0]
            packed = stack.enter_context(unpack(path, stream))
            stream = cast(BinaryIO, _Whole(packed, path, name))
            start = stream.read(_START)
        stream.seek(0)
        _check_no_other(path, start)
        yield stream


class _Whole(io.BufferedIOBase):
    """Content of packed data; damage is a DataError."""

    def __init__(self, packed: io.BufferedIOBase, path: Path, name: str) -> None:
        self.packed, self.path, self.name = packed, path, name

    def seekable(self) -> bool:
        return True

    def seek(self, position: int, whence: int = 0) -> int:
        return self.packed.seek(position, whence)

    def tell(self) -> int:
        return self.packed.tell()

    def read(self, size: int | None = -1) -> bytes:
        try:
            return self.packed.read(-1 if size is None else size)
        except _DAMAGED as error:
            do = "it is damaged: download it again"
            fail(self.path, f"whole {self.name} data", str(error), do)


def _check_no_other(path: Path, data: bytes) -> None:
    """Raise DataError if the content is known to be no table, with the command that gets one."""
    start = data[:_START].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for magic, (found, do) in _OTHERS.items():
        if data.startswith(magic) or start.startswith(magic):
            words = {"file": shlex.quote(str(path)), "folder": shlex.quote(str(path.parent))}
            fail(path, "a CSV or Parquet file", found, do.format(**words))


def all_made(makers: Mapping[str, Callable[[], Made]]) -> dict[str, Made]:
    """Return what each function makes; raise one DataError with the messages of all that fail.

    >>> all_made({"a": lambda: fail(Path("a"), "x", "y", "z"), "b": lambda: 1})
    Traceback (most recent call last):
    spaceship.errors.DataError: a: expected x, found y; z
    """
    made, faults = {}, []
    for name, make in makers.items():
        try:
            made[name] = make()
        except DataError as error:
            faults.append(str(error))
    if faults:
        raise DataError("\n".join(faults))
    return made


def fail(path: Path, wanted: str, found: str, do: str) -> NoReturn:
    """Raise DataError about a file.

    >>> fail(Path("a.csv"), "text", "a NUL byte", "export it again")
    Traceback (most recent call last):
    spaceship.errors.DataError: a.csv: expected text, found a NUL byte; export it again
    """
    raise DataError(f"{path}: {expected(wanted, found, do)}")


def _is_table(name: str) -> bool:
    """Return whether a file is named as a table, packed or not, and not hidden."""
    return not name.startswith(".") and not {*PurePosixPath(name.lower()).suffixes}.isdisjoint(
        _TABLES
    )


def _way_to(path: Path, names: list[str]) -> str:
    """Return what may make a file that is not there, from the names in its folder; else nothing."""
    folder, file = (shlex.quote(str(one)) for one in (path.parent, path))
    if f"{path.name}.dvc" in names:
        return f"run: dvc pull {shlex.quote(f'{path}.dvc')}"
    for archive in (one for one in names if one.lower().endswith(".zip")):
        with suppress(*_DAMAGED), zipfile.ZipFile(path.with_name(archive)) as opened:
            if path.name in opened.namelist():
                return f"run: unzip -d {folder} {shlex.quote(str(path.with_name(archive)))}"
    near = get_close_matches(path.name, names, n=1, cutoff=_NEAR)
    if near:
        return f"if it is meant, run: mv {shlex.quote(str(path.with_name(near[0])))} {file}"
    return ""


def _member(path: Path, stream: BinaryIO) -> io.BufferedIOBase:
    """Return the table in a zip archive."""
    do = f"unpack it: unzip -d {shlex.quote(str(path.parent))} {shlex.quote(str(path))}"
    try:
        archive = zipfile.ZipFile(stream)
        names = [one for one in archive.namelist() if not one.endswith("/")]
        names = [one for one in names if not one.startswith("__MACOSX/")]
        if "[Content_Types].xml" in names:
            _check_no_other(path, _WORKBOOK)
        named = [one for one in names if _is_named(one, path)]
        tables = [one for one in names if one.lower().endswith(_TABLES)]
        for own in (names, named, tables):
            if len(own) == 1:
                return cast(io.BufferedIOBase, archive.open(own[0]))
    except _DAMAGED as error:
        fail(path, "a whole ZIP archive without a password", str(error), do)
    wanted = f"a ZIP archive of one file, or one of its name ({path.stem})"
    fail(path, wanted, f"{len(names)} files: {first_few(names) or 'none'}", do)


def _is_named(member: str, path: Path) -> bool:
    """Return whether a member bears the archive's name, with any ending."""
    name = PurePosixPath(member).name
    return name in {path.name, path.stem} or PurePosixPath(name).stem == path.stem


_PACKED: Mapping[bytes, tuple[str, Callable[[Path, BinaryIO], io.BufferedIOBase]]] = {
    b"\x1f\x8b": ("gzip", lambda _, stream: gzip.GzipFile(fileobj=stream)),
    b"BZh": ("bzip2", lambda _, stream: bz2.BZ2File(stream)),
    b"\xfd7zXZ\0": ("xz", lambda _, stream: lzma.LZMAFile(stream)),  # noqa: SIM115
    b"PK\x03\x04": ("ZIP", _member),
    b"PK\x05\x06": ("ZIP", _member),
}
"""First bytes of packed files: a name for messages, and what unpacks them."""
