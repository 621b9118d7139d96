"""Environment of a run made again: that of now, or one of the recorded versions, made by uv."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

from spaceship.config.installation import PACKAGE, typed_again
from spaceship.data.digest import short_digest
from spaceship.errors import MissingDependencyError, expected
from spaceship.files import remove, write_json
from spaceship.progress import phase
from spaceship.record.environment import Environment

_KEY = "reproduce.environment="
_COMPLETE = "complete.json"
_SECONDS = 1800.0  # that an installation may take


def locked_python(recorded: Environment, wanted: Collection[str], place: Path) -> str:
    """Return the interpreter of an environment of recorded versions, made once in a folder.

    `wanted` are the requirements that it meets. Raise MissingDependencyError without uv, or if a
    version cannot be had.

    >>> locked_python(Environment(python="1.2.3"), ["numpy"], tmp_path)
    Traceback (most recent call last):
    spaceship.errors.MissingDependencyError: expected ...
    """
    from filelock import FileLock

    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        what = "uv, for reproduce.environment=locked"
        raise MissingDependencyError(expected(what, "none", f"pip install uv, {_or_present()}"))
    key = (recorded.python, repr(recorded.packages), repr(sorted(wanted)))
    made = place / short_digest(*key)
    python = made / "bin" / "python"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if (made / _COMPLETE).is_file():
            return str(python)
        remove(made)
        try:
            with phase(f"Installing {len(wanted)} packages and theirs, in the recorded versions"):
                _install(uv, made, recorded, wanted)
        except BaseException:
            remove(made)
            raise
        write_json(made / _COMPLETE, dict(recorded.packages))
    return str(python)


def _install(uv: str, made: Path, recorded: Environment, wanted: Collection[str]) -> None:
    same = platform.python_version() == recorded.python
    _run(uv, "venv", "--quiet", "--python", sys.executable if same else recorded.python, str(made))
    versions = [f"{name}=={one}" for name, one in recorded.packages.items() if one]
    for name, lines in {"wanted.txt": sorted(wanted), "versions.txt": versions}.items():
        (made / name).write_text("\n".join(lines), encoding="utf-8")
    options = ("--override", str(made / "versions.txt"), "--requirement", str(made / "wanted.txt"))
    _run(uv, "pip", "install", "--quiet", "--python", str(made / "bin" / "python"), *options)
    own = distribution(PACKAGE.name)
    for place in made.glob("lib/*/site-packages"):
        known = place / f"{PACKAGE.name}-{own.version}.dist-info"
        known.mkdir()
        for name in ("METADATA", "entry_points.txt"):  # the code itself lies elsewhere
            (known / name).write_text(own.read_text(name) or "", encoding="utf-8")


def requirements(code: Path, recipe: object, packages: Collection[str]) -> set[str]:
    """Return what the package in a folder requires, and the packages whose classes a recipe names.

    >>> recipe = {"estimator": {"_target_": "xgboost.XGBClassifier"}}
    >>> "xgboost" in requirements(Path("no checkout"), recipe, ["xgboost"])
    True
    """
    named = set(re.findall(r"'_target_': '(\w+)\.", repr(recipe))) - {PACKAGE.name}
    found = named & {*packages}
    if (path := code / "pyproject.toml").is_file():
        own = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
        return found | set(own)
    with suppress(PackageNotFoundError):
        own = requires(PACKAGE.name) or []
        return found | {one for one in own if "extra ==" not in one}
    return found


def _run(uv: str, *words: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            [uv, *words], check=False, capture_output=True, text=True, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingDependencyError(_fault(str(error))) from error
    if done.returncode:
        raise MissingDependencyError(_fault(" ".join(done.stderr.split()).removeprefix("error: ")))


def _fault(found: str) -> str:
    do = f"see whether the registry can be reached, {_or_present()}"
    return expected("the recorded versions from a package registry", found[:400], do)


def _or_present() -> str:
    return f"or compare on the present packages: {typed_again((_KEY,), f'{_KEY}present')}"
