"""Code of a run made again: the present one if it is the same, else a copy made by git."""

import os
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from spaceship.config.installation import PACKAGE, file_digests, typed_again
from spaceship.errors import RegistryError, expected
from spaceship.files import remove
from spaceship.process.temporary import temporary_folder
from spaceship.record.code import Code
from spaceship.text import first_few

_KEY = "reproduce.code="


def changed_files(recorded: Code, present: Code) -> list[str]:
    """Return the Python files that are not the same; YAML files do not count: a record has them.

    >>> changed_files(Code.present(), Code.present())
    []
    """
    mine, theirs = ({*one.files.items()} for one in (recorded, present))
    return sorted({path for path, _ in mine ^ theirs if path.endswith(".py")})


@contextmanager
def code_of(code: Code, version: str, root: Path | None, folder: Path) -> Iterator[Path]:
    """Give the folder in which the recorded code lies, for the block.

    `version` is that of the package, `root` the repository, `folder` where a copy may be made.
    Raise RegistryError that says what is missing if the code cannot be had.

    >>> with code_of(Code.present(), "", None, tmp_path) as found:
    ...     found == PACKAGE.parent
    True
    """
    if not (changed := changed_files(code, Code.present())):
        yield PACKAGE.parent
        return
    if not code.commit or root is None:
        where = f"no commit on record, and version {version} of the package" if version else "none"
        missing = where if root is not None or not code.commit else "no git repository here"
        raise _not_had(changed, missing)
    if not code.diff_complete:
        raise _not_had(changed, f"only a part of its changes to commit {code.commit[:12]}")
    if fault := _git(root, "cat-file", "-e", f"{code.commit}^{{commit}}"):
        raise _not_had(changed, f"no commit {code.commit[:12]} of {root}, as {fault}")
    place = folder / "code"
    try:
        _make(root, place, code, changed)
        yield place
    finally:
        remove(place)


def _make(root: Path, place: Path, code: Code, changed: list[str]) -> None:
    """Copy the commit, which leaves nothing in the repository.

    Raise RegistryError if its Python files are not the recorded ones.
    """
    with temporary_folder() as temporary:
        archive, diff = temporary / "code.tar", temporary / "code.diff"
        fault = _git(root, "archive", "--format=tar", f"--output={archive}", code.commit)
        if not fault:
            with tarfile.open(archive) as files:
                files.extractall(place, filter="tar")
        if not fault and code.diff:
            diff.write_text(code.diff, encoding="utf-8")
            fault = _git(place, "apply", "--whitespace=nowarn", str(diff))
    if fault:
        raise _not_had(changed, f"a fault of its copy: {fault}")
    for name, digest in code.untracked.items():
        kept = root / name
        if kept.is_file() and digest in file_digests(kept).values():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(kept.read_bytes())
    if missing := sorted(set(_differing(code.files, place))):
        raise _not_had(missing, "other contents, of files that git did not keep")


def _differing(files: Mapping[str, str], place: Path) -> Iterator[str]:
    """Yield the Python files of a copy that are missing, or other ones than on record."""
    for name, digest in files.items():
        path = place / name
        if path.suffix == ".py" and (place / Path(name).parts[0]).is_dir():
            found = file_digests(path) if path.is_file() else {}
            if found.get(path) != digest:
                yield name


def _not_had(files: list[str], found: str) -> RegistryError:
    shown = f"{found} (files that differ: {first_few(files)})"
    do = "all stages can be compared on the present code: "
    command = typed_again((_KEY,), f"{_KEY}present")
    return RegistryError(expected("the code of the run", shown, f"{do}{command}"))


def _git(root: Path, *words: str) -> str:
    """Run git in a repository; return why it failed, empty if it did not."""
    command = ["git", "-C", str(root), *words]
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(root.parent)}  # no outer repository
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=120, text=True, env=environment
        )
    except FileNotFoundError:
        return "there is no git"
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
    return f"git says: {lines[-1].removeprefix('fatal: ')}" if done.returncode else ""
