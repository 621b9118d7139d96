"""Environment of a run: packages, Python, machine, threads, locale and time zone."""

import locale
import os
import platform
import sys
import time
from dataclasses import dataclass, field
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


def _variables() -> dict[str, str]:
    found = os.environ.items()
    return dict(sorted((key, redact(one)) for key, one in found if key.startswith(_VARIABLES)))


def _libraries() -> list[dict[str, str]]:
    from threadpoolctl import threadpool_info

    keys = ("internal_api", "version", "num_threads", "architecture")
    found = [{key: str(one[key]) for key in keys if key in one} for one in threadpool_info()]
    return sorted(found, key=repr)


def _cpu() -> str:
    """Return the model of the CPU, as the kernel names it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.is_file() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


@dataclass(frozen=True)
class Environment:
    """Packages and machine of a process, this one's as they are now.

    >>> found = Environment()
    >>> "pandas" in found.packages, found.python == platform.python_version()
    (True, True)
    """

    python: str = field(default_factory=platform.python_version)
    implementation: str = field(default_factory=platform.python_implementation)
    system: str = field(default_factory=platform.platform)
    cpu: str = field(default_factory=_cpu)  # model
    cores: int = field(default_factory=usable_cores)  # that the process may use
    # version by normalized name
    packages: dict[str, str] = field(default_factory=installed_packages)
    # of linear algebra and threads, as they are loaded
    libraries: list[dict[str, str]] = field(default_factory=_libraries)
    # of the environment, those on which results may depend
    variables: dict[str, str] = field(default_factory=_variables)
    encoding: str = field(default_factory=locale.getencoding)  # of files
    hash_seed: str = field(default_factory=lambda: os.environ.get("PYTHONHASHSEED") or "random")
    locale: str = field(default_factory=lambda: locale.setlocale(locale.LC_ALL))
    time_zone: str = field(default_factory=lambda: " ".join([*time.tzname, time.strftime("%z")]))
    packages_digest: str = ""
    digest: str = ""  # of all of it

    def __post_init__(self) -> None:
        """Fill in the digests."""
        packages = short_digest(*(f"{name}=={one}" for name, one in self.packages.items()))
        object.__setattr__(self, "packages_digest", packages)
        facts = [repr(one) for name, one in vars(self).items() if name != "digest"]
        object.__setattr__(self, "digest", short_digest(*facts))


@cache
def note_environment(folder: Path) -> str:
    """Write the environment of this process beside the trials that it runs; return its digest.

    >>> digest = note_environment(tmp_path)
    >>> [path.name for path in tmp_path.glob(ENVIRONMENT_FILES)] == [f"environment-{digest}.json"]
    True
    """
    found = Environment()
    path = folder / ENVIRONMENT_FILES.replace("*", found.digest)
    if not path.is_file():
        write_json(path, to_plain(found))
    return found.digest
