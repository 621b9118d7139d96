"""Log lines on a terminal: wrapped, coloured, tables folded, commands broken where a shell can."""

import io
import json
import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from rich.cells import cell_len

from spaceship.cli.console import Drawing, PhaseLines, open_console
from spaceship.cli.log_lines import ScreenHandler, broken
from spaceship.cli.streams import SafeStream
from spaceship.progress import Listener, Phase, phase, show_on
from spaceship.screen import Commands, Sentence, Shown, Table, Tone, show
from tests.copied import Copied

log = logging.getLogger("spaceship.tests")


class Terminal(io.StringIO):
    """Text stream that claims to be a terminal."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.safe = SafeStream(self)

    def open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open the console on it: pytest sets standard output anew after the fixtures."""
        monkeypatch.setattr(sys, "stdout", self.safe)
        open_console()

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Give a terminal of 40 columns that standard output goes to."""
    stream = Terminal()
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    return stream


@pytest.fixture
def printed(terminal: Terminal) -> Iterator[Terminal]:
    """Give the terminal, with log lines on it."""
    handler = ScreenHandler(terminal.safe)
    logging.getLogger().addHandler(handler)
    logging.getLogger("spaceship").setLevel(logging.DEBUG)
    yield terminal
    logging.getLogger().removeHandler(handler)
    logging.getLogger("spaceship").setLevel(logging.NOTSET)
    show_on(Listener())


def test_a_long_line_goes_on_further_to_the_right(printed: Terminal) -> None:
    log.info("  a line that is indented and does not fit into the width")
    assert printed.getvalue() == "  a line that is indented and does not\n    fit into the width\n"


def test_wide_characters_count_twice(printed: Terminal) -> None:
    log.info("%s", "表" * 50)
    assert max(map(cell_len, printed.getvalue().splitlines())) <= 40


TABLE = Table([("lgbm", "0.8123", "a remark of many words that has to be folded")], ("m", "a", "r"))


@pytest.mark.parametrize(
    ("shown", "held"),
    [
        (TABLE, "lgbm"),
        (Table([["1"] * 30], sides=">"), "1"),
        (Table([("Task", "a task of many words that has to be folded somewhere")]), "Task"),
        (Sentence("Verdict: refused. It is not better than the champion.", Tone.BAD), "\x1b[1;31m"),
        (Commands({"go on": "python run.py mode=train data.dir=/a/folder"}), "\x1b[36m"),
    ],
)
def test_every_kind_of_text_fits(printed: Terminal, shown: Shown, held: str) -> None:
    show(log, shown)
    text = printed.getvalue()
    assert held in text
    bare = text.replace("\x1b[1;31m", "").replace("\x1b[36m", "").replace("\x1b[1m", "")
    assert max(map(len, bare.replace("\x1b[0m", "").splitlines())) <= 40


def test_a_narrow_terminal_spares_columns(printed: Terminal) -> None:
    row = [f"figure {at}" for at in range(8)]
    show(log, Table([row], list("abcdefgh"), spared=("h", "c", "b", "a", "d")))
    assert printed.getvalue().splitlines()[-1].split("  ") == row[3:7]


def test_a_long_quoted_word_is_broken_where_a_shell_joins_it() -> None:
    text = json.dumps({f"column  {n}": f"value {n}" for n in range(20)})
    lines = broken(f"printf %s {shlex.quote(text)} end", 40)
    assert max(map(len, lines)) <= 40
    command = ["bash", "-c", "\n".join(lines)]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"{text}end"
    )


def test_a_broken_command_is_the_same_to_a_shell() -> None:
    command = f"echo {shlex.join(['mode=promote', 'reason=it is better', 'a=b c', 'x' * 30])}"
    lines = broken(command, 40)
    assert len(lines) > 1
    assert all(line.endswith("\\") for line in lines[:-1])
    whole, parts = (
        subprocess.run(["bash", "-c", text], capture_output=True, check=True).stdout  # noqa: S607
        for text in (command, "\n".join(lines))
    )
    assert whole == parts


WORDS = ["paths.outputs=/home/" + "a_long_name/" * 9, "sql=SELECT a FROM b " + "AND c = 1 " * 9]


@pytest.mark.parametrize("word", [*WORDS, json.dumps({"a": "it's", "b": [1.5] * 20})])
@pytest.mark.parametrize("drawn", [False, True])
def test_a_copied_command_is_the_same_to_a_shell(
    printed: Terminal, monkeypatch: pytest.MonkeyPatch, word: str, *, drawn: bool
) -> None:
    words = ["mode=train", word, "reason=it is better", "x" * 39, "end"]
    command = f"printf '%s|' {shlex.join(words)}"
    if drawn:
        printed.open(monkeypatch)
    with phase("Reading") if drawn else nullcontext():
        log.info("Go on with: %s", command, extra={"command": command})
        show(log, Commands({"go on": command}))
    copied = Copied(40).text_of(printed.getvalue())
    for one in copied.partition("Go on with:\n")[2].split("Next: go on\n"):
        done = subprocess.run(["bash", "-c", one], capture_output=True, check=True, text=True)  # noqa: S607
        assert done.stdout.split("|")[:-1] == words


def test_values_cannot_steer_the_terminal(printed: Terminal) -> None:
    show(log, Table([("a\x1b[31m", "b")], ("x", "y")))
    show(log, Commands({"go\x1b[2J": "run \x1b[2J"}))
    with phase("Reading \x1b[2J"):
        pass
    assert "[2J" in printed.getvalue()
    assert "\x1b[2J" not in printed.getvalue()
    assert "\x1b[31m" not in printed.getvalue()


def test_details_of_other_libraries_stay_out(printed: Terminal) -> None:
    other = logging.getLogger("matplotlib")
    other.setLevel(logging.DEBUG)
    other.debug("a font")
    other.setLevel(logging.NOTSET)
    log.debug("a detail")
    assert "font" not in printed.getvalue()
    assert "a detail" in printed.getvalue()


def test_phases_are_drawn_below_what_is_printed_and_go_away(
    printed: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed.open(monkeypatch)
    assert printed.getvalue() == "Starting …"
    with phase("Eras", 4) as eras:
        eras.advance("champion")
        with phase("Reading"):
            log.info("a line")
            sys.stdout.write("half ")
            sys.stdout.write("a line\n")
    text = printed.getvalue()
    assert "Eras" in text
    assert text.index("a line\n") < text.index("half a line\n")
    assert not [one for one in text.splitlines() if "Eras" in one and "a line" in one]
    assert getattr(sys.stdout, "above", None) is None
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") - 1, "the cursor is never lost"
    assert "a line" in text.rpartition("\x1b[2K")[0]


def test_where_nothing_is_drawn_phases_are_lines(
    printed: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    printed.open(monkeypatch)
    show_on(PhaseLines(every=0))
    with phase("Eras", 4) as eras:
        eras.advance("champion")
    assert printed.getvalue() == "Starting …\nEras …\n  Eras 1/4 champion\n"


def test_in_a_pipe_phases_are_lines_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = ScreenHandler(io.StringIO())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    monkeypatch.setattr(logging.getLogger("spaceship"), "level", logging.INFO)
    show_on(PhaseLines(every=0))
    with phase("Eras", 4) as eras:
        eras.advance("champion")
        log.info("a result")
    show_on(Listener())
    assert handler.stream.getvalue() == "a result\n"
    assert capsys.readouterr() == ("", "Eras …\n  Eras 1/4 champion\n")


def test_a_sign_of_life_is_gone_before_the_first_text(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal.open(monkeypatch)
    show_on(Listener())
    print("usage: …")  # noqa: T201
    assert terminal.getvalue() == "Starting …\r\x1b[2Kusage: …\n"


def test_a_phase_in_a_trial_is_not_shown(printed: Terminal) -> None:
    from hydra_plugins.spaceship_optuna.trial import reporting_to

    for listener in (Drawing(SafeStream(printed)), PhaseLines()):
        show_on(listener)
        with reporting_to(lambda *_: False), phase("Fitting"):
            pass
    assert printed.getvalue() == ""


def test_a_display_that_fails_ends_no_job() -> None:
    class Broken(Listener):
        def begun(self, phase: Phase) -> None:
            raise OSError(phase.title)

        changed = ended = begun

    show_on(Broken())
    with phase("Folds", 2) as folds:
        folds.advance()
    show_on(Listener())
    assert folds.done == 1
