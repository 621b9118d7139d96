"""Small files that outlive a job: versioned JSON objects, written whole or not at all."""

import hashlib
import json
from pathlib import Path
from typing import Any

from hydra_plugins.spaceship_optuna.files import remove as remove  # noqa: PLC0414
from hydra_plugins.spaceship_optuna.files import unfinished as unfinished  # noqa: PLC0414
from hydra_plugins.spaceship_optuna.files import write_atomically as write_atomically  # noqa: PLC0414
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
