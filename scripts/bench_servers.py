"""Servers of a benchmark's own, on free ports: MLflow's, and PostgreSQL's under it."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import bench_forks

START_SECONDS = 120
_PACKAGED = Path("/usr/lib/postgresql")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class MlflowServer:
    """A `mlflow server` that can be killed and started again on the same address.

    Args:
        folder: Takes its artifacts and its log.
        backend: URI of its database.

    """

    def __init__(self, folder: Path, backend: str) -> None:
        """Choose a port."""
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
        """Start the server and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--port", str(self.port)]
        command += ["--backend-store-uri", self.backend, "--workers", "1"]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        with (self.folder / "log").open("ab") as told:
            self._process = subprocess.Popen(
                command, stdout=told, stderr=told, stdin=subprocess.DEVNULL, start_new_session=True
            )
        bench_forks.eventually("MLflow's server answers", START_SECONDS, self.answers)

    def kill(self) -> None:
        """End the server and its workers at once, if they still run."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        """Tell whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=1) as answer:  # noqa: S310
                return bool(answer.status == 200)  # noqa: PLR2004
        except OSError:
            return False


class Postgres:
    """A throw-away cluster; root runs it under the account `postgres`, as it has to be."""

    def __init__(self, folder: Path, programs: Path) -> None:
        """Choose a port and a password."""
        self.folder = folder
        self.programs = programs
        self.port = free_port()
        self._password = secrets.token_hex(8)

    def start(self) -> None:
        """Make the cluster and start its server."""
        secret = self.folder / "password"
        secret.write_text(self._password)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        access = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=judge"]
        self._run("initdb", "-D", "data", "--encoding=UTF8", "--locale=C", *access)
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self) -> None:
        """Stop the server."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def new_database(self, name: str) -> str:
        """Create an empty database and return its URI, as SQLAlchemy wants it."""
        import psycopg

        url = f"judge:{self._password}@127.0.0.1:{self.port}"
        with psycopg.connect(f"postgresql://{url}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{url}/{name}"

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*as_user, str(self.programs / program), *arguments]
        done = subprocess.run(
            command,
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


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Give a running server of PostgreSQL, or end the benchmark where there is none."""
    found = sorted(_PACKAGED.glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        sys.exit("expected PostgreSQL's initdb, found none; on Debian: apt install postgresql")
    programs = found[-1] if found else Path(str(on_path)).resolve()
    folder = Path(tempfile.mkdtemp(prefix="spaceship-postgres-"))
    server = Postgres(folder, programs.parent)
    try:
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)
