"""Whole commands on a terminal of 80 columns: what is drawn, what stays, what is plain."""

import json
import os
import re
import shlex
import subprocess
import termios
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forks
from tests.commands import QUICK, QUICK_MODEL, Shell
from tests.forks import Fork
from tests.screen import CODE, lines_of

WIDTH = 80
TERMINAL = {"TERM": "xterm-256color", "COLUMNS": "", "NO_COLOR": ""}


@dataclass
class Seen:
    """All that a command wrote to its terminal, and the screen that it left."""

    status: int
    text: str

    @property
    def lines(self) -> list[str]:
        return lines_of(self.text)

    @property
    def widest(self) -> int:
        """Return the width of the widest line that was ever written."""
        return max(map(len, CODE.sub("\n", self.text).replace("\r", "\n").split("\n")))


def on_terminal(shell: Shell, *arguments: str, **environment: str) -> Seen:
    """Run a command on a pseudo-terminal of 80 columns."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, WIDTH))
    parts: list[bytes] = []

    def read() -> None:
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # all ends are closed
                return
            parts.append(part)

    thread = threading.Thread(target=read)
    thread.start()
    own = os.environ | TERMINAL | environment
    own = {name: value for name, value in own.items() if value}
    process = Fork(shell.command(*arguments), shell.outputs.parent, own, files=(theirs, theirs))
    os.close(theirs)
    status = process.wait(300)
    thread.join(60)
    os.close(ours)
    return Seen(status, b"".join(parts).decode().replace("\r\n", "\n"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shell, Seen]:
    """Give outputs with a champion, and the screen of the main job that made it."""
    shell = Shell(tmp_path_factory.mktemp("t") / "outputs")
    return shell, on_terminal(shell, *QUICK, QUICK_MODEL)


pytestmark = pytest.mark.slow


def newest(shell: Shell, name: str) -> Any:
    return json.loads(max(shell.outputs.glob(f"runs/*/*/{name}")).read_text())


def test_the_main_job_draws_its_phases_and_leaves_facts(first: tuple[Shell, Seen]) -> None:
    shell, seen = first
    assert seen.status == 0, seen.text
    assert seen.text.startswith("Starting …")
    for phase in ("Cross-validation", "Fitting on all rows", "Storing the model"):
        assert re.search(f"[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] {phase}", seen.text), phase
    assert re.search(r"━+╌* +\d/\d", seen.text), "a bar with its steps"
    screen = "\n".join(seen.lines)
    assert not re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏━…]", screen)
    assert seen.widest <= WIDTH
    assert [line.split()[0] for line in seen.lines[:5]] == [
        *("Task", "Data", "Recipe", "Gate", "Logged"),
    ]
    assert "logistic_regression on raw" in seen.lines[2]
    assert "Verdict: champion; there was no champion yet. Every rule is met." in screen
    assert "\x1b[1;32mVerdict: champion" in seen.text, "in green"
    assert "submissions/spaceship_titanic-synthetic.csv" in "".join(screen.split())
    log = next(shell.outputs.glob("runs/*/*/run.log")).read_text()
    assert "Verdict: champion" in log
    assert "\x1b" not in log


def test_the_table_shows_the_figures_of_the_files_and_the_next_command_works(
    first: tuple[Shell, Seen],
) -> None:
    shell, _ = first
    seen = on_terminal(shell, "mode=train", *QUICK, "model=random_forest", "gate=predecessor")
    assert seen.status == 0, seen.text
    assert seen.widest <= WIDTH
    verdict, report = newest(shell, "verdict.json"), newest(shell, "report.json")
    screen = "\n".join(seen.lines)
    for kind, prefix in (("cross-validated", "cv"), ("held out", "holdout")):
        (line,) = (one for one in seen.lines if one.startswith(f"accuracy, {kind}"))
        mine, theirs, gain, _, error = line.rpartition(kind)[2].split()
        assert mine == f"{report['metrics'][f'{prefix}_accuracy']:.4f}"
        (score,) = (s for s in verdict["scores"] if (s["rows"], s["metric"]) == (kind, "accuracy"))
        assert (theirs, gain) == (f"{score['champion']:.4f}", f"{score['difference']:+.4f}")
        assert error == f"{score['error']:.4f}"
    assert f"{verdict['numbers']['champion_accuracy']:.4f}" in screen
    for check in verdict["checks"]:
        assert any(line.startswith(check["title"]) for line in seen.lines), check
        assert check["rule"] not in screen
    _, _, after = screen.partition("Next: ")
    command = after.partition("See: ")[0].partition("\n")[2]
    assert "\\\n" in command, "broken so that it can be copied"
    if verdict["award"] == "refused":
        words = shlex.split(command.replace("\\\n", " "))
        assert words[-1].endswith(str(shell.outputs)) or "mode=tune" in words
        command = command.replace("mode=tune", "mode=pp")  # which takes no minutes
    done = subprocess.run(  # noqa: S602 - as it is copied into a shell
        command, shell=True, cwd=shell.outputs.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["inference", "history", "pp", "clean"])
def test_no_line_of_a_mode_is_wider_than_the_terminal(first: tuple[Shell, Seen], mode: str) -> None:
    seen = on_terminal(first[0], f"mode={mode}", *QUICK[:1], "hydra.verbose=true")
    assert seen.status == 0, seen.text
    assert seen.widest <= WIDTH
    assert "Traceback" not in seen.text


def test_no_codes_of_colour_where_nobody_wants_them(first: tuple[Shell, Seen]) -> None:
    bare = on_terminal(first[0], "mode=history", *QUICK[:1], NO_COLOR="1")
    assert not re.search(r"\x1b\[[\d;]*m", bare.text)
    dumb = on_terminal(first[0], "mode=inference", *QUICK[:1], TERM="dumb")
    assert dumb.text.startswith("Starting …\nLoading the libraries …\n")
    assert "\x1b" not in dumb.text
    assert dumb.widest <= WIDTH


def test_silence_is_kept_where_it_is_asked_for(first: tuple[Shell, Seen]) -> None:
    quiet = "hydra.job_logging.root.level=WARNING"
    seen = on_terminal(first[0], "mode=inference", *QUICK[:1], quiet)
    assert (seen.status, "".join(seen.lines)) == (0, "")
    assert not re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]", seen.text)
    done = forks.run(first[0].command("mode=inference", *QUICK[:1], quiet))
    assert (done.stdout, done.stderr) == ("", "")


def test_a_pipe_gets_lines_and_no_codes(first: tuple[Shell, Seen]) -> None:
    done = first[0]("mode=train", *QUICK)
    assert "\x1b" not in done.stdout
    assert "logistic_regression on raw, the champion's recipe (version " in done.stdout
    assert "Verdict: " in done.stdout
    assert " …" not in done.stdout
    for phase in ("Reading the data …", "Cross-validation …", "Fitting on all rows …"):
        assert f"\n{phase}\n" in done.stderr


@pytest.mark.parametrize("mode", ["inference", "history"])
def test_a_reader_that_goes_away_ends_the_command_quietly(
    first: tuple[Shell, Seen], mode: str, tmp_path: Path
) -> None:
    words = shlex.join(first[0].command(f"mode={mode}", *QUICK[:1]))
    line = f"{words} 2>{tmp_path}/err | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], check=False)  # noqa: S607
    assert done.returncode in {0, 141}
    assert all(line.endswith(" …") for line in (tmp_path / "err").read_text().splitlines())
