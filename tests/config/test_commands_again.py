"""Commands that messages offer: the words that were typed, not those that Hydra was given."""

import shlex
import subprocess
import sys

import pytest

from spaceship.config.installation import typed_again
from spaceship.config.verbatim import verbatim
from spaceship.text import shell_line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run=1"], "run=1"),
        (["run='1'"], "run=1"),
        (["runs=[1,last]"], "runs=1,last"),
        (["run=12e5", "seed=7", "reproduce.code=recorded"], "run=12e5 seed=7"),
        (["reason=new data"], "'reason=new data'"),
        (["reason='a, b'"], '''"reason='a, b'"'''),
        (["run=lgbm on full"], "'run=lgbm on full'"),
    ],
)
def test_a_command_typed_again_is_plain(
    words: list[str], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py", *verbatim(words)])
    assert typed_again(("reproduce.code=",), "a=b").endswith(f" {line} a=b")


_ODD = ["a=\"b\" 'c'", "$HOME 'x'", "`ls` 'x'", "a\\ 'b'", "!1'x'"]


@pytest.mark.parametrize("words", [["run=1"], ["a b", "it's"], _ODD])
def test_a_shell_reads_the_words_of_a_line(words: list[str]) -> None:
    line = shell_line(words)
    command = ["/bin/sh", "-c", f"printf '%s\\n' {line}"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == words == shlex.split(line)
