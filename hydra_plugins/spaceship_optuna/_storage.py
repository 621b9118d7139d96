"""Where a study is stored: journal file or database, opened in the words any process understands.

The password of a database URL does not travel with the study: it goes to workers through their
environment, so that neither their saved configs nor pickled jobs hold it.
"""

import os
import re
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.storages import BaseStorage, RDBStorage

from hydra_plugins.spaceship_optuna._journal import open_journal
from spaceship.config.build import redact
from spaceship.errors import ConfigError, MissingDependencyError

PASSWORD_VARIABLE = "SPACESHIP_STORAGE_PASSWORD"  # noqa: S105 - its name, not the password
CONNECT_SECONDS = 10
"""How long a database server may take to answer; without a limit, TCP waits for two minutes."""
_JOURNALS = (".journal", ".log")
_ATTEMPTS = 5
_CREDENTIALS = re.compile(r"(?<=://)(?P<user>[^:/?@]*):(?P<password>[^/?@\s]*)@")
_FORMS = (
    "leave it null for a file under paths.outputs, or give sqlite:///FILE, "
    "postgresql://USER@HOST/DATABASE or a path ending in .journal"
)


def locate_storage(storage: Any, folder: Path, study_name: str) -> str:
    """Return where a study is stored, in words any process understands, without a password.

    Args:
        storage: `hydra.sweeper.storage`; None for a journal file of the study's own.
        folder: Where journal files go.
        study_name: Names the journal file.

    Raises:
        ConfigError: The URL holds a password that could not be kept out of logs.

    """
    if storage is None:
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder.absolute() / f"{study_name}.journal")
    url = str(storage)
    _refuse_stray_password(url)
    if (found := _CREDENTIALS.search(url)) is None:
        os.environ.pop(PASSWORD_VARIABLE, None)
        return _from_any_folder(url)
    os.environ[PASSWORD_VARIABLE] = found["password"]
    return _CREDENTIALS.sub(r"\g<user>@", url)


def open_storage(url: str) -> BaseStorage:
    """Return the storage that `locate_storage` located.

    Args:
        url: A path to a journal file (`.journal`, `.log`) or a database URL.

    Raises:
        ConfigError: The storage cannot be opened.
        MissingDependencyError: The database's driver is not installed.

    """
    try:
        if url.endswith(_JOURNALS):
            return open_journal(url.removeprefix("journal://"))
        return _open_database(_with_driver(_with_password(url)))
    except ImportError as error:
        scheme = url.partition("://")[0]
        message = f"{scheme}:// in hydra.sweeper.storage needs a driver that is not installed"
        ours = scheme.startswith("postgres")
        install = 'pip install -e ".[postgres]"' if ours else "pip install with its package"
        raise MissingDependencyError(f"{message}; run: {install}") from error
    except Exception as error:
        found = redact(str(error).strip().splitlines()[0])
        message = f"expected a storage in hydra.sweeper.storage, found: {found}; {_FORMS}"
        raise ConfigError(message) from error


def hide_password(config: DictConfig) -> None:
    """Take the storage's password out of a multirun's config, which Hydra saves for each job."""
    with open_dict(config):
        overrides = config.hydra.overrides.hydra
        config.hydra.overrides.hydra = [redact(str(item)) for item in overrides]
        if not OmegaConf.is_interpolation(config.hydra.sweeper, "storage"):
            storage = config.hydra.sweeper.storage
            config.hydra.sweeper.storage = redact(storage) if isinstance(storage, str) else storage


def _open_database(url: str) -> RDBStorage:
    """Open a database; try again if another process is just creating the same tables."""
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    engine = _engine_kwargs(url)
    for attempt in range(1, _ATTEMPTS):
        try:
            return RDBStorage(url, engine_kwargs=engine)
        except (IntegrityError, ProgrammingError):
            time.sleep(0.2 * attempt)
        except OperationalError as error:
            if "already exists" not in str(error):  # SQLite's word for the same
                raise
            time.sleep(0.2 * attempt)
    return RDBStorage(url, engine_kwargs=engine)


def _engine_kwargs(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 60}}
    if url.startswith("postgresql"):  # a trial may take longer than an idle connection lives
        return {"connect_args": {"connect_timeout": CONNECT_SECONDS}, "pool_pre_ping": True}
    return {"pool_pre_ping": True}


def _with_driver(url: str) -> str:
    """Name the PostgreSQL driver that is installed: SQLAlchemy alone knows one default only."""
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres"}:
        return url
    old = find_spec("psycopg") is None and find_spec("psycopg2") is not None
    return f"postgresql+{'psycopg2' if old else 'psycopg'}://{rest}"


def _with_password(url: str) -> str:
    """Put the password back that `locate_storage` took out, in this process or its parent."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None or "@" not in url:
        return url
    return re.sub(r"(?<=://)([^:/?@]*)@", lambda user: f"{user[1]}:{password}@", url, count=1)


def _from_any_folder(url: str) -> str:
    """Return a storage's file in full: a job may change the folder (`hydra.job.chdir`)."""
    if "://" not in url and url.endswith(_JOURNALS):
        return str(Path(url).absolute())
    scheme, _, path = url.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith((":", "file:")):
        return f"{scheme}:///{Path(path).absolute()}"
    return url


def _refuse_stray_password(url: str) -> None:
    """Refuse a password that `redact` would not find, so that it is never logged.

    Raises:
        ConfigError: It stands in the URL's query, or with characters that have to be encoded.

    """
    _, separator, rest = url.partition("://")
    address, _, query = rest.partition("?")
    if separator and "password" in query.lower():
        message = "expected a password in hydra.sweeper.storage before the host, found it after ?"
        raise ConfigError(f"{message}; give SCHEME://USER:PASSWORD@HOST/DATABASE or set PGPASSWORD")
    credentials = address.rpartition("@")[0]
    if separator and (set(credentials) & set("@/#") or len(credentials.split()) > 1):
        message = "expected user and password in hydra.sweeper.storage with @, / and # encoded"
        raise ConfigError(f"{message} as %40, %2F and %23, found one as it is; encode it")
