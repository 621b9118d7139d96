"""One mutated command in a process of its own: a fork of a warm one, watched, then judged."""

import atexit
import os
import re
import resource
import runpy
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from bench import ROOT, RUN
from bench_state import UNFINISHED

WORKED, REFUSED, STOPPED = "worked", "refused", "stopped"
MEMORY = 8 * 2**30
"""Bytes of address space a case may take."""
_NOTES = 100
"""Number of the open file that intrusions are noted in."""
GRACE_SECONDS = 20
"""How long a case may take to end tidily once its time is up."""
TERMINATED = 143
MENDABLE = 2
REFUSED_BY_GATE = 3
_NEWS = re.compile(r"(Error executing job with .+\n|\[LightGBM\] .+\n)*(error: |usage: )")
"""What may stand before a message: what Hydra and LightGBM's C code say unasked."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink"}
_CHANGING |= {"os.truncate", "os.chmod", "os.utime", "shutil.rmtree", "sqlite3.connect"}
_TWO_PATHS = {"os.rename", "os.link"}
_STARTING = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen"}
_HARMLESS = ("/dev/null", "/dev/shm", "/proc", "/dev/tty")  # noqa: S108 - joblib's semaphores
_STARTED = ("git", "fc-list", "uname", "/bin/sh", "lscpu", "ldconfig")
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound to

Content = bytes | Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """One mutated input.

    Attributes:
        name: What `--only` takes.
        kind: Its row of the table.
        note: What was done, for a person.
        arguments: The command line, without where its outputs go.
        files: Data folder: bytes by name, or what makes the file.

    """

    name: str
    kind: str
    note: str
    arguments: tuple[str, ...]
    files: Mapping[str, Content]


@dataclass(frozen=True)
class Ended:
    """How a case ended: exit status, both streams, seconds, and what it did outside."""

    status: int
    output: str
    errors: str
    seconds: float
    intrusions: Sequence[str] = ()

    @property
    def kind(self) -> str:
        """Return the column of the table, if nothing is wrong."""
        if self.status == TERMINATED:
            return STOPPED
        return WORKED if self.status in (0, REFUSED_BY_GATE) else REFUSED


@dataclass
class Sandbox:
    """The only folder that a case may change; each starts from the same prepared state."""

    folder: Path
    seconds: float
    before: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name the folders."""
        self.outputs, self.pristine = self.folder / "outputs", self.folder / "pristine"
        self.data, self.work = self.folder / "data", self.folder / "work"

    def prepare(self, case: Case) -> Ended:
        """Run a case whose outputs every later one starts from, and keep what it imported."""
        modules = self.folder / "modules.txt"
        ended = self.run(case, modules)
        shutil.move(self.outputs, self.pristine)
        with suppress(Exception):
            from sqlalchemy.orm import configure_mappers

            _import_all(modules.read_text().split())
            configure_mappers()
        self._reset({})
        self.before = _state(self.outputs)
        return ended

    def run(self, case: Case, modules: Path | None = None) -> Ended:
        """Run a case from the prepared state and return how it ended."""
        self._reset(case.files)
        streams = [self.folder / name for name in ("stdout", "stderr", "intrusions")]
        start = time.perf_counter()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if (pid := os.fork()) == 0:
            _child(self.folder, case.arguments, streams, modules)
        status = _wait(pid, self.seconds)
        texts = [stream.read_text(errors="replace") for stream in streams]
        seconds = time.perf_counter() - start
        return Ended(status, texts[0], texts[1], seconds, texts[2].splitlines())

    def faults(self, case: Case, ended: Ended) -> list[str]:
        """Return everything that is wrong with how a case ended; nothing if all is well."""
        return [*_telling(case, ended), *self._side_effects(ended)]

    def _side_effects(self, ended: Ended) -> Iterator[str]:
        yield from ended.intrusions
        for pattern in UNFINISHED[:-1]:
            yield from (f"left over: {path.name}" for path in self.folder.rglob(pattern))
        after = _state(self.outputs)
        if after.get("running"):
            yield f"{after['running']} runs stand as RUNNING"
        earned = ended.status == 0 and re.search(r"Verdict: ch|champion was", ended.output)
        if after.get("aliases") != self.before["aliases"] and not earned:
            yield f"aliases moved from {self.before['aliases']} to {after.get('aliases')}"
        if (text := after.get("submission")) != self.before["submission"]:
            yield from _submission_faults(text, ended)

    def _reset(self, files: Mapping[str, Content]) -> None:
        names = ("outputs", "data", "work", "home", "tmp")
        for name in names:
            _remove(self.folder / name)
        for name in names[1:]:
            (self.folder / name).mkdir(parents=True)
        if self.pristine.is_dir():
            shutil.copytree(self.pristine, self.outputs)
        for name, content in files.items():
            path = self.data / name
            content(path) if callable(content) else path.write_bytes(content)


