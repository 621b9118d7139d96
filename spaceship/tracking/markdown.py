"""Markdown for MLflow's descriptions: tables, commands, text that stays as it is."""

import re
import shlex
from collections.abc import Sequence

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.records import fitting
from spaceship.screen import Table

_WIDTH = 76  # characters that a line of the page shows
LENGTH = 5000  # characters of a description that every MLflow store takes


def table(shown: Table) -> str:
    """Return a table of the screen as Markdown, empty without rows.

    >>> print(table(Table([("accuracy", "0.81")], ("metric", "candidate"), "<>")))
    | metric | candidate |
    |:---|---:|
    | accuracy | 0.81 |
    """
    if not shown.rows:
        return ""
    sides = shown.sides.ljust(len(shown.head), shown.sides[-1])
    line = "|" + "|".join(":---" if side == "<" else "---:" for side in sides) + "|"
    return "\n".join([_row(shown.head), line, *map(_row, shown.rows)])


def command(line: str) -> str:
    """Return a command as a block of code to copy, a long one on several lines.

    >>> print(command("make ui"))
    ```sh
    make ui
    ```
    """
    return block(fold(redact(line)), "sh")


def block(text: str, language: str = "text") -> str:
    """Return a block of text as it is.

    >>> print(block("a | b"))
    ```text
    a | b
    ```
    """
    return f"```{language}\n{text.replace('```', '')}\n```"


def fold(line: str) -> str:
    """Return a command on lines that fit the page, each but the last ended by a backslash.

    >>> fold("make ui")
    'make ui'
    """
    words = [shlex.quote(word) for word in shlex.split(line)]
    lines = [""]
    for word in words:
        fits = len(lines[-1]) + len(word) < _WIDTH
        lines = [*lines[:-1], f"{lines[-1]} {word}"] if fits else [*lines, f"  {word}"]
    return " \\\n".join(lines).strip()


def rerun(line: str, folder: str) -> str:
    r"""Return the paragraph with the command that makes a run again, in the folder of its start.

    >>> print(rerun("make run", "/home/me/my project"))
    This run again:
    ```sh
    cd '/home/me/my project' && \
      make run
    ```
    """
    start = f"cd {shlex.quote(folder)} && \\\n  "
    return f"This run again:\n{block(start + fold(redact(line)), 'sh')}"


def run_link(experiment_id: str, run_id: str, name: str) -> str:
    """Return a link to a run's page.

    >>> run_link("1", "a1b2", "the sweep")
    '[the sweep](#/experiments/1/runs/a1b2)'
    """
    return f"[{plain(name)}](#/experiments/{experiment_id}/runs/{run_id})"


def plain(text: str) -> str:
    r"""Return a text on one line, without secrets, in which nothing is Markdown or HTML.

    >>> print(plain("a_b <script> | *c*"))
    a\_b &lt;script&gt; \| \*c\*
    """
    escaped = re.sub(r"([\\\\`*_\[\]|#~!])", r"\\\1", " ".join(redact(text).split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def page(*parts: str | None) -> str:
    """Return a description of paragraphs, without secrets, as long as every store takes it.

    >>> page("A sentence.", None, "Another.").splitlines()
    ['A sentence.', '', 'Another.']
    """
    return fitting(redact("\n\n".join(part for part in parts if part)), LENGTH)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(plain, cells))} |"
