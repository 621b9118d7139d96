"""Kaggle as a data source: files of a competition, downloaded with the user's own credentials."""

import os
import re
import zipfile
from functools import cache
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from spaceship.data._base import DataSource, Tables
from spaceship.data.local import LocalData
from spaceship.data.synthetic import BUILT_IN
from spaceship.errors import (
    ConfigError,
    CredentialsError,
    DataError,
    MissingDependencyError,
    SpaceshipError,
    expected,
)
from spaceship.progress import phase
from spaceship.task.task import Task

_SITE = "https://www.kaggle.com"
_COMPETITIONS = {BUILT_IN: "spaceship-titanic"}  # of tasks, where data.competition is not set
_OWN = "take the name from the competition's address: data.competition=NAME"
_TOKEN = (
    f"create an API token on {_SITE}/settings/api and set the environment variable "
    "KAGGLE_API_TOKEN to it, or save it as ~/.kaggle/access_token"
)


class KaggleData(DataSource):
    """Data set of a Kaggle competition, kept in kagglehub's cache and reused when offline.

    The competition's name is that in its address; without one it is the built-in task's. Raise
    ConfigError if no competition can have it.

    >>> KaggleData("playground-series-s5e1").name
    'kaggle'
    """

    name: ClassVar[str] = "kaggle"

    def __init__(self, competition: str | None = None) -> None:
        """Keep the name; nothing is downloaded yet."""
        name = None if competition is None else str(competition)
        if name is not None and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            wanted = f"data.competition to be a name as in {_SITE}/competitions/NAME"
            raise ConfigError(expected(wanted, repr(competition), _OWN))
        self.competition = name

    def check(self, task: Task | None) -> None:
        """Raise if kagglehub is not installed, or no competition is known; none is asked for."""
        if task is not None:
            self._name(task)
        if find_spec("kagglehub") is None:
            raise _not_installed("kagglehub")

    def fingerprint(self, task: Task) -> str:
        """Return the fingerprint of the downloaded files, the same as theirs with `data=local`."""
        return self._local(task).fingerprint(task)

    def read(self, task: Task) -> Tables:
        """Return the raw tables of the downloaded files."""
        return self._local(task).read(task)

    def _local(self, task: Task) -> LocalData:
        return LocalData(_download(self._name(task)))

    def _name(self, task: Task) -> str:
        name = self.competition or _COMPETITIONS.get(task.name)
        if name is None:
            wanted = f"the competition of task={task.name}"
            raise _error(ConfigError, wanted, "data.competition not set", _OWN)
        return name


@cache
def _download(competition: str) -> Path:
    """Return the folder of the competition's files; nothing is asked on the terminal.

    The texts of kagglehub's errors may hold a token or a signed address, so none of them is shown
    or chained.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")  # its bars: the phase below has one
    try:
        import kagglehub
        from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError
    except ImportError as error:
        raise _not_installed(error.name) from None
    try:
        with phase(f"Downloading {competition} from Kaggle"):
            return Path(kagglehub.competition_download(competition))
    except UnauthenticatedError:
        raise _error(CredentialsError, "Kaggle credentials", "none", _TOKEN) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, DataCorruptionError) as error:
        raise _explained(error, competition) from None


def _explained(error: Exception, competition: str) -> SpaceshipError:
    """Return what the user can mend: the credentials, the rules or the name, or all the rest."""
    import requests

    response: requests.Response | None = getattr(error, "response", None)
    status = 0 if response is None else response.status_code
    found = f"HTTP status {status}" if status else type(error).__name__
    page = f"{_SITE}/competitions/{competition}"
    if status == HTTPStatus.FORBIDDEN:
        wanted = "an account that has accepted the competition's rules"
        return _error(CredentialsError, wanted, found, f"log in, accept the rules on {page}/rules")
    if status == HTTPStatus.NOT_FOUND:
        return _error(ConfigError, f"a competition at {page}", found, _OWN)
    if status == HTTPStatus.UNAUTHORIZED:
        return _error(CredentialsError, "valid Kaggle credentials", f"{found} for yours", _TOKEN)
    if isinstance(error, ValueError) and "archive" not in str(error):  # of a header, or of a file
        return _error(CredentialsError, "Kaggle credentials", "some that cannot be read", _TOKEN)
    kind = CredentialsError if isinstance(error, requests.RequestException) else DataError
    found = found if status else getattr(error, "strerror", None) or found
    kept = os.environ.get("KAGGLEHUB_CACHE", "~/.cache/kagglehub")
    do = f"check the network and the proxy (HTTPS_PROXY), make room in {kept}, remove what is in "
    do += f"{kept}/competitions, or try again later; or use files you have: data=local "
    return _error(kind, "Kaggle to send whole files", found, f"{do}data.dir=FOLDER")


def _not_installed(module: str | None) -> SpaceshipError:
    do = 'install it: pip install -e ".[kaggle]"'
    return _error(MissingDependencyError, "the package kagglehub", f"no module {module}", do)


def _error(kind: type[SpaceshipError], wanted: str, found: str, do: str) -> SpaceshipError:
    return kind(f"data=kaggle: {expected(wanted, found, do)}")
