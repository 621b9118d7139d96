"""Stack of servers on this machine for many to use: PostgreSQL (studies, runs) and MLflow.

    make stack          # start it, or say that it runs
    make stack-status   # exit status 1 if it does not run
    make stack-stop

All data, passwords and logs lie in one folder. Programs read the passwords from files that no other
user may read: no command line and no address holds one.
"""

import argparse
import errno
import os
import re
import secrets
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from scripts import servers
from scripts.mlflow_server import MlflowServer, answers
from scripts.servers import LOOPBACK, Postgres
from spaceship.errors import expected
from spaceship.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
_MARK = "SPACESHIP_STACK_FOLDER"  # variable of the MLflow server's processes
_ANSWER_SECONDS = 20  # that the MLflow server has for an answer
_END_SECONDS = 10  # that it has to end
_PASSWORDS = {"clients.pgpass": ["studies"], "server.pgpass": ["mlflow", "postgres"]}
_USAGE = """\
  MLflow     {MLFLOW_TRACKING_URI}
  studies    {SPACESHIP_STUDIES}
  all data   {folder}
In each shell:
  . {file}
  python scripts/run.py mode=train tracking=server
  python scripts/run.py mode=tune tracking=server \\
    hydra.sweeper.storage=$SPACESHIP_STUDIES hydra.sweeper.study_name=NAME"""


