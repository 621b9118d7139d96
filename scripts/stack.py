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
import shlex
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from scripts import mlflow_server, servers
from scripts.mlflow_server import MlflowServer, answers
from scripts.passwords import CLIENTS, SERVER, passwords
from scripts.servers import LOOPBACK, Postgres
from spaceship.errors import expected
from spaceship.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
_LAST_PORT = 65535
_ANSWER_SECONDS = 20  # that the MLflow server has for an answer
_MLFLOW, _STUDIES = "MLFLOW_TRACKING_URI", "SPACESHIP_STUDIES"  # variables of the stack's users
_NAMES = {"host": "BIND", "port": "PORT", "database_port": "DATABASE_PORT"}  # of make
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

    @classmethod
    def of(cls, folder: Path, given: Mapping[str, Any] = MappingProxyType({})) -> Self:
        """Return the stack of a folder; settings that are not given are those of its last start."""
        stack = cls(folder)
        if known := stack._variables():
            mlflow, studies = map(urlsplit, (known[_MLFLOW], known[_STUDIES]))
            settings: Any = mlflow.hostname, mlflow.port, studies.port
            stack = cls(folder, *settings)
        return replace(stack, **{name: one for name, one in given.items() if one is not None})

    def beside(self, other: "Stack") -> list[str]:
        """Return the settings that another stack has otherwise, as words of make."""
        found = {make: (getattr(self, one), getattr(other, one)) for one, make in _NAMES.items()}
        return [f"{make}={one}" for make, (one, theirs) in found.items() if one != theirs]

    def start(self) -> str:
        """Start the servers and return how to use them; stop all if one cannot start."""
        if self.running():
            if words := self.beside(Stack.of(self.folder)):
                do = "run: make stack-stop, then the same command again"
                sys.exit(expected("the settings that the stack runs with", " ".join(words), do))
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
        stopped = mlflow_server.stop(self.folder / "mlflow")
        return self._database().stop("fast") or stopped

    def running(self) -> bool:
        """Return whether both servers run and answer, waiting a while for busy ones."""
        known, deadline = self._variables(), time.monotonic() + _ANSWER_SECONDS
        place = self.folder / "mlflow"
        while known and mlflow_server.processes(place) and self._database().running():
            if answers(known[_MLFLOW]):
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

    def _database(self, password: str = "") -> Postgres:
        addresses = tuple(dict.fromkeys((LOOPBACK, self.host)))
        place = self.folder / "postgres"
        return Postgres(place, self.database_port, password, addresses, durable=True)

    def _check_ports(self) -> None:
        fields = ("port", self.host), ("database_port", self.host), ("database_port", LOOPBACK)
        for field, host in fields:
            port = free = getattr(self, field)
            both = {self.port, self.database_port}
            fault = servers.fault_of_port(host, port) if len(both) > 1 else errno.EADDRINUSE
            if fault in {errno.EADDRINUSE, errno.EACCES}:
                while free in both or servers.fault_of_port(host, free):
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
        stack = replace(self, **changes)
        folder = [f"STACK={stack.folder}"] if stack.folder != Stack.folder else []
        words = stack.beside(Stack.of(stack.folder))
        return shlex.join(["make", "-C", str(ROOT), "stack", *folder, *words])

    def _start_database(self) -> None:
        known = passwords(self.folder, self._database().data)
        database = self._database(known["postgres"])
        database.make()
        rules = ["all postgres 127.0.0.1/32", "sameuser all 127.0.0.1/32"]
        rules += ["studies studies samenet"] if self.host != LOOPBACK else []
        lines = [f"host {rule} scram-sha-256\n" for rule in rules]
        (database.data / "pg_hba.conf").write_text("".join(lines))
        database.start()
        for name in ("mlflow", "studies"):
            database.new_owner(name, known[name])

    def _start_mlflow(self) -> None:
        backend = f"postgresql+psycopg://mlflow@{LOOPBACK}:{self.database_port}/mlflow"
        variables = {
            "PGPASSFILE": str(self.folder / SERVER),
            "PGPASSWORD": "",  # it would come first
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # of language models
        }
        server = MlflowServer(self.folder / "mlflow", backend, self.host, self.port, variables)
        server.start()
        known = {
            _MLFLOW: server.uri,
            _STUDIES: f"postgresql://studies@{self.host}:{self.database_port}/studies",
            "PGPASSFILE": str(self.folder / CLIENTS),
        }
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in known.items()]
        write_atomically(self._environment, "".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Start or stop the stack, or print whether it runs; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.stack", description=__doc__)
    parser.add_argument("verb", choices=["start", "stop", "status"])
    parser.add_argument("--folder", type=Path, default=Stack.folder)
    parser.add_argument("--host")
    parser.add_argument("--port", type=_port)
    parser.add_argument("--database-port", type=_port)
    given = parser.parse_args(arguments)
    try:
        folder = given.folder.resolve()
        settings = {name: getattr(given, name) for name in _NAMES}
        status, told = _obey(given.verb, folder, settings)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        do = "choose a folder that you may write: make stack STACK=DIR"
        print(f"error: {expected('a folder for the stack', error, do)}", file=sys.stderr)
        return 2
    except SystemExit as error:
        if not isinstance(error.code, str):
            raise
        print(f"error: {error.code}", file=sys.stderr)
        return 2
    try:
        print(told, flush=True)
    except BrokenPipeError:  # nobody reads on, as in `make stack | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(expected(f"1 to {_LAST_PORT}", text, "choose another"))
    return int(text)


def _obey(verb: str, folder: Path, settings: Mapping[str, Any]) -> tuple[int, str]:
    """Return the exit status of a verb, and what it says."""
    none = f"No stack runs in {folder}."
    if verb == "status" or not (verb == "start" or folder.exists()):
        stack = Stack.of(folder)
        runs = stack.running()
        told = f"The stack runs.\n{stack.usage()}" if runs else none
        return (0 if runs or verb == "stop" else 1), told
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "lock", timeout=servers.START_SECONDS):
            stack = Stack.of(folder, settings)
            return 0, stack.start() if verb == "start" else "Stopped." if stack.stop() else none
    except Timeout:
        what, found = "no other command that starts or stops it", "one at work for two minutes"
        sys.exit(expected(what, found, "wait for it"))


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda which, _: sys.exit(128 + which))
    sys.exit(main())
