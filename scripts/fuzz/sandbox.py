"""Sandbox: the only folder that a mutated command may change, and the watched fork it runs in."""

import atexit
import errno
import gc
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from scripts.chaos.forks import run_script
from scripts.chaos.state import UNFINISHED
from scripts.fuzz.case import Case, Content, Ended, output_faults, state, state_faults

MEMORY = 8 * 2**30
"""Bytes of address space a case may take."""
GRACE_SECONDS = 20
"""How long a case may take to end tidily once its time is up."""
_NOTES = 100
"""Number of the open file that intrusions are noted in."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.link", "os.symlink"}
_CHANGING |= {"os.truncate", "os.chmod", "os.utime", "shutil.rmtree", "sqlite3.connect"}
_TWO_PATHS = {"os.rename", "os.link"}
_STARTING = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen"}
_HARMLESS = ("/dev/null", "/dev/shm/", "/proc", "/dev/tty")  # noqa: S108 - joblib's semaphores
_STARTED = ("git", "fc-list", "uname", "sh", "lscpu", "ldconfig")
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound to


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
        """Run a case whose outputs every later one starts from."""
        ended = self.run(case)
        shutil.move(self.outputs, self.pristine)
        for name in ("runs", "data"):
            shutil.rmtree(self.pristine / name)
        self.reset({})
        self.before = state(self.outputs)
        return ended

    def run(self, case: Case) -> Ended:
        """Run a case from the prepared state and return how it ended."""
        self.reset(case.files)
        return self.execute(case)

    def execute(self, case: Case) -> Ended:
        """Run a case in the state that the one before it left and return how it ended."""
        streams = [self.folder / name for name in ("stdout", "stderr", "intrusions")]
        start = time.perf_counter()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if (pid := os.fork()) == 0:
            _child(self.folder, case.arguments, streams)
        status = _wait(pid, self.seconds)
        texts = [stream.read_text(errors="replace") for stream in streams]
        seconds = time.perf_counter() - start
        return Ended(status, texts[0], texts[1], seconds, texts[2].splitlines())

    def faults(self, case: Case, ended: Ended) -> list[str]:
        """Return everything that is wrong with how a case ended; nothing if all is well."""
        left = [path.name for pattern in UNFINISHED for path in self.folder.rglob(pattern)]
        return [
            *ended.intrusions,
            *(f"left over: {name}" for name in left),
            *output_faults(case, ended),
            *state_faults(ended, self.before, state(self.outputs)),
        ]

    def reset(self, files: Mapping[str, Content]) -> None:
        """Restore the prepared state, with these files in the data folder."""
        names = ("outputs", "data", "work", "home", "tmp")
        for name in names:
            _remove(self.folder / name)
        for name in names[1:]:
            (self.folder / name).mkdir(parents=True)
        if self.pristine.is_dir():
            shutil.copytree(self.pristine, self.outputs, copy_function=_copy)
        for name, content in files.items():
            path = self.data / name
            content(path) if callable(content) else path.write_bytes(content)


def _child(folder: Path, arguments: Sequence[str], streams: Sequence[Path]) -> NoReturn:
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
        gc.disable()  # a case is short
        status = run_script(arguments)
        atexit._run_exitfuncs()  # noqa: SLF001 - os._exit runs none
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a fault of this script's own
        traceback.print_exc()
    finally:
        os._exit(status)


def _watch(sandbox: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Return a hook that notes changes outside the sandbox, and refuses the network."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.getaddrinfo"}:
            _stay_offline(arguments[event == "socket.connect"])
        elif event in _STARTING:
            _note_start(arguments)
        elif event in _CHANGING or (event == "open" and arguments[2] & _WRITING):
            if event != "open" and isinstance(arguments[-1], int) and arguments[-1] >= 0:
                return  # relative to a folder that is open
            for path in arguments[: 2 if event in _TWO_PATHS else 1]:
                if _is_outside(path, sandbox):
                    os.write(_NOTES, f"{event} outside: {path!r}\n".encode())

    return hook


def _stay_offline(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else address
    inside = isinstance(address, bytes | str) and str(address).startswith("/")
    if not inside and not str(host).startswith(_LOOPBACK):
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _note_start(arguments: tuple[Any, ...]) -> None:
    expected = Path(str(arguments[0])).name.startswith(_STARTED)
    if not expected and "loky" not in str(arguments):
        os.write(_NOTES, f"started {str(arguments)[:200]}\n".encode())


def _is_outside(path: Any, sandbox: str) -> bool:
    if not isinstance(path, str | bytes | os.PathLike) or not path:
        return False
    place = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not to be followed
    return not place.startswith((sandbox, *_HARMLESS))


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


def _copy(source: str, target: str) -> None:
    """Copy a file that is written to in place; of the others another name will do."""
    (shutil.copy if "mlflow.db" in source or source.endswith(".csv") else os.link)(source, target)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        for inner in path.rglob("*"):
            if inner.is_dir() and not inner.is_symlink():
                inner.chmod(0o700)
        shutil.rmtree(path)
