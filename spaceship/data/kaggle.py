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
COMPETITIONS = {BUILT_IN: "spaceship-titanic"}
"""Names of competitions by task, where data.competition is not set."""
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
    outside: ClassVar[bool] = True

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
        check_installed()

    def fingerprint(self, task: Task) -> dict[str, str]:
        """Return the fingerprint of the downloaded files, the same as theirs with `data=local`."""
        return self._local(task).fingerprint(task)

    def read(self, task: Task) -> Tables:
        """Return the raw tables of the downloaded files."""
        return self._local(task).read(task)

    def test_file(self, task: Task) -> Path | None:
        """Return the downloaded test file."""
        return self._local(task).test_file(task)

    def _local(self, task: Task) -> LocalData:
        files = LocalData(_download(self._name(task)))
        files.sample = self.sample
        return files

    def _name(self, task: Task) -> str:
        name = self.competition or COMPETITIONS.get(task.name)
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
    check_installed()
    import kagglehub
    from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError

    try:
        with phase(f"Downloading {competition} from Kaggle"):
            return Path(kagglehub.competition_download(competition))
    except UnauthenticatedError:
        raise no_credentials() from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, DataCorruptionError) as error:
        raise _explained(error, competition) from None


def check_installed(key: str = "data=kaggle") -> None:
    """Raise MissingDependencyError, under the key that asks for it, without Kaggle's packages.

    >>> check_installed()
    """
    for name in ("kagglehub", "kagglesdk"):
        if find_spec(name) is None:
            do = 'install it: pip install -e ".[kaggle]"'
            raise _error(
                MissingDependencyError, "the package kagglehub", f"no module {name}", do, key
            )


def no_credentials(key: str = "data=kaggle") -> SpaceshipError:
    """Return the error of a user without credentials.

    >>> str(no_credentials())[:47]
    'data=kaggle: expected Kaggle credentials, found'
    """
    return _error(CredentialsError, "Kaggle credentials", "none", _TOKEN, key)


def refusal(error: Exception, competition: str, key: str = "data=kaggle") -> SpaceshipError | None:
    """Return what a user can mend of an error: the credentials, the rules or the name; else None.

    >>> refusal(ValueError("of a header"), "titanic").args[0][:47]
    'data=kaggle: expected Kaggle credentials, found'
    """
    found = f"HTTP status {status_of(error)}"
    page = f"{_SITE}/competitions/{competition}"
    if status_of(error) == HTTPStatus.FORBIDDEN:
        wanted = "an account that has accepted the competition's rules"
        do = f"log in, accept the rules on {page}/rules"
        return _error(CredentialsError, wanted, found, do, key)
    if status_of(error) == HTTPStatus.NOT_FOUND:
        return _error(ConfigError, f"a competition at {page}", found, _OWN, key)
    if status_of(error) == HTTPStatus.UNAUTHORIZED:
        wanted = "valid Kaggle credentials"
        return _error(CredentialsError, wanted, f"{found} for yours", _TOKEN, key)
    if isinstance(error, ValueError) and "archive" not in str(error):  # of a header, or of a file
        found = "some that cannot be read"
        return _error(CredentialsError, "Kaggle credentials", found, _TOKEN, key)
    return None


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error, 0 if it has none.

    >>> status_of(ValueError())
    0
    """
    response = getattr(error, "response", None)
    return 0 if response is None else int(response.status_code)


def _explained(error: Exception, competition: str) -> SpaceshipError:
    """Return the error of a download as one that says what to do."""
    import requests

    if (refused := refusal(error, competition)) is not None:
        return refused
    status = status_of(error)
    found = f"HTTP status {status}" if status else getattr(error, "strerror", None)
    kind = CredentialsError if isinstance(error, requests.RequestException) else DataError
    kept = os.environ.get("KAGGLEHUB_CACHE", "~/.cache/kagglehub")
    do = f"check the network and the proxy (HTTPS_PROXY), make room in {kept}, remove what is in "
    do += f"{kept}/competitions, or try again later; or use files you have: data=local "
    do += "data.dir=FOLDER"
    return _error(kind, "Kaggle to send whole files", found or type(error).__name__, do)


def _error(
    kind: type[SpaceshipError], wanted: str, found: str, do: str, key: str = "data=kaggle"
) -> SpaceshipError:
    return kind(f"{key}: {expected(wanted, found, do)}")
