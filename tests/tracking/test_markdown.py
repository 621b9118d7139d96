"""Markdown of descriptions: nothing of it is a command to the page, and nothing is a secret."""

import shlex

import pytest

from hydra_plugins.spaceship_optuna.config_text import remember
from spaceship.screen import Table
from spaceship.tracking.markdown import LENGTH, block, command, fold, page, plain, table

SECRET = "s3cret_to*ken"  # noqa: S105 - one that Markdown would escape


@pytest.fixture
def _known() -> None:
    remember(SECRET)


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("write", [plain, command, page, lambda text: page(block(text))])
def test_no_secret_is_written(write: object) -> None:
    assert callable(write)
    for text in (f"reason={SECRET}", "uri=postgresql://me:pass_word@host/db"):
        written = str(write(text)).replace("\\", "")
        assert SECRET not in written
        assert "pass_word" not in written


def test_a_cell_cannot_end_its_row() -> None:
    lines = table(Table([("a|b\nc", "1")], ("x", "y"), "<>")).splitlines()
    assert lines == ["| x | y |", "|:---|---:|", "| a\\|b c | 1 |"]
    assert table(Table([])) == ""


def test_a_folded_command_is_the_same_command() -> None:
    line = shlex.join(["python", "run.py", *(f"a.long.key.{n}='it {n}'" for n in range(9))])
    folded = fold(line)
    assert max(map(len, folded.splitlines())) <= 80
    assert shlex.split(folded.replace("\\\n", "")) == shlex.split(line)


def test_a_page_is_as_long_as_every_store_takes_it() -> None:
    assert len(page("x" * 9000)) == LENGTH
    assert "```" not in block("a ``` b").strip("`")