@dataclass(frozen=True)
class Stack:
    """The servers of one folder."""

    folder: Path = ROOT / "outputs" / "stack"
    host: str = LOOPBACK  # address of this machine that they listen on
    port: int = 5001  # of MLflow
    database_port: int = 5433

    def start(self) -> str:
        """Start the servers and return how to use them; stop all if one cannot start."""
        if self.running():
            return f"The stack runs already.\n{self.usage()}"
        self.stop()  # what a killed start has left
        self._database().check()
        self._check_ports()
        self._check_folder()
        try:
            self._start_database()
            self._start_mlflow()
        except BaseException:
            self.stop()
            raise
        return f"The stack runs.\n{self.usage()}"

    def stop(self) -> bool:
        """Stop the servers; return whether one was running."""
        found = self._processes()
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        psutil.wait_procs(found, _END_SECONDS)
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return self._database().stop("fast") or bool(found)

    def running(self) -> bool:
        """Return whether both servers run and answer, waiting a while for busy ones."""
        known, deadline = self._variables(), time.monotonic() + _ANSWER_SECONDS
        while known and self._processes() and self._database().running():
            if answers(known["MLFLOW_TRACKING_URI"]):
                return True
            if time.monotonic() > deadline:
                break
            time.sleep(0.2)
        return False

    def usage(self) -> str:
        """Return the addresses and the lines that use them."""
        file = shlex.quote(str(self._environment))
        return _USAGE.format(file=file, folder=self.folder, **self._variables())

    @property
    def _environment(self) -> Path:
        return self.folder / "env"

    def _variables(self) -> dict[str, str]:
        """Return the variables of the servers that were started last, none before that."""
        text = self._environment.read_text() if self._environment.exists() else ""
        return dict(word.split("=", 1) for word in shlex.split(text, comments=True) if "=" in word)

    def _processes(self) -> list[psutil.Process]:
        """Return the processes of the MLflow server, whoever started it."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(_MARK) == str(self.folder):
                    found.append(process)
        return found

    def _database(self, password: str = "") -> Postgres:
        addresses = tuple(dict.fromkeys((LOOPBACK, self.host)))
        place = self.folder / "postgres"
        return Postgres(place, self.database_port, password, addresses, durable=True)

    def _check_ports(self) -> None:
        fields = ("port", self.host), ("database_port", self.host), ("database_port", LOOPBACK)
        for field, host in fields:
            port = free = getattr(self, field)
            fault = servers.fault_of_port(host, port)
            if fault in {errno.EADDRINUSE, errno.EACCES}:
                while servers.fault_of_port(host, free):
                    free += 1
                what, do = f"to open port {port} on {host}", f"run: {self._line(**{field: free})}"
                sys.exit(expected(what, f"this: {os.strerror(fault)}", do))
            if fault is not None:
                do = f"run: {self._line(host=LOOPBACK)}"
                sys.exit(expected("an address of this machine in BIND", host, do))

    def _check_folder(self) -> None:
        """Make the folders, open to the account of PostgreSQL if this process is root's."""
        for part in ("postgres", "mlflow"):
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o711)
        if not servers.may_enter(self.folder):
            found, do = self.folder, f"run: {self._line(folder=Path('/var/lib/spaceship'))}"
            sys.exit(expected("a folder that root's PostgreSQL account may enter", found, do))

    def _line(self, **changes: Any) -> str:
        """Return the command that starts this stack with other settings."""
        names = {"folder": "STACK", "host": "BIND", "port": "PORT"}
        usual, settings = asdict(Stack()), asdict(replace(self, **changes))
        given = [f"{names.get(k, k.upper())}={v}" for k, v in settings.items() if v != usual[k]]
        return shlex.join(["make", "-C", str(ROOT), "stack", *given])

    def _passwords(self) -> dict[str, str]:
        """Return the password of each role; make them if the database is not made yet."""
        found: dict[str, str] = {}
        data = self._database().data
        for name, roles in _PASSWORDS.items():
            path, new = self.folder / name, self.folder / f"{name}.new"
            if data.exists() and not path.exists():
                do = "restore it from a backup of the folder, or move the folder away"
                sys.exit(expected(f"the passwords of {data} in {path}", "no file", do))
            if not path.exists():
                new.unlink(missing_ok=True)
                new.touch(mode=0o600)
                new.write_text("".join(f"*:*:*:{x}:{secrets.token_hex(16)}\n" for x in roles))
                new.replace(path)
            found |= dict(re.findall(r"(\w+):(\w+)$", path.read_text(), re.MULTILINE))
        return found

    def _start_database(self) -> None:
        passwords = self._passwords()
        database = self._database(passwords["postgres"])
        database.make()
        rules = ["all postgres 127.0.0.1/32", "sameuser all 127.0.0.1/32"]
        rules += ["studies studies samenet"] if self.host != LOOPBACK else []
        lines = [f"host {rule} scram-sha-256\n" for rule in rules]
        (database.data / "pg_hba.conf").write_text("".join(lines))
        database.start()
        for name in ("mlflow", "studies"):
            database.new_owner(name, passwords[name])

    def _start_mlflow(self) -> None:
        backend = f"postgresql+psycopg://mlflow@{LOOPBACK}:{self.database_port}/mlflow"
        variables = {
            _MARK: str(self.folder),
            "PGPASSFILE": str(self.folder / "server.pgpass"),
            "PGPASSWORD": "",  # it would come first
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of language models
        }
        server = MlflowServer(self.folder / "mlflow", backend, self.host, self.port, variables)
        server.start()
        known = {
            "MLFLOW_TRACKING_URI": server.uri,
            "SPACESHIP_STUDIES": f"postgresql://studies@{self.host}:{self.database_port}/studies",
            "PGPASSFILE": str(self.folder / "clients.pgpass"),
        }
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in known.items()]
        write_atomically(self._environment, "".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Start or stop the stack, or print whether it runs; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.stack", description=__doc__)
    parser.add_argument("verb", choices=["start", "stop", "status"])
    parser.add_argument("--folder", type=Path, default=Stack.folder)
    parser.add_argument("--host", default=Stack.host)
    parser.add_argument("--port", type=int, default=Stack.port)
    parser.add_argument("--database-port", type=int, default=Stack.database_port)
    given = parser.parse_args(arguments)
    stack = Stack(given.folder.resolve(), given.host, given.port, given.database_port)
    try:
        return _obey(stack, given.verb)
    except KeyboardInterrupt:
        return 130
    except SystemExit as error:
        if not isinstance(error.code, str):
            raise
        print(f"error: {error.code}", file=sys.stderr)
        return 2


def _obey(stack: Stack, verb: str) -> int:
    if verb == "status" or not (verb == "start" or stack.folder.exists()):
        runs = stack.running()
        print(f"The stack runs.\n{stack.usage()}" if runs else f"No stack runs in {stack.folder}.")
        return 0 if runs or verb == "stop" else 1
    stack.folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(stack.folder / "lock", timeout=servers.START_SECONDS):
            if verb == "start":
                print(stack.start())
            else:
                print("Stopped." if stack.stop() else f"No stack runs in {stack.folder}.")
    except Timeout:
        what, found = "no other command that starts or stops it", "one at work for two minutes"
        sys.exit(expected(what, found, "wait for it"))
    return 0


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda which, _: sys.exit(128 + which))
    sys.exit(main())
