"""Markdown for MLflow's descriptions: tables, commands, text that stays as it is."""

import re
from collections.abc import Sequence

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.records import fitting
from spaceship.screen import Table

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
    """Return a command as a block of code, which the page's reader may copy.

    >>> print(command("make ui"))
    ```sh
    make ui
    ```
    """
    return f"```sh\n{line.replace('```', '')}\n```"


def rerun(line: str) -> str:
    """Return the paragraph with the command that makes a run again.

    >>> print(rerun("make run").splitlines()[0])
    This run again:
    """
    return f"This run again:\n{command(line)}"


def plain(text: str) -> str:
    r"""Return a text on one line in which no character is Markdown or HTML.

    >>> print(plain("a_b <script> | *c*"))
    a\_b &lt;script&gt; \| \*c\*
    """
    escaped = re.sub(r"([\\\\`*_\[\]|#~!])", r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def page(*parts: str | None) -> str:
    """Return a description of paragraphs, without secrets, as long as every store takes it.

    >>> page("A sentence.", None, "Another.").splitlines()
    ['A sentence.', '', 'Another.']
    """
    return fitting(redact("\n\n".join(part for part in parts if part)), LENGTH)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(plain, cells))} |"
