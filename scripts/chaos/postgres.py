"""A PostgreSQL server for as long as a benchmark or a test runs, on a free port."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.chaos.servers import START_SECONDS, free_port

MISSING = "expected PostgreSQL's initdb, found none; on Debian and Ubuntu: apt install postgresql"
_PACKAGED = Path("/usr/lib/postgresql")


class Postgres:
    """A throw-away cluster; root runs it under the account `postgres`, as it has to be."""

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
        """Stop the server."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def url(self, database: str, password: str | None = None) -> str:
        """Return the URL of a database, which need not be there."""
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


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, if they are installed."""
    packaged = sorted(_PACKAGED.glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if packaged:
        return packaged[-1].parent
    return None if on_path is None else Path(on_path).resolve().parent


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Give a running server of PostgreSQL, or end the program where there is none."""
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
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)
