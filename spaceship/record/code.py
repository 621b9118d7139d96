"""Code of a run: the commit and its difference, and a digest of each file that figures rest on."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.allow_list import PYPROJECT, own_prefixes
from spaceship.config.installation import (
    PACKAGE,
    configs,
    file_digests,
    package_folder,
    repository,
)
from spaceship.data.digest import short_digest

_MOST_DIFF = 400_000  # characters of a difference that are kept
_MOST_FILES = 500  # untracked files that are named
_LARGEST = 10_000_000  # bytes of an untracked file that is read
_DIFF = (
    *("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--no-renames"),
)


@dataclass(frozen=True)
class Code:
    """State of the code at the start of a process.

    >>> code = Code.present()
    >>> "spaceship/record/code.py" in code.files, code.diff_complete or len(code.diff) > 0
    (True, True)
    """

    digest: str  # of all files below
    commit: str = ""  # empty without a repository or without git
    dirty: bool = False
    diff: str = ""  # of tracked files from the commit, for `git apply`
    diff_sha256: str = ""  # of the whole difference; empty if there is none
    diff_complete: bool = True  # False: cut to 400,000 characters, or secrets are hidden in it
    untracked: dict[str, str] = field(default_factory=dict)  # SHA-256 by path; `size N` above 10 MB
    files: dict[str, str] = field(default_factory=dict)  # of Python and YAML: SHA-256 by path

    @staticmethod
    @cache
    def present() -> "Code":
        """Return the state of the code, read once a process."""
        return Code.of(repository())

    @staticmethod
    def of(root: Path | None) -> "Code":
        """Return the state of the code, given its repository."""
        files = dict(_files())
        digest = short_digest(*(f"{path} {one}" for path, one in files.items()))
        if root is None or (status := _status(root)) is None:
            return Code(digest, files=files)
        commit, dirty, untracked = status
        diff = _git(root, *_DIFF) or b"" if dirty else b""
        shown = redact(diff.decode("utf-8", "replace"))[:_MOST_DIFF]
        return Code(
            digest,
            commit,
            dirty,
            shown,
            sha256(diff).hexdigest() if diff else "",
            shown.encode() == diff,
            {redact(name): _digest(root / name) for name in untracked[:_MOST_FILES]},
            files,
        )


def code_tags() -> dict[str, str]:
    """Return commit and cleanness of the checkout at the start; nothing without a repository.

    >>> set(code_tags()) in ({"git_sha", "git_dirty"}, set())
    True
    """
    if (root := repository()) is None:
        return {}
    commit, dirty, _ = _status(root) or ("", False, ())
    return {"git_sha": commit or "unknown", "git_dirty": str(dirty).lower()}


@cache
def _status(root: Path) -> tuple[str, bool, tuple[str, ...]] | None:
    """Return commit, whether it is changed, and untracked files; None without git."""
    told = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=all", "-z")
    if told is None:
        return None
    lines = [line for line in told.decode("utf-8", "replace").split("\0") if line]
    heads = [line for line in lines if line.startswith("# ")]
    commit = next((line.split()[-1] for line in heads if line.startswith("# branch.oid")), "")
    own = tuple(line.removeprefix("? ") for line in lines if line.startswith("? "))
    return ("" if commit.startswith("(") else commit, len(lines) > len(heads), own)


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return the output of git on a repository, None where there is no git."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=10)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _files() -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of the package, the configs, and packages that a project allows."""
    own = (one.rstrip(".") for one in own_prefixes(PYPROJECT))
    names = [PACKAGE.name, "hydra_plugins.spaceship_optuna", *own]
    places = [(package_folder(name), name.replace(".", "/"), "*.py") for name in names]
    folders = [one for one in (configs(), Path.cwd() / "configs") if one.is_dir()]
    places += [(place, "configs", "*.yaml") for place in folders]
    for place, name, kind in places:
        for path, digest in file_digests(place, kind=kind).items():
            below = path.relative_to(place).as_posix() if place and place.is_dir() else path.name
            yield f"{name}/{below}", digest


def _digest(path: Path) -> str:
    try:
        size = path.stat().st_size
        return f"size {size}" if size > _LARGEST else sha256(path.read_bytes()).hexdigest()
    except OSError:  # a broken link, or removed meanwhile
        return "unreadable"
