"""Layout of error messages: words are whole, and a command is on lines of its own."""

from io import StringIO

import pytest
from mlflow import MlflowException

from spaceship.cli.messages import explain, laid_out
from spaceship.config.installation import program
from spaceship.model.unreadable_rows import UnreadableRowsError
from tests.commands import ROOT

WIDTH = 40
COMMAND = f"{program()} mode=train data=local paths.outputs=/mine"


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.chdir(ROOT)


def test_rows_that_a_model_cannot_read_are_no_damaged_store() -> None:
    assert explain(UnreadableRowsError("expected sown to be a date")) is None
    assert "an MLflow store" in str(explain(MlflowException("no such table")))


def test_a_message_in_a_pipe_is_not_broken() -> None:
    message = f"{'word ' * 30}found none; train one first: {COMMAND}"
    first, last = laid_out(message, StringIO()).splitlines()
    assert first == f"error: {'word ' * 30}found none; train one first:"
    assert last.strip() == COMMAND


def test_on_a_terminal_words_are_whole_and_the_command_can_be_copied() -> None:
    lines = laid_out(f"{'wordy ' * 30}train one: {COMMAND}", Terminal()).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert lines[0].startswith("error: wordy")
    at = next(number for number, line in enumerate(lines) if program() in line)
    assert {word.strip(";:") for line in lines[:at] for word in line.split()[-1:]} == {
        "wordy",
        "one",
    }
    copied = " ".join(line.strip().removesuffix("\\").strip() for line in lines[at:])
    assert copied == COMMAND


def test_two_commands_are_two_lines() -> None:
    text = laid_out(f"expected a model; train: {COMMAND}, or go back: {COMMAND}", StringIO())
    assert [line.strip() for line in text.splitlines()[1:]] == [COMMAND, "or go back:", COMMAND]


def test_other_programs_are_commands_too_and_no_line_but_the_first_looks_like_an_error() -> None:
    text = laid_out("a: found b; run: unzip -d a b.zip\nerror: c\n  run: mv a b", StringIO())
    assert text.splitlines() == [
        "error: a: found b; run:",
        "         unzip -d a b.zip",
        "       error: c",
        "         run:",
        "         mv a b",
    ]
