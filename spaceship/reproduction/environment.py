"""Environment of a run made again: that of now, or one of the recorded versions, made by uv."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from spaceship.config.installation import typed_again
from spaceship.data.digest import short_digest
from spaceship.errors import MissingDependencyError, expected
from spaceship.files import remove, write_json
from spaceship.progress import phase
from spaceship.record.environment import Environment
from spaceship.record.run_record import Provenance

_KEY = "reproduce.environment="
_COMPLETE = "complete.json"
_SECONDS = 1800.0  # that an installation may take


def locked_python(record: Provenance, code: Path, place: Path, changes: Mapping[str, str]) -> str:
    """Return the interpreter of an environment of the recorded versions, kept in a folder.

    `changes` are versions of some packages in place of the recorded ones. Raise
    MissingDependencyError without uv, or if a version cannot be had.
    """
    from filelock import FileLock

    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        what = "uv, for reproduce.environment=locked"
        raise MissingDependencyError(expected(what, "none", f"pip install uv, {_or_present()}"))
    versions = {**record.environment.packages, **changes}
    wanted = sorted({*_requirements(code), *_of_targets(record.recipe, versions)})
    made = place / short_digest(record.environment.python, repr(versions), repr(wanted))
    python = made / "bin" / "python"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if (made / _COMPLETE).is_file():
            return str(python)
        remove(made)
        try:
            with phase(f"Installing {len(wanted)} packages and theirs, in the recorded versions"):
                _install(uv, made, record.environment, versions, wanted)
        except BaseException:
            remove(made)
            raise
        write_json(made / _COMPLETE, dict(versions))
    return str(python)


def _install(
    uv: str, made: Path, recorded: Environment, versions: Mapping[str, str], wanted: list[str]
) -> None:
    same = Environment().python == recorded.python
    _run(uv, "venv", "--quiet", "--python", sys.executable if same else recorded.python, str(made))
    files = {"wanted.txt": wanted, "versions.txt": [f"{k}=={v}" for k, v in versions.items() if v]}
    for name, lines in files.items():
        (made / name).write_text("\n".join(lines), encoding="utf-8")
    options = ("--override", str(made / "versions.txt"), "--requirement", str(made / "wanted.txt"))
    _run(uv, "pip", "install", "--quiet", "--python", str(made / "bin" / "python"), *options)


def _requirements(code: Path) -> Iterator[str]:
    """Yield what the package in a folder requires, of an installed one by its metadata."""
    if (path := code / "pyproject.toml").is_file():
        yield from tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
        return
    try:
        yield from (one for one in requires("spaceship") or () if "extra ==" not in one)
    except PackageNotFoundError:
        return


def _of_targets(node: object, versions: Mapping[str, str]) -> Iterator[str]:
    """Yield the packages on record whose classes a recipe names, such as an optional booster."""
    for name in re.findall(r"'_target_': '(\w+)\.", repr(node)):
        if name in versions and name != "spaceship":
            yield name


def _run(uv: str, *words: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            [uv, *words], check=False, capture_output=True, text=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependencyError(_fault(str(error))) from error
    if done.returncode:
        raise MissingDependencyError(_fault(" ".join(done.stderr.split())))


def _fault(found: str) -> str:
    do = f"see whether the registry can be reached, {_or_present()}"
    return expected("the recorded versions from a package registry", found[:400], do)


def _or_present() -> str:
    return f"or compare on the present packages: {typed_again((_KEY,), f'{_KEY}present')}"
