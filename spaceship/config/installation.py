"""Installation: a checkout of the project or an installed wheel, and what differs between them."""

import shlex
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package's code."""


@cache
def checkout() -> Path | None:
    """Return the root folder of the checkout this code is part of; None for an installed wheel.

    >>> root = checkout()
    >>> root is None or (root / "scripts" / "run.py").is_file()
    True
    """
    root = PACKAGE.parent
    parts = (root / "scripts" / "run.py", root / "configs" / "config.yaml")
    return root if all(part.is_file() for part in parts) else None


def configs() -> Path:
    """Return the folder of the YAML files: `configs/` of the checkout, else of the wheel.

    >>> (configs() / "config.yaml").is_file()
    True
    """
    return (checkout() or PACKAGE) / "configs"


def repository() -> Path | None:
    """Return the checkout if it is a git repository itself, not a folder of a foreign one.

    >>> repository() in (None, checkout())
    True
    """
    root = checkout()
    return root if root is not None and (root / ".git").exists() else None


def program() -> str:
    """Return the first words of a command, for messages and tags.

    >>> program() in ("python scripts/run.py", "spaceship")
    True
    """
    return "spaceship" if checkout() is None else "python scripts/run.py"


def program_anywhere() -> str:
    """Return the first words of a command that works as typed, from any folder.

    >>> program_anywhere().startswith(shlex.quote(sys.executable)) or checkout() is None
    True
    """
    root, python = checkout(), Path(sys.executable)
    if root is None:
        return shlex.quote(str(python.with_name("spaceship")))
    return shlex.join([str(python), str(root / "scripts" / "run.py")])
