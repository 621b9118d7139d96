"""Processes of commands: their lines, their end, and what they may not do."""

import os
import signal
import subprocess
import sys
import time

import pytest

from spaceship.api import child_process
from spaceship.errors import RoleError
from spaceship.registry import role

LONG = 60  # seconds of a process that outlives the one that has started it


def started(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)


def test_a_process_that_holds_the_pipe_open_is_not_waited_for() -> None:
    program = f"""
import subprocess, sys
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep({LONG})"])
print(other.pid, "é", file=sys.stderr, end="\\r\\nlast", flush=True)
"""
    shown: list[str] = []
    begun = time.monotonic()
    with started(program) as child:
        child_process._follow(child, shown.append)
        assert child.returncode == 0
    assert time.monotonic() - begun < LONG / 2
    number, _, rest = "".join(shown).partition(" ")
    os.kill(int(number), signal.SIGKILL)
    assert rest == "é\nlast"


def test_a_line_is_shown_before_the_next_one_comes() -> None:
    program = "import sys\nfor i in range(3): print(i, file=sys.stderr)\nsys.stderr.close()"
    shown: list[str] = []
    with started(program) as child:
        child_process._follow(child, shown.append)
    assert shown == ["0\n", "1\n", "2\n", ""]


@pytest.mark.slow
@pytest.mark.parametrize("is_own", [True, False])
def test_no_word_of_a_command_gives_promotion_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, *, is_own: bool
) -> None:
    from spaceship import Project

    monkeypatch.delenv(role.VARIABLE, raising=False)
    monkeypatch.setattr(role, "given_up", is_own)
    settings = {} if is_own else {"gate": {"may_promote": False}}
    project = Project(outputs=f"{tmp_path}/o", settings=settings, quiet=True)
    with pytest.raises(RoleError, match="expected a process that may move champion"):
        project.run("promote", "gate.may_promote=true")
