"""Where a command writes: found by a run that records, struck in later ones; part of benchmarks.

What is watched lies below the project's own functions: calls of MLflow's client that write, files
and folders that a rename puts in place, what a study's journal takes. Everything is installed in a
forked child, for good.
"""

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITES = ("create_", "delete_", "finalize_", "link_", "log_", "rename_", "set_", "update_")
"""What the names of those calls of MLflow's client start with."""
MANY = 20
"""Writes of one kind from which on one in the middle is struck, too."""
_CHANGING = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{6,}")


@dataclass(frozen=True)
class Point:
    """A moment at which a fault strikes.

    Attributes:
        what: The write, such as `set_registered_model_alias champion`.
        turn: Which of the writes of that name, from 0.
        phase: `before` it, `after` it, or `within`: before the last thing it puts on the disk.
        touch: How many things it has put there by then; for `within`.

    """

    what: str
    turn: int
    phase: str
    touch: int = 0


@dataclass(frozen=True)
class Step:
    """A write that a command makes.

    Attributes:
        number: Its place among the command's writes, from 0.
        what: As in `Point`.
        turn: As in `Point`.
        of: How many writes of that name there are.
        touches: How many files it opens and transactions it commits.

    """

    number: int
    what: str
    turn: int
    of: int
    touches: int

    def point(self, phase: str) -> Point:
        """Return the moment of a phase; what puts nothing on the disk itself is struck before."""
        if phase == "within" and self.touches:
            return Point(self.what, self.turn, phase, self.touches - 1)
        return Point(self.what, self.turn, "after" if phase == "after" else "before")

    def __str__(self) -> str:
        """Return the name that a table shows."""
        return self.what if self.of == 1 else f"{self.what} ({self.turn + 1} of {self.of})"


def steps(calls: Sequence[tuple[str, int]]) -> list[Step]:
    """Return the writes to strike, in order: of each name the first, the last, of many a middle."""
    counts, seen = Counter(what for what, _ in calls), Counter[str]()
    found = []
    for number, (what, touches) in enumerate(calls):
        turn, of = seen[what], counts[what]
        seen[what] += 1
        if turn in {0, of - 1} or (of >= MANY and turn == of // 2):
            found.append(Step(number, what, turn, of, touches))
    return found


class Watch:
    """Counts a process's writes and strikes one of them.

    Args:
        outputs: Only files and folders in here are watched.
        point: Where to strike, if anywhere.
        strike: What happens there; it is told what is touched: a call, a file or a commit.

    """

    def __init__(
        self,
        outputs: Path,
        point: Point | None = None,
        strike: Callable[[str], None] | None = None,
    ) -> None:
        """Keep what was asked for."""
        self.calls: list[tuple[str, int]] = []
        self.struck = False
        self._root = f"{outputs}{os.sep}"
        self._point, self._strike = point, strike
        self._turns = Counter[str]()
        self._current: Point | None = None
        self._touches = 0

    def install(self) -> None:
        """Watch from now on."""
        from mlflow import MlflowClient
        from optuna.storages.journal import JournalFileBackend
        from sqlalchemy.engine.default import DefaultDialect

        for name in dir(MlflowClient):
            if name.startswith(WRITES):
                self._wrap(MlflowClient, name, _label)
        self._wrap(JournalFileBackend, "append_logs", lambda *_: "append to the journal")
        for name in ("rename", "replace"):
            self._wrap(os, name, self._renamed)
        commit = DefaultDialect.do_commit

        def do_commit(dialect: Any, connection: Any) -> None:
            self._touch("commit")
            commit(dialect, connection)

        DefaultDialect.do_commit = do_commit
        sys.addaudithook(self._audit)

    def _wrap(self, owner: Any, name: str, label: Callable[..., str | None]) -> None:
        function = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            what = None if self._current else label(name, args, kwargs)
            return (
                function(*args, **kwargs)
                if what is None
                else self.watched(what, lambda: function(*args, **kwargs))
            )

        setattr(owner, name, wrapped)

    def watched(self, what: str, write: Callable[[], Any]) -> Any:
        """Return what a write returns; it is counted, and struck if it is the one."""
        self._current, self._touches = Point(what, self._turns[what], ""), 0
        self._turns[what] += 1
        try:
            self._reach("before", "call")
            try:
                return write()
            finally:  # even what was refused was asked for
                self._reach("after", "call")
        finally:
            self.calls.append((what, self._touches))
            self._current = None

    def _touch(self, what: str) -> None:
        if self._current is not None:
            self._reach("within", what, self._touches)
            self._touches += 1

    def _reach(self, phase: str, what: str, touch: int = 0) -> None:
        now = self._current
        if now is None or self.struck or self._strike is None:
            return
        if Point(now.what, now.turn, phase, touch) == self._point:
            self.struck = True  # first: a strike that opens files is not struck by itself
            self._strike(what)

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and self._current is not None and _writes(args, self._root):
            self._touch("file")

    def _renamed(self, _: str, args: tuple[Any, ...], __: Any) -> str | None:
        target = os.fspath(args[1])
        if not target.startswith(self._root):
            return None
        kind = "put the folder" if Path(target).is_dir() or Path(args[0]).is_dir() else "put"
        return f"{kind} {_HEX.sub('…', Path(target).name)}"


def refuse(outputs: Path, code: int, said: str) -> None:
    """Let every write from now on fail: files with an error number, the database with words."""
    import sqlite3

    from sqlalchemy.engine.default import DefaultDialect

    root, execute = f"{outputs}{os.sep}", DefaultDialect.do_execute
    many = DefaultDialect.do_executemany

    def refused(statement: str) -> None:
        if _CHANGING.match(statement):
            raise sqlite3.OperationalError(said)

    def do_execute(dialect: Any, cursor: Any, statement: str, *rest: Any, **more: Any) -> None:
        refused(statement)
        execute(dialect, cursor, statement, *rest, **more)

    def do_executemany(dialect: Any, cursor: Any, statement: str, *rest: Any, **more: Any) -> None:
        refused(statement)
        many(dialect, cursor, statement, *rest, **more)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if code and event == "open" and _writes(args, root):
            raise OSError(code, os.strerror(code), os.fspath(args[0]))

    DefaultDialect.do_execute = do_execute
    DefaultDialect.do_executemany = do_executemany
    sys.addaudithook(audit)


def _writes(opened: tuple[Any, ...], root: str) -> bool:
    """Tell whether what an audit hook was told is a file in a folder, opened for writing."""
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
