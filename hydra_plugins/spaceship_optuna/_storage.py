"""Storage of a study: a journal file or a database, opened alike by every worker.

The password of a database URL reaches workers through their environment only: neither their saved
configs nor pickled jobs hold it.
"""

import json
import os
import re
import time
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from hydra_plugins.spaceship_optuna._errors import MissingPackageError, mismatch
from hydra_plugins.spaceship_optuna.config_text import fault_of_password, redact, remember

PASSWORD_VARIABLE = "SPACESHIP_STORAGE_PASSWORD"  # noqa: S105 - its name, not the password
CONNECT_SECONDS = 10  # longest wait for a database server; TCP alone waits for two minutes
SILENT_SECONDS = 30  # longest wait for a server that has gone; TCP alone waits for a quarter hour
_JOURNALS = (".journal", ".log")
_ATTEMPTS = 5
_POLL_SECONDS = 0.005
_CREDENTIALS = re.compile(r"(?<=://)(?P<user>[^:/?@]*):(?P<password>[^/?@\s]*)@")
_FORMS = (
    "leave it null for a file in the folder of studies, or give sqlite:///FILE, "
    "postgresql://USER@HOST/DATABASE or a path ending in .journal"
)
_REACH = (
    "check that its server runs and that this machine reaches it, its host, port, database and "
    "user, and the password in PGPASSWORD, ~/.pgpass or the file that PGPASSFILE names"
)


class JournalFile(JournalFileBackend):
    """Optuna's file with another lock, and without a flush to the disk after each entry.

    Optuna's locks are files that a killed process leaves behind, which blocks every process for
    half a minute. A killed process loses nothing it has written; a power cut may cost the last
    seconds. A trial writes some 17 entries, and a flush may take milliseconds.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path
        self.lock = FileLock(f"{path}.flock")  # a tool that uses Optuna's lock renames `.lock`

    def append_logs(self, logs: list[dict[str, object]]) -> None:
        lines = [json.dumps(entry, separators=(",", ":")) + "\n" for entry in logs]
        with self.lock.acquire(poll_interval=_POLL_SECONDS):
            self._cut_unfinished_line()
            with self.path.open("ab") as file:
                file.write("".join(lines).encode())

    def _cut_unfinished_line(self) -> None:
        """Cut off a last line that a killed process did not finish: it would spoil the next one."""
        with self.path.open("r+b") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)


def locate_storage(storage: object, folder: Path, study_name: str) -> str:
    """Return the URL or absolute path of a study's storage, without a password.

    None stands for a journal file of the study's own in the folder.
    """
    if storage is None:
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder.absolute() / f"{study_name}.journal")
    url = str(storage)
    _check_credentials(url)
    if (found := _CREDENTIALS.search(url)) is None:
        os.environ.pop(PASSWORD_VARIABLE, None)
        return _from_any_folder(url)
    os.environ[PASSWORD_VARIABLE] = found["password"]
    remember(found["password"])
    return _CREDENTIALS.sub(r"\g<user>@", url)


def open_storage(url: str) -> BaseStorage:
    """Return the storage of a journal file (`.journal`, `.log`) or a database URL."""
    try:
        if url.endswith(_JOURNALS):
            return JournalStorage(JournalFile(Path(url.removeprefix("journal://"))))
        return _open_database(_with_driver(_with_password(url)))
    except ImportError:
        scheme = url.partition("://")[0]
        message = f"{scheme}:// in hydra.sweeper.storage needs a driver that is not installed"
        driver = '"psycopg[binary]"' if scheme.startswith("postgres") else "with its package"
        raise MissingPackageError(f"{message}; run: pip install {driver}") from None
    except Exception as error:  # noqa: BLE001 - whatever a library raises
        found = redact(str(error).strip().splitlines()[0])
        do = _REACH if url.startswith("postgres") and "connection" in found else _FORMS
        raise mismatch("a storage in hydra.sweeper.storage", found, do) from None


def hide_password(config: DictConfig) -> None:
    """Remove the storage's password from a multirun's config, which Hydra saves for each job."""
    with open_dict(config):
        overrides = config.hydra.overrides.hydra
        config.hydra.overrides.hydra = [redact(str(item)) for item in overrides]
        sweeper = config.hydra.sweeper
        if not OmegaConf.is_interpolation(sweeper, "storage") and isinstance(sweeper.storage, str):
            sweeper.storage = redact(sweeper.storage)


def _open_database(url: str) -> RDBStorage:
    """Open a database; try again while another process creates the same tables."""
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    options: dict[str, object] = {"pool_pre_ping": True}  # a trial may outlive an idle connection
    if url.startswith("sqlite"):
        options = {"connect_args": {"timeout": 60}}
    elif url.startswith("postgresql"):
        options["connect_args"] = {
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": 1000 * SILENT_SECONDS,  # of what is sent
            "keepalives_idle": SILENT_SECONDS // 2,  # of an answer that is waited for
            "keepalives_interval": SILENT_SECONDS // 6,
            "keepalives_count": 3,
        }
    for attempt in range(1, _ATTEMPTS):
        try:
            return RDBStorage(url, engine_kwargs=options)
        except (IntegrityError, ProgrammingError, OperationalError) as error:
            # SQLite raises an OperationalError for a table that exists
            if isinstance(error, OperationalError) and "already exists" not in str(error):
                raise
            time.sleep(0.2 * attempt)
    return RDBStorage(url, engine_kwargs=options)


def _with_driver(url: str) -> str:
    """Name the PostgreSQL driver that is installed; SQLAlchemy alone tries only one."""
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgresql", "postgres"}:
        return url
    old = find_spec("psycopg") is None and find_spec("psycopg2") is not None
    return f"postgresql+{'psycopg2' if old else 'psycopg'}://{rest}"


def _with_password(url: str) -> str:
    """Restore the password that `locate_storage` removed, in this process or its parent."""
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None or "@" not in url:
        return url
    return re.sub(r"(?<=://)([^:/?@]*)@", lambda user: f"{user[1]}:{password}@", url, count=1)


def _from_any_folder(url: str) -> str:
    """Return a storage's file as an absolute path: a job may change the working directory."""
    if "://" not in url and url.endswith(_JOURNALS):
        return str(Path(url).absolute())
    scheme, _, path = url.partition(":///")
    if scheme.startswith("sqlite") and path and not path.startswith((":", "file:")):
        return f"{scheme}:///{Path(path).absolute()}"
    return url


def _check_credentials(url: str) -> None:
    """Raise if a password stands where `redact` does not find it: it would be logged."""
    if fault := fault_of_password(url):
        wanted, found, action = fault
        raise mismatch(f"{wanted} in hydra.sweeper.storage", found, action)
