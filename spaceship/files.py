"""Files written whole or not at all, versioned JSON, digests of files and folders."""

import csv
import errno
import hashlib
import json
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hydra_plugins.spaceship_optuna.files import remove, unfinished, write_atomically
from spaceship._upstream import MLFLOW_DOWNLOAD_NOTE
from spaceship.errors import ConfigError, RegistryError, expected

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["remove", "unfinished", "write_atomically"]  # the sweeper's, beside those below

VERSION = 1
_UNFINISHED = (".tmp", ".unfinished")  # endings of hidden paths, renamed once complete
_DENIED = "permission denied"
_RERUN = "run the job again"
_FORMULA = "=+-@"  # a spreadsheet computes a cell that begins so


def why_unwritable(folder: Path) -> str | None:
    """Return why no file can be made in a folder, or in one that is still to be made.

    >>> why_unwritable(tmp_path / "new" / "folder")
    >>> _ = (tmp_path / "file").write_text("")
    >>> why_unwritable(tmp_path / "file" / "folder")
    'a file at ...file'
    """
    try:
        there = next(one for one in (folder, *folder.parents) if one.exists())
    except PermissionError:
        return _DENIED
    if not there.is_dir():
        return f"a file at {there}"
    return None if os.access(there, os.W_OK | os.X_OK) else _DENIED


def check_writable(folder: Path, do: str) -> None:
    """Raise ConfigError, with the advice, if no file can be made in a folder.

    >>> check_writable(tmp_path / "new" / "folder", "choose another folder")
    """
    if fault := why_unwritable(folder):
        raise ConfigError(expected(f"to write to {folder}", fault, do))


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a JSON object with its `version`, whole or not at all, floats with every digit.

    >>> write_json(tmp_path / "record.json", {"loss": 0.1})
    >>> read_json(tmp_path / "record.json")
    {'loss': 0.1}
    """
    write_atomically(path, json.dumps({"version": VERSION, **content}, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object that `write_json` wrote, without its `version`.

    Raise RegistryError if the file is missing, holds no JSON object, or has another version.

    >>> _ = (tmp_path / "record.json").write_text('{"version": 1, "loss": null}')
    >>> read_json(tmp_path / "record.json")
    {'loss': None}
    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        content = error
    if not isinstance(content, dict):
        raise RegistryError(expected(f"a JSON object in {path}", content, _RERUN))
    if (version := content.pop("version", None)) != VERSION:
        do = f"read it with the release of spaceship that wrote it, or {_RERUN}"
        raise RegistryError(expected(f"version {VERSION} in {path}", version, do))
    return content


def clear_unfinished(folder: Path, *, below: bool = False) -> None:
    """Remove the unfinished files and folders of a process that is gone from its folder.

    With `below` from all folders in it, too: nobody else may be at work in them.

    >>> (tmp_path / "era-1" / ".model.unfinished").mkdir(parents=True)
    >>> clear_unfinished(tmp_path, below=True)
    >>> list(tmp_path.rglob(".*"))
    []
    """
    for path in [*(folder.rglob if below else folder.glob)(".*")]:
        if path.name.endswith(_UNFINISHED):
            remove(path)


def read_text(path: Path) -> str:
    """Return a file's text; raise RegistryError if it is missing, unreadable or not UTF-8.

    >>> _ = (tmp_path / "a.txt").write_text("text")
    >>> read_text(tmp_path / "a.txt")
    'text'
    """
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(expected(f"a readable file {path}", error, _RERUN)) from error


def csv_text(
    table: "pd.DataFrame", *, index: bool = False, header: bool = True, na_rep: str = ""
) -> str:
    r"""Return a table as CSV that reads back the same; numbers have every digit.

    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"plan": ["a,b"], "fee": [0.1]}))
    'plan,fee\n"a,b",0.1\n'
    """

    def written(quoting: Literal[0, 2]) -> str:
        return table.to_csv(
            index=index, header=header, lineterminator="\n", na_rep=na_rep, quoting=quoting
        )

    text = written(csv.QUOTE_MINIMAL)
    # a carriage return, which the writer leaves unquoted, is the end of a line for a reader
    return written(csv.QUOTE_NONNUMERIC) if "\r" in text else text


def harmless(cell: object) -> object:
    """Return a cell of a CSV file, a text with an apostrophe before what would be a formula.

    >>> harmless("=1+1"), harmless("weight"), harmless(-1)
    ("'=1+1", 'weight', -1)
    """
    first = unicodedata.normalize("NFKC", str(cell).lstrip())[:1]
    return f"'{cell}" if isinstance(cell, str) and first and first in _FORMULA else cell


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of a folder's files.

    Raise FileNotFoundError if there is no file at all.

    >>> _ = (tmp_path / "a.txt").write_text("text")
    >>> digest(tmp_path / "a.txt")[:12], digest(tmp_path)[:12]
    ('982d9e3eb996', 'cc2ea6a84aa2')
    """
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = [one for one in path.rglob("*") if one.is_file() and one.name != MLFLOW_DOWNLOAD_NOTE]
    if not files:
        raise FileNotFoundError(errno.ENOENT, "No such file, nor a folder with files", str(path))
    lines = [f"{digest(one)}  {one.relative_to(path).as_posix()}\n" for one in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
