"""Small files that outlive a job: versioned JSON objects, written whole or not at all."""

import hashlib
import json
import os
import shutil
import socket
import uuid
from glob import escape
from pathlib import Path
from typing import Any

from spaceship.errors import RegistryError

VERSION = 1
_UNFINISHED = (".tmp", ".unfinished")
"""How the names of files and folders end, after a dot in front, until they are put in place."""
_ADDED = {"registered_model_meta"}
"""Files that MLflow puts beside a model it has downloaded."""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object with its `version`, atomically, floats with every digit."""
    text = json.dumps({"version": VERSION, **content}, indent=2)
    write_atomically(path, text + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that `write_json` wrote, without its `version`.

    Raises:
        RegistryError: The file is missing, no JSON object, or of another version.

    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        content = error
    if not isinstance(content, dict):
        msg = f"Expected a JSON object in {path}, found {content}. Run the job again."
        raise RegistryError(msg)
    if (version := content.pop("version", None)) != VERSION:
        msg = (
            f"Expected version {VERSION} in {path}, found {version}. "
            "Read it with the release of spaceship that wrote it, or run the job again."
        )
        raise RegistryError(msg)
    return content


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that readers see the old content or the new, never a part of it."""
    temporary = unfinished(path)
    try:
        temporary.write_bytes(text.encode())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def unfinished(path: Path) -> Path:
    """Return a new name beside a path, for what is to be put there once it is finished.

    What processes of this machine that were killed had begun to put there goes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    host = socket.gethostname()
    for left in path.parent.glob(f".{escape(path.name)}.{escape(host)}.*.tmp"):
        if _is_gone(left.name.split(".")[-3]):
            remove(left)
    own = f"{host}.{os.getpid()}.{uuid.uuid4().hex}"
    return path.with_name(f".{path.name}.{own}.tmp")


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_gone(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return False


def clear_unfinished(folder: Path) -> None:
    """Remove what a process that is gone had not yet put in place in its folder."""
    for path in folder.glob(".*"):
        if path.name.endswith(_UNFINISHED):
            remove(path)


def read_text(path: Path) -> str:
    """Read a text file.

    Raises:
        RegistryError: The file is missing, unreadable or not UTF-8.

    """
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"Expected a readable file {path}, found {error}. Run the job again."
        raise RegistryError(msg) from error


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of a folder's files."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = sorted(one for one in path.rglob("*") if one.is_file() and one.name not in _ADDED)
    lines = [f"{digest(one)}  {one.relative_to(path).as_posix()}\n" for one in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
