"""Writes of a command: recorded by one run, and the moments where later runs inject a fault.

Watched are calls below the project's own functions: calls of MLflow's client that write, by SQL or
by MLflow, files and folders that a rename puts in place, appends to a study's journal. Everything
is installed in a forked child, for good.
"""

import json
import os
import re
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.chaos.moments import Moment

WRITES = (
    "create_",
    "delete_",
    "finalize_",
    "insert_",
    "link_",
    "log_",
    "rename_",
    "set_",
    "update_",
)
"""Starts of the names of those calls of MLflow's client that write."""
_CHANGING = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{6,}")


class Watch:
    """Counter of a process's writes below `outputs`, which injects a fault at one moment.

    The fault is called with the thing that is touched: `call`, `file` or `commit`.
    """

    def __init__(
        self,
        outputs: Path,
        moment: Moment | None = None,
        fault: Callable[[str], None] | None = None,
    ) -> None:
        """Count nothing yet."""
        self.calls: list[tuple[str, int]] = []
        self.injected = False
        self._root = f"{outputs}{os.sep}"
        self._moment, self._fault = moment, fault
        self._turns = Counter[str]()
        self._current: Moment | None = None
        self._touches = 0

    def install(self) -> None:
        """Watch this process from now on."""
        from mlflow import MlflowClient
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
        from optuna.storages.journal import JournalFileBackend
        from sqlalchemy.engine.default import DefaultDialect

        from spaceship.tracking.sqlite_client import SqliteClient
        from spaceship.tracking.sqlite_registry import SqliteRegistry

        for client in (MlflowClient, SqliteClient, SqliteRegistry):
            for name in dir(client):
                if name.startswith(WRITES):
                    self._wrap(client, name, _label)
        self._wrap(JournalFileBackend, "append_logs", lambda *_: "append to the journal")
        for name in ("rename", "replace"):
            self._wrap(os, name, self._label_of_rename)
        self._wrap(shutil, "rmtree", self._label_of_removal)
        for name in ("_hard_delete_run", "_hard_delete_logged_model"):
            self._wrap(SqlAlchemyStore, name, lambda name, *_: name.lstrip("_"))
        commit: Callable[..., None] = DefaultDialect.do_commit

        def do_commit(dialect: Any, connection: Any) -> None:
            self._touch("commit")
            commit(dialect, connection)

        _replace(DefaultDialect, "do_commit", do_commit)
        touch = self._touch

        class Committing(sqlite3.Connection):
            def __exit__(self, *error: Any) -> Any:  # noqa: PYI036 - none are looked at
                if error[0] is None and self.total_changes:
                    touch("commit")
                return super().__exit__(*error)

        _connect_by(Committing)
        sys.addaudithook(self._audit)

    def watched(self, name: str, write: Callable[[], Any]) -> Any:
        """Count a write, inject the fault if its moment has come, and return the write's result."""
        self._current, self._touches = Moment(name, self._turns[name], ""), 0
        self._turns[name] += 1
        try:
            self._reach("before", "call")
            try:
                return write()
            finally:  # a refused call counts as well
                self._reach("after", "call")
        finally:
            self.calls.append((name, self._touches))
            self._current = None

    def _wrap(self, owner: Any, name: str, label: Callable[..., str | None]) -> None:
        function = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            write = None if self._current else label(name, args, kwargs)
            if write is None:
                return function(*args, **kwargs)
            return self.watched(write, lambda: function(*args, **kwargs))

        _replace(owner, name, wrapped)

    def _touch(self, what: str) -> None:
        if self._current is not None:
            self._reach("within", what, self._touches)
            self._touches += 1

    def _reach(self, phase: str, what: str, touch: int = 0) -> None:
        now = self._current
        if now is None or self.injected or self._fault is None:
            return
        if Moment(now.write, now.turn, phase, touch) == self._moment:
            self.injected = True  # first: a fault that opens files does not meet itself
            self._fault(what)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if self._current is None:
            return
        removes = event in {"os.remove", "os.rmdir"} and self._current.write.startswith("remove")
        if removes or (event == "open" and _is_write(args, self._root)):
            self._touch("file")

    def _label_of_rename(self, _: str, args: tuple[Any, ...], __: Any) -> str | None:
        target = os.fspath(args[1])
        if not target.startswith(self._root):
            return None
        kind = "put the folder" if Path(target).is_dir() or Path(args[0]).is_dir() else "put"
        return f"{kind} {_HEX.sub('…', Path(target).name)}"

    def _label_of_removal(self, _: str, args: tuple[Any, ...], __: Any) -> str | None:
        path = Path(args[0])
        if not path.is_dir() or not path.is_relative_to(self._root):
            return None
        return f"remove from {path.relative_to(self._root).parts[0]}"


def refuse_writes(outputs: Path, code: int, message: str) -> None:
    """Let every write fail from now on: files with an error number, the database with a message."""
    from sqlalchemy.engine.default import DefaultDialect

    root = f"{outputs}{os.sep}"

    def refusing(function: Callable[..., None]) -> Callable[..., None]:
        def execute(dialect: Any, cursor: Any, statement: str, *args: Any, **kwargs: Any) -> None:
            if _CHANGING.match(statement):
                raise sqlite3.OperationalError(message)
            function(dialect, cursor, statement, *args, **kwargs)

        return execute

    class Refusing(sqlite3.Connection):
        def execute(self, statement: str, *args: Any) -> sqlite3.Cursor:
            if _CHANGING.match(statement):
                raise sqlite3.OperationalError(message)
            return super().execute(statement, *args)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if code and event == "open" and _is_write(args, root):
            raise OSError(code, os.strerror(code), os.fspath(args[0]))

    for name in ("do_execute", "do_executemany"):
        _replace(DefaultDialect, name, refusing(getattr(DefaultDialect, name)))
    _connect_by(Refusing)
    sys.addaudithook(audit)


def _connect_by(kind: type[sqlite3.Connection]) -> None:
    """Let connections that are opened by Python's own module be of a kind."""
    opened = sqlite3.connect

    def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        made: sqlite3.Connection = opened(*args, **{"factory": kind, **kwargs})
        return made

    _replace(sqlite3, "connect", connect)


def _replace(owner: Any, name: str, function: Callable[..., Any]) -> None:
    """Put a function in the place of another, for the rest of this process."""
    setattr(owner, name, function)


def _is_write(opened: tuple[Any, ...], root: str) -> bool:
    """Return whether the arguments of an audit event open a file in a folder for writing."""
    path, _, flags = opened
    inside = isinstance(path, str | os.PathLike) and os.fspath(path).startswith(root)
    return inside and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _label(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """Return a call's name, with the alias or the state that it writes."""
    words = [text for text in (*args, *kwargs.values()) if isinstance(text, str)]
    if name.endswith("_alias"):
        return f"{name} {next(text for text in words if text in ('champion', 'challenger'))}"
    for text in words:
        if text.startswith("{"):
            content = json.loads(text)
            return f"{name} {content['state']}" if "state" in content else name
    return name
