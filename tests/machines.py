"""Machines that are namespaces of this one: a network, a host name and processes of their own.

A machine ends with its first process, and leaves no address, name or process.
"""

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

from tests.commands import ROOT

_UNSHARED = [
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--net",
    "--uts",
    "--pid",
    "--fork",
    "--mount-proc",
    "--kill-child",
]
# As the first process of any machine does, the shell waits for processes that lost their parent.
_FIRST = """hostname "$1" && ip link set lo up && ip address add "$2/32" dev lo && echo ready &&
while :; do sleep 1000; done"""


class Machine:
    """A machine that runs commands until it is killed, with all that runs there.

    Args:
        name: Its host name.
        address: Its address, which it keeps without a cable.
        folder: Folder that its commands run in.

    """

    def __init__(self, name: str, address: str, folder: Path) -> None:
        """Start it, without a cable."""
        self.name, self.address, self.folder = name, address, folder
        self._started: list[subprocess.Popen[str]] = []
        command = [*_UNSHARED, "bash", "-c", _FIRST, "bash", name, address]
        quiet = subprocess.DEVNULL
        self._outer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=quiet, text=True)
        assert self._outer.stdout is not None
        if self._outer.stdout.readline() != "ready\n":
            self.kill()
            raise OSError("this process may not make namespaces")
        outer = self._outer.pid
        self.first = int(Path(f"/proc/{outer}/task/{outer}/children").read_text())

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command on the machine; what it prints is read from its pipe."""
        into = ["nsenter", f"--target={self.first}", "--net", "--uts", "--pid", "--mount"]
        process = subprocess.Popen(
            [*into, "env", f"--chdir={self.folder}", *command],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Run a command on the machine; return its exit status and all that it printed."""
        process = self.start(*command, **environment)
        told = process.communicate(timeout=300)[0]
        return process.returncode, told

    def connect(self, other: Self) -> None:
        """Lay a cable to another machine."""
        own = ["nsenter", f"--target={self.first}", "--net", "ip"]
        pair = ["link", "add", "cable", "type", "veth", "peer", "name", "cable"]
        self.run("ip", "link", "delete", "cable")  # to a machine that was killed
        subprocess.run([*own, *pair, "netns", str(other.first)], check=True)
        for one in (self, other):
            one.link("up")
            told = one.run("ip", "address", "add", f"{one.address}/24", "dev", "cable")
            assert told == (0, ""), told

    def link(self, state: str) -> None:
        """Pull the cable out (`down`), or put it in again (`up`)."""
        status, told = self.run("ip", "link", "set", "cable", state)
        assert status == 0, told

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process but the first, as SIGSTOP to freeze the machine."""
        self.run("sh", "-c", f"kill -{number.value} -1")

    def kill(self) -> None:
        """End the machine at once."""
        for process in (self._outer, *self._started):
            process.kill()  # `nsenter` stays outside, stopped like the command if that was frozen
            if process.stdout is not None and not process.stdout.closed:
                process.communicate(timeout=30)
