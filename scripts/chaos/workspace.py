"""Folder in which faults are injected into commands, with a disk or a server of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.chaos import forks
from scripts.chaos.commands import (
    SMALL,
    STATES,
    Command,
    Outcome,
    clean_faults,
    sweep_faults,
)
from scripts.chaos.injection import FAULTS, Place, ballast
from scripts.chaos.moments import Moment, Write, chosen_writes
from scripts.chaos.state import (
    State,
    broken_invariants,
    look,
    look_into,
    passengers,
    store_of,
)
from scripts.chaos.writes import Watch
from scripts.mlflow_server import MlflowServer, answers

if TYPE_CHECKING:
    from spaceship.tracking.store import Store

PASSENGERS = 20
DISK_MB = 256
_OLD = "PassengerId,Transported\n"


class Workspace:
    """A folder that can be put back to each of `STATES`; `close` it at the end."""

    def __init__(self, folder: Path, *, served: bool) -> None:
        """Make the folder, and mount a disk if this account may; `served`: MLflow is a server."""
        self.live, self.saved = folder / "live", folder / "saved"
        self.output, self.record = folder / "output", folder / "record"
        self.outputs = self.live / "outputs"
        self.live.mkdir(parents=True)
        self.own_disk = not served and _mount(self.live)
        backend = f"sqlite:///{self.live}/server.db"
        self.server = MlflowServer(self.live / "server", backend) if served else None
        self._before: dict[str, State] = {}
        self._new_submission = ""
        self._people = forks.call(lambda: passengers(PASSENGERS, *SMALL))

    def close(self) -> None:
        """End the server and unmount the disk."""
        self._stop_server()
        if self.own_disk:
            command = ["umount", "--lazy", str(self.live)]  # an orphan may stand in it
            subprocess.run(command, check=True)

    def prepare(self) -> None:
        """Make the states that commands start from; each has an old submission file."""
        self._start_server()
        self.outputs.mkdir()
        labels = [row % 2 == 0 for row in range(len(self._people))]
        self._people.assign(Transported=labels).to_csv(self.outputs / "people.csv", index=False)
        submission = self.outputs / "submissions" / "spaceship_titanic-synthetic.csv"
        submission.parent.mkdir()
        for name, commands in STATES.items():
            for arguments in commands:
                self._run(arguments, must=True)
            self._before[name] = forks.call(self._look)
            if name == "champion":
                self._new_submission = submission.read_text()
            submission.write_text(_OLD)
            self._stop_server()
            shutil.copytree(self.live, self.saved / name)
            self._start_server()

    def writes(self, command: Command) -> list[Write]:
        """Return the writes of an undisturbed command that faults are injected into."""
        self._restore(command.state)
        watch = Watch(self.outputs)
        self._run(command.arguments, watch.install, lambda: watch.calls, must=True)
        return chosen_writes([(name, touches) for name, touches in self._recorded()])

    def inject(self, command: Command, name: str, moment: Moment) -> Outcome:
        """Inject a fault into a command, look, repeat it unless it ended with 0, look again."""
        fault = FAULTS[name]
        self._restore(command.state)
        place = Place(self.outputs, self.own_disk, self.server.group if self.server else None)
        watch = Watch(self.outputs, moment, lambda touched: fault.inject(place, touched))
        account = self._hand_over() if fault.as_nobody and os.getuid() == 0 else None
        status = self._run(
            command.arguments, watch.install, lambda: watch.injected, account=account
        )
        reached = self._recorded() or (name == "SIGKILL" and status < 0)
        self._mend()
        after, file = forks.call(self._look), self._submission()
        statuses = (status,) if status == 0 else (status, self._run(command.arguments))
        end, broken = forks.call(lambda: (self._look(), self._broken(command)))
        before, files = self._before[command.state], (file, self._submission())
        return Outcome(statuses, before, after, end, files, bool(reached), tuple(broken))

    def _run(
        self,
        arguments: Sequence[str],
        before: Callable[[], Any] = lambda: None,
        record: Callable[[], Any] = lambda: None,
        *,
        account: int | None = None,
        must: bool = False,
    ) -> int:
        """Run a command; keep the result of `record`, called in the child at its end."""
        self.record.write_text("null")
        self.record.chmod(0o666)
        own = [f"paths.outputs={self.outputs}"]
        if self.server is not None:
            own += ["tracking=server", f"tracking.uri={self.server.uri}"]

        def start() -> None:
            os.chdir(self.outputs)  # mode=init writes to ./configs
            before()

        with self.output.open("a") as output:
            output.write(f"\n$ {' '.join(arguments)}\n")
        status = forks.run(
            [*(() if "mode=init" in arguments else SMALL), *arguments, *own],
            self.output,
            before=start,
            after=lambda: self.record.write_text(json.dumps(record())),
            account=account,
        )
        if must and status != 0:
            sys.exit(f"expected status 0, found {status}\n{self.output.read_text()[-2000:]}")
        return status

    def _recorded(self) -> Any:
        return json.loads(self.record.read_text())

    def _restore(self, name: str) -> None:
        """Put a state back."""
        self._stop_server()
        for path in self.live.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self.saved / name, self.live, dirs_exist_ok=True)
        self.output.unlink(missing_ok=True)
        self._start_server()

    def _mend(self) -> None:
        """Take the fault away: room on the disk, the right to write, a server that answers."""
        ballast(self.outputs).unlink(missing_ok=True)
        for path in [self.outputs, *self.outputs.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        if self.server is not None and not answers(self.server.uri):
            self._stop_server()
            self._start_server()

    def _hand_over(self) -> int:
        """Give the folder to an account that is bound by the rights of files."""
        closed = [path for path in Path(sys.base_prefix).parents if not path.stat().st_mode & 1]
        if closed:
            sys.exit(f"expected a Python that every account may run, found {closed[-1]} closed")
        for path in [self.outputs, *self.outputs.rglob("*")]:
            os.chown(path, forks.NOBODY, forks.NOBODY)
        return forks.NOBODY

    def _submission(self) -> str:
        path = self.outputs / "submissions" / "spaceship_titanic-synthetic.csv"
        text = path.read_text() if path.exists() else ""
        if text == _OLD:
            return "old"
        new = self._new_submission  # another champion predicts other labels of the same rows
        rows, expected = (one.splitlines() for one in (text, new))
        whole = [row.split(",")[0] for row in rows] == [row.split(",")[0] for row in expected]
        return "new" if whole and text.endswith(("True\n", "False\n")) else "torn"

    def _look(self) -> State:
        state = look(self.outputs, self._people)
        if self.server is None:
            return state
        return replace(look_into(self._store(), self._people), unfinished=state.unfinished)

    def _broken(self, command: Command) -> list[str]:
        found = broken_invariants(self._store(), [self.outputs / "locks"])
        if "mode=clean" in command.arguments:
            return clean_faults(self._store(), self.outputs, found)
        found += [f"left over: {path.name}" for path in self.outputs.rglob(".*.parts")]
        return [*found, *(sweep_faults(self.outputs) if "mode=tune" in command.arguments else ())]

    def _store(self) -> "Store":
        return store_of(self.outputs, self.server.uri if self.server else None)

    def _start_server(self) -> None:
        if self.server is not None:
            self.server.start()

    def _stop_server(self) -> None:
        if self.server is not None:
            self.server.kill()


def _mount(folder: Path) -> bool:
    """Put a small disk at a folder, if this account may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
