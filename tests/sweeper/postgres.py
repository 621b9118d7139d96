"""A PostgreSQL server of the tests' own, where its programs are installed."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

PASSWORD = secrets.token_hex(8)


class Postgres:
    """A database server of the test's own, under an account that is not root."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.programs = programs
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._databases = 0

    def start(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if os.getuid() == 0:
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        access = ["--auth=scram-sha-256", f"--pwfile={secret}", "--username=tuner"]
        self.run("initdb", "-D", "data", "--no-sync", "--encoding=UTF8", "--locale=C", *access)
        settings = f"-F -p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self.run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def run(self, program: str, *arguments: str) -> None:
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
            timeout=120,
        )
        assert done.returncode == 0, done.stdout

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://tuner:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Create an empty database and return its URL."""
        import psycopg

        self._databases += 1
        name = f"study{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def running() -> Iterator[Postgres]:
    """Yield a running server, or skip the test where there is no PostgreSQL."""
    if find_spec("psycopg") is None:
        pytest.skip('no driver for PostgreSQL; pip install -e ".[postgres]"')
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        pytest.skip("no PostgreSQL server; on Debian and Ubuntu: apt install postgresql")
    programs = found[-1] if found else Path(str(on_path)).resolve()
    # Not below pytest's folder, which is closed to the account the server has to run under.
    folder = Path(tempfile.mkdtemp(prefix="spaceship-postgres-"))
    server = Postgres(folder, programs.parent)
    try:
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)
