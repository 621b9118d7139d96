"""Environment of a run: packages, Python, machine, threads, locale and time zone."""

import locale
import os
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import usable_cores
from spaceship.data.digest import short_digest
from spaceship.files import write_json
from spaceship.records import to_plain
from spaceship.tracking.tag_names import hidden

ENVIRONMENT_FILES = "environment-*.json"  # of the processes that run trials, by digest
ENVIRONMENT_TAG = hidden("environment")  # of a trial: the digest
_VARIABLES = (
    *("OMP_", "KMP_", "GOMP_", "OPENBLAS_", "GOTO_", "MKL_", "BLIS_", "VECLIB_", "NUMEXPR_"),
    *("LOKY_MAX_CPU_COUNT", "CUDA_VISIBLE_DEVICES", "LANG", "LC_"),
    *("PYTHONHASHSEED", "PYTHONOPTIMIZE", "PYTHONUTF8", "TZ"),
)
"""Starts of the names of environment variables on which results or their last bits may depend."""


@dataclass(frozen=True)
class Library:
    """A library of linear algebra or of threads that the process has loaded."""

    name: str  # such as openblas
    version: str | None
    threads: int
    architecture: str | None  # that its code was chosen for


@dataclass(frozen=True)
class Environment:
    """Packages and machine of a process.

    >>> found = Environment.present()
    >>> "pandas" in found.packages, found.python == platform.python_version()
    (True, True)
    """

    digest: str  # of all that follows
    python: str
    implementation: str  # such as CPython
    system: str
    cpu: str  # model
    cores: int  # that the process may use
    packages_digest: str
    packages: dict[str, str]  # installed ones: version by normalized name
    libraries: tuple[Library, ...]  # loaded at the start of the run
    variables: dict[str, str]  # of the environment, those on which results may depend
    hash_seed: str  # `random`, or PYTHONHASHSEED
    locale: str
    encoding: str  # of files
    time_zone: str

    @classmethod
    def present(cls) -> "Environment":
        """Return the environment of this process, read once; its variables as they are now."""
        variables = {k: redact(v) for k, v in os.environ.items() if k.startswith(_VARIABLES)}
        packages, libraries = installed_packages(), _libraries()
        named = [f"{name}=={version}" for name, version in packages.items()]
        facts: Mapping[str, object] = {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "system": platform.platform(),
            "cpu": _cpu(),
            "cores": usable_cores(),
            "packages_digest": short_digest(*named),
            "variables": dict(sorted(variables.items())),
            "hash_seed": os.environ.get("PYTHONHASHSEED") or "random",
            "locale": locale.setlocale(locale.LC_ALL),
            "encoding": locale.getencoding(),
            "time_zone": " ".join([*time.tzname, time.strftime("%z")]),
        }
        digest = short_digest(*map(repr, facts.values()), repr(libraries))
        return cls(digest, packages=packages, libraries=libraries, **facts)  # type: ignore[arg-type]


@cache
def note_environment(folder: Path) -> str:
    """Write the environment of this process beside the trials that it runs; return its digest.

    >>> digest = note_environment(tmp_path)
    >>> [path.name for path in tmp_path.glob(ENVIRONMENT_FILES)] == [f"environment-{digest}.json"]
    True
    """
    found = Environment.present()
    path = folder / ENVIRONMENT_FILES.replace("*", found.digest)
    if not path.is_file():
        write_json(path, to_plain(found))
    return found.digest


@cache
def installed_packages() -> dict[str, str]:
    """Return the version of each installed package by its normalized name.

    The names of folders are read: to open the metadata of 200 packages takes 0.1 s.

    >>> "scikit_learn" in installed_packages()
    True
    """
    found: dict[str, str] = {}
    for entry in sys.path:
        for ending in ("dist-info", "egg-info"):
            for path in sorted(Path(entry or ".").glob(f"*.{ending}")):
                name, _, version = path.stem.partition("-")
                found.setdefault(name.lower().replace("-", "_"), version.partition("-")[0])
    return dict(sorted(found.items()))


def _libraries() -> tuple[Library, ...]:
    import threadpoolctl

    found = [
        Library(
            one["internal_api"], one.get("version"), one["num_threads"], one.get("architecture")
        )
        for one in threadpoolctl.threadpool_info()
    ]
    return tuple(sorted(found, key=repr))


@cache
def _cpu() -> str:
    """Return the model of the CPU, as the kernel names it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.is_file() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())
