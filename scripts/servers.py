"""PostgreSQL on this machine: the cluster of `make stack`, and those that tests throw away."""

import errno
import gc
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

from spaceship.errors import expected

START_SECONDS = 120
MISSING = "expected PostgreSQL's initdb, found none; on Debian and Ubuntu: apt install postgresql"
LOOPBACK = "127.0.0.1"
PACKAGED = Path("/usr/lib/postgresql")
_ACCOUNT = "postgres"  # of PostgreSQL's server, where this process is root's
# A machine that is gone holds its locks for a minute; TCP alone would wait for hours.
_SETTINGS = (
    "-c unix_socket_directories= -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 "
    "-c tcp_keepalives_count=3 -c tcp_user_timeout=60s -c idle_in_transaction_session_timeout=60s"
)
_ROLE = "SELECT 1 FROM pg_roles WHERE rolname = %s"
_DATABASE = "SELECT 1 FROM pg_database WHERE datname = %s"


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return int(free.getsockname()[1])


def fault_of_port(host: str, port: int) -> int | None:
    """Return the number of the error that opening a port raises, None if it can be opened.

    All addresses at once are none that a client could use.
    """
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            return error.errno
        return None if int(ip_address(tried.getsockname()[0])) else errno.EADDRNOTAVAIL


@dataclass
class Postgres:
    """A cluster; root runs it under the account `postgres`, as PostgreSQL demands."""

    folder: Path
    port: int = field(default_factory=free_port)
    password: str = field(default_factory=lambda: secrets.token_hex(8))  # of its superuser
    addresses: tuple[str, ...] = (LOOPBACK,)
    durable: bool = False  # wait for the disk when the cluster is made

    @property
    def data(self) -> Path:
        """The folder that initdb makes."""
        return self.folder / "data"

    @property
    def version(self) -> str | None:
        """The major version of PostgreSQL that made the cluster, None if it is not made yet."""
        file = self.data / "PG_VERSION"
        return file.read_text().strip() if file.exists() else None

    def check(self) -> None:
        """Exit with a message if there is no PostgreSQL for the cluster, or no account for it."""
        newest = programs()
        if newest is None:
            sys.exit(MISSING)
        if programs(self.version) is None:
            what = f"PostgreSQL {self.version}, which made {self.data}"
            do = (
                f"install that version, on Debian and Ubuntu: apt install postgresql-{self.version}"
            )
            sys.exit(expected(what, f"{major(newest)} alone", do))
        if find_spec("psycopg") is None:
            do = "run: pip install -c constraints.txt -e '.[postgres]'"
            sys.exit(expected("a driver for PostgreSQL", "none", do))
        if not may_enter(Path("/")):
            do = "run the same command as another user"
            sys.exit(expected("an account postgres, as PostgreSQL refuses root", "none", do))

    def make(self) -> None:
        """Make the cluster, whole or not at all, unless there is one."""
        self._own(self.folder)
        if self.data.exists():
            return
        shutil.rmtree(self.folder / "new", ignore_errors=True)  # of a killed process
        secret = self.folder / "password"
        secret.unlink(missing_ok=True)
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        self._own(secret)
        access = ["--auth=scram-sha-256", f"--pwfile={secret}", f"--username={_ACCOUNT}"]
        access += [] if self.durable else ["--no-sync"]
        try:
            self._run("initdb", "-D", "new", "--encoding=UTF8", "--locale=C", *access)
        finally:
            secret.unlink()
        (self.folder / "new").rename(self.data)

    def start(self) -> None:
        """Start the server of the cluster, which is made if it is missing."""
        self.make()
        addresses = ",".join(self.addresses)
        settings = f"-p {self.port} -c listen_addresses={addresses} {_SETTINGS}"
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self, mode: str = "immediate") -> bool:
        """Stop the server; return whether it was running."""
        if not self.running():
            return False
        self._run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")
        return True

    def running(self) -> bool:
        """Return whether the server's process lives; its number may be another one's by now."""
        import psutil

        with suppress(OSError, ValueError, IndexError, psutil.Error):
            number = int((self.data / "postmaster.pid").read_text().split()[0])
            return Path(psutil.Process(number).cwd()) == self.data.resolve()
        return False

    def url(self, database: str, password: str | None = None) -> str:
        """Return the URL of a database, which need not exist."""
        access = f"{_ACCOUNT}:{self.password if password is None else password}"
        return f"postgresql://{access}@{LOOPBACK}:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def new_owner(self, name: str, password: str) -> None:
        """Create a role and its database, unless they are there."""
        import psycopg
        from psycopg.sql import SQL, Identifier, Literal

        role = Identifier(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute(_ROLE, [name]).fetchone():
                make = SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, Literal(password))
                connection.execute(make)
            if not connection.execute(_DATABASE, [name]).fetchone():
                connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(role, role))

    def _own(self, path: Path) -> None:
        """Give a path to the account that the server runs under."""
        if os.getuid() == 0:
            shutil.chown(path, _ACCOUNT, _ACCOUNT)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*_as_user(), str((programs(self.version) or Path()) / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if done.returncode != 0:
            log = self.folder / "log"
            found = f"{done.stdout}{tail(log) if log.exists() else ''}"
            sys.exit(expected(f"{program} to succeed", f"this:\n{found}\n", "mend that"))


def may_enter(folder: Path) -> bool:
    """Return whether the account that PostgreSQL runs under, if there is one, may enter."""
    command = [*_as_user(), "test", "-x", str(folder)]
    with suppress(FileNotFoundError):
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    return False


def _as_user() -> list[str]:
    return ["runuser", "-u", _ACCOUNT, "--"] if os.getuid() == 0 else []


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])


def programs(version: str | None = None) -> Path | None:
    """Return the folder of PostgreSQL's programs, of one major version or the newest, if any."""
    on_path = shutil.which("initdb")
    packaged = sorted(PACKAGED.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = [*([] if on_path is None else [Path(on_path).resolve()]), *packaged]
    fit = [one.parent for one in found if version is None or version == major(one.parent)]
    return fit[-1] if fit else None


def major(folder: Path) -> str:
    """Return the major version of PostgreSQL's programs in a folder, such as 15."""
    command = [str(folder / "initdb"), "--version"]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return str(re.findall(r"\d+", told)[0])


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Give a running server of PostgreSQL, or exit where PostgreSQL is not installed."""
    # Not below a test's folder, which is closed to the account the server has to run under.
    folder = Path(tempfile.mkdtemp(prefix="spaceship-postgres-"))
    server = Postgres(folder)
    try:
        server.check()
        server.start()
        yield server
    finally:
        _close_connections()
        server.stop()
        shutil.rmtree(folder)


def _close_connections() -> None:
    """Close the connections of this process, which libraries keep in pools for ever."""
    if (psycopg := sys.modules.get("psycopg")) is not None:
        for one in gc.get_objects():
            if isinstance(one, psycopg.Connection):
                one.close()
