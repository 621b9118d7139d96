"""Code of a run: the commit and its difference, and a digest of each file that figures rest on."""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
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
from spaceship.tracking.tag_names import hidden

_MOST_DIFF = 400_000  # characters of a difference that are kept
_MOST_FILES = 500  # untracked files that are named
_LARGEST = 10_000_000  # bytes of an untracked file that is read
MOST_BYTES = 100_000_000  # of all untracked files that are read
CODE_TAG = hidden("code")  # of a trial: the digest of its process's code
SECONDS = 5.0  # that git may take for one answer
_OF_HOOKS = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}  # set there, maybe of another repository
_STATUS = ("status", "--porcelain=v2", "--branch", "-z")
_DIFF = (  # the same whatever a person has set
    *("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--no-renames", "--submodule=short"),
    *("--diff-algorithm=myers", "--unified=3", "--inter-hunk-context=0"),
)
_SECRET = re.compile(
    r"(?i)((?:passw(?:or)?d|pwd|secret|token|credential|(?:api|access|private)[_-]?key)"
    r"\w{0,40}[\"']?[ \t]{0,4}[:=][ \t]{0,4})"
    r"(\"[^\"$\n]{4,999}\"|'[^'$\n]{4,999}'"
    r"|(?=\S{0,99}\d)(?=\S{0,99}[a-z])[\w/+.=~-]{6,999}(?=\s))"
)
"""A name of a secret before a text in quotes, or before a word with letters and digits."""


@dataclass(frozen=True)
class Code:
    """State of the code at the start of a process.

    >>> "spaceship/record/code.py" in Code.present().files
    True
    """

    digest: str  # of all files below
    commit: str = ""  # empty without a repository or without git
    dirty: bool = False
    diff: str = ""  # of tracked files from the commit, for `git apply`
    diff_sha256: str = ""  # of the whole difference; empty if there is none
    diff_complete: bool = True  # False: cut to 400,000 bytes, secrets are hidden in it, or none
    untracked: dict[str, str] = field(default_factory=dict)  # SHA-256 by path, or `size N`
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
        diff = _git(root, *_DIFF) if dirty else b""
        shown = _shown(diff or b"")
        return Code(
            digest,
            commit,
            dirty,
            shown,
            sha256(diff).hexdigest() if diff else "",
            shown.encode() == diff,
            dict(_digests(root, untracked[:_MOST_FILES])),
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
    """Return commit, whether it is changed, and untracked files; None without git.

    Where there are so many that git is slow to list them, their folders.
    """
    told = _git(root, *_STATUS, "--untracked-files=all") or _git(root, *_STATUS)
    if told is None:
        return None
    lines = [line for line in told.decode("utf-8", "replace").split("\0") if line]
    heads = [line for line in lines if line.startswith("# ")]
    commit = next((line.split()[-1] for line in heads if line.startswith("# branch.oid")), "")
    own = tuple(line.removeprefix("? ") for line in lines if line.startswith("? "))
    return ("" if commit.startswith("(") else commit, len(lines) > len(heads), own)


def _git(root: Path, *arguments: str) -> bytes | None:
    """Return the output of git on a repository, None where there is no git, or a slow one."""
    command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
    own = {key: one for key, one in os.environ.items() if key not in _OF_HOOKS}
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS, env=own)  # noqa: S603
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


def _shown(diff: bytes) -> str:
    """Return the whole lines of a difference that are kept, without secrets."""
    if len(diff) > _MOST_DIFF:
        diff = diff[: diff.rfind(b"\n", 0, _MOST_DIFF) + 1]
    return _SECRET.sub(r"\1***", redact(diff.decode("utf-8", "replace")))[:_MOST_DIFF]


def _digests(root: Path, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield path and SHA-256 of untracked files; the size of those that take long to read."""
    left = MOST_BYTES
    for name in names:
        path = root / name
        try:
            size = path.stat().st_size if path.is_file() else 0
            found = f"size {size}" if path.is_file() else "no file"
            if path.is_file() and size <= min(_LARGEST, left):
                left -= size
                found = sha256(path.read_bytes()).hexdigest()
        except OSError:  # removed meanwhile
            found = "unreadable"
        yield redact(name), found
