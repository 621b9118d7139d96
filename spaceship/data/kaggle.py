"""Passengers downloaded from Kaggle with the user's own credentials, by kagglehub."""

import os
import re
import zipfile
from functools import cache, cached_property
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

from spaceship.data._base import DataSource, Passengers
from spaceship.data.local import LocalData
from spaceship.errors import (
    ConfigError,
    CredentialsError,
    DataError,
    MissingDependencyError,
    SpaceshipError,
)

_SITE = "https://www.kaggle.com"
_TOKEN = (
    f"Create an API token on {_SITE}/settings/api and set the environment variable "
    "KAGGLE_API_TOKEN to it, or save it as ~/.kaggle/access_token; then run again."
)
_LATER = "Try again later, or use files you have: data=local data.dir=FOLDER."


class KaggleData(DataSource):
    """Passengers of a Kaggle competition, kept in kagglehub's cache and reused when offline.

    Args:
        competition: The competition's name in its address.

    Raises:
        ConfigError: The name is none that a competition can have.

    """

    name: ClassVar[str] = "kaggle"

    def __init__(self, competition: str) -> None:
        """Remember the competition; nothing is downloaded yet."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", competition):
            msg = f"expected data.competition to be a name as in {_SITE}/competitions/NAME, found "
            msg += f"{competition!r}; the passengers are in data.competition=spaceship-titanic"
            raise ConfigError(msg)
        self.competition = competition

    def fingerprint(self) -> str:
        """Return the fingerprint of the downloaded files, the same as theirs with `data=local`.

        Raises:
            SpaceshipError: The files cannot be downloaded or read.

        """
        return self._local.fingerprint()

    def load(self) -> Passengers:
        """Return the passengers of the downloaded files, checked.

        Raises:
            SpaceshipError: The files cannot be downloaded or read, or break the schema.

        """
        return self._local.load()

    @cached_property
    def _local(self) -> LocalData:
        return LocalData(_download(self.competition))


@cache
def _download(competition: str) -> Path:
    """Return the folder of the competition's files; it asks nothing of the user.

    The texts of kagglehub's errors may hold a token or a signed address, so none of them is shown
    or chained.
    """
    try:
        import kagglehub
        import requests
        from kagglehub.exceptions import DataCorruptionError, UnauthenticatedError
    except ImportError as error:
        msg = f"expected the package kagglehub for data=kaggle; found no module {error.name}.\n"
        msg += 'Install it: pip install -e ".[kaggle]"'
        raise MissingDependencyError(msg) from None
    try:
        return Path(kagglehub.competition_download(competition))
    except UnauthenticatedError:
        raise _error(CredentialsError, "Kaggle credentials", "none", _TOKEN) from None
    except requests.HTTPError as error:
        status = 0 if error.response is None else error.response.status_code
        raise _refused(status, competition) from None
    except (requests.exceptions.InvalidHeader, UnicodeError):
        raise _malformed() from None
    except requests.RequestException as error:
        raise _unreachable(type(error).__name__) from None
    except (DataCorruptionError, zipfile.BadZipFile, EOFError):
        raise _damaged(competition) from None
    except ValueError as error:  # kagglehub and http.client have one class for both
        raise (_damaged(competition) if "archive" in str(error) else _malformed()) from None
    except OSError as error:
        raise _unstored(error.strerror or type(error).__name__) from None


def _refused(status: int, competition: str) -> SpaceshipError:
    """Explain an HTTP status Kaggle answered with instead of the files."""
    page = f"{_SITE}/competitions/{competition}"
    found = f"HTTP status {status}"
    if status == HTTPStatus.UNAUTHORIZED:
        return _error(CredentialsError, "valid Kaggle credentials", f"{found} for yours", _TOKEN)
    if status == HTTPStatus.FORBIDDEN:
        mend = f"Log in, accept the rules on {page}/rules, then run again."
        wanted = "an account that has accepted the competition's rules"
        return _error(CredentialsError, wanted, found, mend)
    if status == HTTPStatus.NOT_FOUND:
        mend = "The passengers are in data.competition=spaceship-titanic."
        return _error(ConfigError, f"a competition at {page}", found, mend)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        found += ", too many requests"
    return _error(CredentialsError, "Kaggle to send the files", found, _LATER)


def _unreachable(kind: str) -> SpaceshipError:
    mend = f"Check the network, the proxy (HTTPS_PROXY) and its certificates. {_LATER}"
    return _error(CredentialsError, "Kaggle to be reachable", f"no connection ({kind})", mend)


def _malformed() -> SpaceshipError:
    return _error(CredentialsError, "Kaggle credentials", "some that cannot be read", _TOKEN)


def _damaged(competition: str) -> SpaceshipError:
    mend = f"Remove {_cache()}/competitions/{competition}.archive, then run again."
    return _error(DataError, "a whole archive from Kaggle", "a damaged one", mend)


def _unstored(reason: str) -> SpaceshipError:
    mend = "Make room and check permissions, or set KAGGLEHUB_CACHE to another folder."
    return _error(DataError, f"to keep the files in {_cache()}", reason, mend)


def _cache() -> str:
    return os.environ.get("KAGGLEHUB_CACHE", "~/.cache/kagglehub")


def _error(kind: type[SpaceshipError], expected: str, found: str, mend: str) -> SpaceshipError:
    return kind(f"data=kaggle: expected {expected}; found {found}.\n{mend}")