def _telling(case: Case, ended: Ended) -> Iterator[str]:
    """Yield what is wrong with the exit status and with what was said."""
    allowed = {0, MENDABLE, TERMINATED}
    if any("require" in argument for argument in case.arguments):
        allowed.add(REFUSED_BY_GATE)
    if ended.status not in allowed:
        yield f"exit status {ended.status}"
    for name, text in (("stdout", ended.output), ("stderr", ended.errors)):
        if "Traceback (most" in text:
            yield f"a traceback on {name}"
    if ended.status == MENDABLE:
        messages = len(re.findall(r"^(?:run\.py: )?error: ", ended.errors, re.MULTILINE))
        if messages != 1 or not _NEWS.match(ended.errors):
            yield f"{messages} messages, or more than that, on stderr"


def _submission_faults(text: str | None, ended: Ended) -> Iterator[str]:
    told = re.search(r"(\d+) predictions", ended.output)
    if text is None or told is None or ended.status != 0:
        yield "submission.csv changed, though nothing was predicted"
        return
    rows = re.findall(r"^\d+_\d+,(?:True|False)\n", text, re.MULTILINE)
    if len(rows) != int(told[1]) or text != "".join(["PassengerId,Transported\n", *rows]):
        yield "submission.csv is not whole"


def _state(outputs: Path) -> dict[str, Any]:
    """Return what stands in an outputs folder: aliases, open runs, the submission."""
    submission, database = outputs / "submission.csv", outputs / "mlflow.db"
    state: dict[str, Any] = {"submission": None, "aliases": []}
    if submission.is_file():
        state["submission"] = submission.read_bytes().decode(errors="replace")
    if database.is_file():
        with closing(sqlite3.connect(database)) as connection:
            aliases = connection.execute("SELECT name, alias, version FROM registered_model_aliases")
            state["aliases"] = sorted(aliases)
            counted = connection.execute("SELECT count(*) FROM runs WHERE status = 'RUNNING'")
            state["running"] = counted.fetchone()[0]
    return state


def _child(
    folder: Path, arguments: Sequence[str], streams: Sequence[Path], modules: Path | None
) -> NoReturn:
    """Become the command: end as it ends, and never return."""
    status = 1
    try:
        atexit._clear()  # noqa: SLF001 - what the parent has to do at its own end
        os.setsid()
        for number, path in enumerate(streams, start=1):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, _NOTES if number == len(streams) else number)
            os.close(opened)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(folder / "work")
        os.environ |= {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        tempfile.tempdir, sys.dont_write_bytecode = None, True
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.addaudithook(_watch(str(folder)))
        sys.argv = [str(RUN), *arguments]
        status = _ended(lambda: runpy.run_path(str(RUN), run_name="__main__"))
        atexit._run_exitfuncs()  # noqa: SLF001 - os._exit runs none
        if modules is not None:
            modules.write_text("\n".join(sys.modules))
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a fault of this script's own
        traceback.print_exc()
    finally:
        os._exit(status)


def _ended(run: Callable[[], object]) -> int:
    """Return the exit status that the interpreter would end with."""
    try:
        run()
    except SystemExit as request:
        return request.code if isinstance(request.code, int) else int(request.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def _watch(sandbox: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Return a hook that notes what is changed outside the sandbox, and keeps the network away."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            if not str(arguments[1][0]).startswith(_LOOPBACK):
                raise OSError(101, "Network is unreachable")
        elif event == "socket.getaddrinfo" and not str(arguments[0]).startswith(_LOOPBACK):
            raise OSError(101, "Network is unreachable")
        elif event in _STARTING and not Path(str(arguments[0])).name.startswith(_STARTED):
            if "loky" not in str(arguments):
                os.write(_NOTES, f"started {str(arguments)[:200]}\n".encode())
        elif event in _CHANGING or (event == "open" and arguments[2] & _WRITING):
            opened = event != "open" and isinstance(arguments[-1], int) and arguments[-1] >= 0
            for path in arguments[: 2 if event in _TWO_PATHS else 1]:
                if not opened and outside(path):
                    os.write(_NOTES, f"{event} outside: {path!r}\n".encode())

    def outside(path: Any) -> bool:
        if not isinstance(path, str | bytes | os.PathLike) or not path:
            return False
        place = os.path.abspath(os.fsdecode(path))
        return not place.startswith((sandbox, *_HARMLESS))

    return hook


def _wait(pid: int, seconds: float) -> int:
    """Return the exit status; a case that is still running is ended as a person would."""
    for number, limit in ((signal.SIGTERM, seconds), (signal.SIGKILL, GRACE_SECONDS)):
        deadline = time.perf_counter() + limit
        while time.perf_counter() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                _end_group(pid)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(pid, number)
    _, status = os.waitpid(pid, 0)
    _end_group(pid)
    return os.waitstatus_to_exitcode(status)


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _import_all(names: Sequence[str]) -> None:
    """Import what a run imports, so that no later one has to."""
    for name in names:
        if name not in sys.modules and not name.startswith(("__", "hydra_plugins.hydra_")):
            with suppress(BaseException):
                __import__(name)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        for inner in path.rglob("*"):
            if inner.is_dir() and not inner.is_symlink():
                inner.chmod(0o700)
        shutil.rmtree(path)
