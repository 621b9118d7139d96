"""Installation: a checkout of the project or an installed wheel, and what differs between them."""

import hashlib
import shlex
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.verbatim import typed
from spaceship.text import shell_line

PACKAGE = Path(__file__).resolve().parents[1]
"""Folder of the package's code."""
_PROGRAMS = ("python scripts/run.py", "spaceship")
"""First words of commands in tags: of a checkout, and of an installed package."""


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


def yaml_text(path: Path) -> str:
    """Return the text of a YAML file of a choice that a command may make no use of.

    One that cannot be read, such as an editor's broken link, is empty; signs that are no UTF-8 are
    replaced.

    >>> yaml_text(configs() / "config.yaml")[:1], yaml_text(tmp_path / ".#lgbm.yaml")
    ('#', '')
    """
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def repository() -> Path | None:
    """Return the checkout if it is a git repository itself, not a folder of a foreign one.

    >>> repository() in (None, checkout())
    True
    """
    root = checkout()
    return root if root is not None and (root / ".git").exists() else None


def package_folder(name: str) -> Path | None:
    """Return the folder or the file of a package's code; None if it is not installed.

    >>> package_folder("spaceship") == PACKAGE
    True
    """
    try:
        found = find_spec(name)
    except (ImportError, ValueError):
        return None
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)


def code_digest(*places: Path | None) -> str:
    """Return a short digest of Python files, or of those in folders, names left out.

    >>> code_digest(PACKAGE / "features") == code_digest(PACKAGE / "model")
    False
    """
    texts = [bytes.fromhex(one) for one in file_digests(*places).values()]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def file_digests(*places: Path | None, kind: str = "*.py") -> dict[Path, str]:
    """Return the SHA-256 of each file, and of those of a kind in folders, sorted by path.

    >>> len(file_digests(PACKAGE / "features", PACKAGE / "__init__.py")) > 1
    True
    """
    found = [one for one in places if one is not None]
    paths = {path for one in found for path in (one.rglob(kind) if one.is_dir() else [one])}
    known = [path for path in sorted(paths) if path.is_file()]  # an editor's lock is a broken link
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in known}


def program() -> str:
    """Return the first words of a command, for messages and tags.

    >>> program() in ("python scripts/run.py", "spaceship")
    True
    """
    return _PROGRAMS[checkout() is None]


def program_typed() -> str:
    """Return the first words of this process's command, so that they work in the same folder.

    >>> program_typed() in (program(), program_anywhere())
    True
    """
    script = Path(sys.argv[0])
    if script.name not in ("run.py", "spaceship") or not script.is_file():
        return program_anywhere()
    python = which("python")
    words = ["python" if python and Path(python).samefile(sys.executable) else sys.executable]
    if script.name == "spaceship":
        found = which("spaceship")
        return "spaceship" if found and script.samefile(found) else shlex.quote(str(script))
    return shell_line([*words, str(script)])


def programs() -> list[str]:
    """Return all first words of a command of the project in messages, the longest first.

    >>> program() in programs()
    True
    """
    return sorted({program(), program_typed(), program_anywhere()}, key=len, reverse=True)


def typed_again(without: tuple[str, ...], *words: str) -> str:
    """Return this process's command without the words that begin so, and with others.

    >>> typed_again(("clean.dry_run=",), "clean.dry_run=false").endswith(" clean.dry_run=false")
    True
    """
    kept = [word for word in sys.argv[1:] if not word.lstrip("+").startswith(without)]
    return redact(f"{program_typed()} {shell_line(map(typed, [*kept, *words]))}".rstrip())


def program_anywhere() -> str:
    """Return the first words of a command that works as typed, in the folder it was printed in.

    They are short where the shell finds the same interpreter, and where the script lies below.

    >>> program_anywhere().endswith(("run.py", "spaceship"))
    True
    """
    root, own = checkout(), Path(sys.executable)
    installed = own.with_name("spaceship")
    if root is None or Path(sys.argv[0]).absolute() == installed:
        return "spaceship" if _finds("spaceship", installed) else shlex.quote(str(installed))
    script = root / "scripts" / "run.py"
    shown = script.relative_to(root) if Path.cwd() == root else script
    return shell_line(["python" if _finds("python", own) else str(own), str(shown)])


def from_anywhere(command: str) -> str:
    """Return the command in a run's tags with first words that work in the folder of this process.

    >>> from_anywhere("python scripts/run.py seed=1") == f"{program_anywhere()} seed=1"
    True
    """
    for first in _PROGRAMS:
        if command == first or command.startswith(f"{first} "):
            return f"{program_anywhere()}{command.removeprefix(first)}"
    return command


def _finds(name: str, program: Path) -> bool:
    """Return whether the shell finds a program, or another of its folder, under a name."""
    found = shutil.which(name)
    return found is not None and Path(found).absolute().parent == program.parent
