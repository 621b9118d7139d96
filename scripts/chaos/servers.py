"""Servers for one script or test, each on a free port: MLflow and PostgreSQL."""

import gc
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 120
MISSING = "expected PostgreSQL's initdb, found none; on Debian and Ubuntu: apt install postgresql"
_PACKAGED = Path("/usr/lib/postgresql")


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class MlflowServer:
    """A `mlflow server` that can be killed and started again on the same address."""

    def __init__(self, folder: Path, backend: str) -> None:
        """Choose a port; the folder takes artifacts and log, the backend is a database's URI."""
        self.folder = folder
        self.backend = backend
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """The address that clients use."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def group(self) -> int:
        """The process group of the server and its workers."""
        assert self._process is not None  # noqa: S101
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers, or exit."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port)]
        command += ["--backend-store-uri", self.backend, "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline:
                sys.exit(f"expected MLflow's server to answer within {START_SECONDS} s")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server and its workers at once, if they still run."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        """Return whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False


class Postgres:
    """A throw-away cluster; root runs it under the account `postgres`, as PostgreSQL demands."""

    def __init__(self, folder: Path, programs: Path) -> None:
        """Choose a port and a password."""
        self.folder = folder
        self.programs = programs
        self.port = free_port()
        self.password = secrets.token_hex(8)

    def start(self) -> None:
        """Make the cluster and start its server."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        access = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=tuner"]
        self._run("initdb", "-D", "data", "--no-sync", "--encoding=UTF8", "--locale=C", *access)
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self) -> None:
        """Stop the server, if it was started."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def url(self, database: str, password: str | None = None) -> str:
        """Return the URL of a database, which need not exist."""
        access = f"tuner:{self.password if password is None else password}"
        return f"postgresql://{access}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        done = subprocess.run(
            [*as_user, str(self.programs / program), *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=START_SECONDS,
        )
        if done.returncode != 0:
            sys.exit(f"expected {program} to succeed, found:\n{done.stdout}")


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, if they are installed."""
    packaged = sorted(_PACKAGED.glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if packaged:
        return packaged[-1].parent
    return None if on_path is None else Path(on_path).resolve().parent


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Give a running server of PostgreSQL, or exit where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        sys.exit(MISSING)
    # Not below a test's folder, which is closed to the account the server has to run under.
    folder = Path(tempfile.mkdtemp(prefix="spaceship-postgres-"))
    server = Postgres(folder, found)
    try:
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
