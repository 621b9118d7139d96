"""The folder commands are struck in, with a disk or a server of its own; part of bench_faults."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.bench import measure as bench
from scripts.chaos import forks as bench_forks
from scripts.chaos import state as bench_state
from scripts.chaos.points import Point, Step, Watch, steps
from scripts.chaos.promises import broken
from scripts.chaos.servers import MlflowServer
from scripts.chaos.strikes import FAULTS, Scene, ballast
from scripts.chaos.verbs import SMALL, STATES, Struck, Verb, unfinished_sweep

if TYPE_CHECKING:
    from spaceship.tracking.store import Store

SOURCE, MODEL = "synthetic", "spaceship-synthetic"
ASKED = 20
DISK_MB = 256
_OLD = "PassengerId,Transported\n"


class Stage:
    """A folder whose states can be put back.

    Args:
        folder: Does not exist yet; everything lies in here.
        served: Whether MLflow is a server.

    """

    def __init__(self, folder: Path, *, served: bool) -> None:
        """Mount the disk, if this account may."""
        self.live, self.saved = folder / "live", folder / "saved"
        self.told, self.record = folder / "told", folder / "record"
        self.outputs = self.live / "outputs"
        self.live.mkdir(parents=True)
        self.own_disk = not served and _mount(self.live)
        backend = f"sqlite:///{self.live}/server.db"
        self.server = MlflowServer(self.live / "server", backend) if served else None
        self._before: dict[str, bench_state.State] = {}
        self._new = ""
        self._asked = bench_forks.aside(_asked)

    def close(self) -> None:
        """End the server and take the disk away."""
        self._stop()
        if self.own_disk:
            subprocess.run(["umount", str(self.live)], check=True)  # noqa: S607 - where it is varies

    def prepare(self) -> None:
        """Make the states that commands find."""
        self._start()
        for name, commands in STATES.items():
            for arguments in commands:
                self._run(arguments, must=True)
            self._before[name] = bench_forks.aside(self._look)
            submission = self.outputs / "submission.csv"
            self._new = submission.read_text() if name == "champion" else self._new
            submission.write_text(_OLD)
            self._stop()
            shutil.copytree(self.live, self.saved / name)
            self._start()

    def steps(self, verb: Verb) -> list[Step]:
        """Return where an undisturbed command writes."""
        self._restore(verb.state)
        watch = Watch(self.outputs)
        self._run(verb.arguments, watch.install, lambda: watch.calls, must=True)
        return steps([(what, touches) for what, touches in self._recorded()])

    def strike(self, verb: Verb, name: str, point: Point) -> Struck:
        """Strike a command with a fault, look, give it again unless it was done, look again."""
        fault = FAULTS[name]
        self._restore(verb.state)
        scene = Scene(self.outputs, self.own_disk, self.server.group if self.server else None)
        watch = Watch(self.outputs, point, lambda what: fault.strike(scene, what))
        account = self._hand_over() if fault.humble and os.getuid() == 0 else None
        ends = (self._run(verb.arguments, watch.install, lambda: watch.struck, account=account),)
        reached = self._recorded() or (name == "SIGKILL" and ends[0] < 0)
        self._mend()
        after, file = bench_forks.aside(self._look), self._submission()
        if ends[0] != 0:
            ends += (self._run(verb.arguments),)
        sweep = "mode=tune" in verb.arguments
        end, wrong = bench_forks.aside(lambda: (self._look(), self._broken(sweep=sweep)))
        stood = (self._before[verb.state], after, end)
        return Struck(ends, stood, (file, self._submission()), bool(reached), tuple(wrong))

    def _run(
        self,
        arguments: Sequence[str],
        before: Callable[[], Any] = lambda: None,
        record: Callable[[], Any] = lambda: None,
        *,
        account: int | None = None,
        must: bool = False,
    ) -> int:
        """Run a command; what `record` returns in the end, in the child, is kept."""
        self.record.write_text("null")
        self.record.chmod(0o666)
        own = [f"paths.outputs={self.outputs}"]
        if self.server is not None:
            own += ["tracking=server", f"tracking.uri={self.server.uri}"]
        with self.told.open("a") as told:
            told.write(f"\n$ {' '.join(arguments)}\n")
        status = bench_forks.run(
            [*SMALL, *arguments, *own],
            self.told,
            before=before,
            after=lambda: self.record.write_text(json.dumps(record())),
            account=account,
        )
        if must and status != 0:
            sys.exit(f"expected status 0, found {status}\n{self.told.read_text()[-2000:]}")
        return status

    def _recorded(self) -> Any:
        return json.loads(self.record.read_text())

    def _restore(self, name: str) -> None:
        """Put a state back."""
        self._stop()
        for path in self.live.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.saved / name, self.live, dirs_exist_ok=True)
        self.told.unlink(missing_ok=True)
        self._start()

    def _mend(self) -> None:
        """Take the fault away: room on the disk, the right to write, a server that answers."""
        ballast(self.outputs).unlink(missing_ok=True)
        for path in [self.outputs, *self.outputs.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        if self.server is not None and not self.server.answers():
            self._stop()
            self._start()

    def _hand_over(self) -> int:
        """Give the folder to an account that is bound by the rights of files."""
        for path in [self.outputs, *self.outputs.rglob("*")]:
            os.chown(path, bench_forks.NOBODY, bench_forks.NOBODY)
        return bench_forks.NOBODY

    def _submission(self) -> str:
        path = self.outputs / "submission.csv"
        text = path.read_text() if path.exists() else None
        return {_OLD: "old", self._new: "new"}.get(str(text), "torn")

    def _look(self) -> bench_state.State:
        state = bench_state.look(self.outputs, SOURCE, self._asked)
        if self.server is None:
            return state
        found = bench_state.look_into(self._store(), MODEL, self._asked)
        return replace(found, unfinished=state.unfinished)

    def _broken(self, *, sweep: bool) -> list[str]:
        found = broken(self._store(), MODEL, [self.outputs / "locks"])
        return [*found, *(unfinished_sweep(self.outputs) if sweep else ())]

    def _store(self) -> "Store":
        from spaceship.tracking.store import Store

        uri = f"sqlite:///{self.outputs}/mlflow.db" if self.server is None else self.server.uri
        return Store(uri, str(self.outputs / "mlartifacts"), bench_state.EXPERIMENT)

    def _start(self) -> None:
        if self.server is not None:
            self.server.start()

    def _stop(self) -> None:
        if self.server is not None:
            self.server.kill()


def _asked() -> Any:
    """Return passengers that champions have to predict."""
    from spaceship import experiment as parts

    return parts.data_source(bench.composed(*SMALL)).load().test.head(ASKED)


def _mount(folder: Path) -> bool:
    """Put a small disk at a folder, if this account may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
