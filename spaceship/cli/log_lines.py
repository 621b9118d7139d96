"""Log lines of a job on the screen: on a terminal coloured and wrapped, anywhere else plain."""

import logging
import re
import sys
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

from spaceship.cli.console import new_console
from spaceship.cli.streams import SafeStream
from spaceship.results import COMMAND
from spaceship.screen import Commands, Sentence, Shown, Table, Tone
from spaceship.text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

_OWN = ("spaceship", "hydra_plugins", "__main__")  # loggers whose details are shown
_STYLES = {Tone.GOOD: "bold green", Tone.FAIR: "bold yellow", Tone.BAD: "bold red"}
_OF_LEVEL = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_BLANKS = re.compile(r" +((?:\x1b\[0m)?$)", re.MULTILINE)  # at the end of a line
_GAP = 2  # blanks between the columns of a table
_WORD = re.compile(r"""(?:'[^']*'|"[^"]*"|\\.|[^\s'"\\])+""")  # of a command, quotes included


class ScreenHandler(logging.StreamHandler[Any]):
    """Handler that prints log records: see `spaceship.screen` for those that are more than a line.

    >>> ScreenHandler(StringIO()).emit(logging.makeLogRecord({"msg": "3 rows"}))
    """

    def filter(self, record: logging.LogRecord) -> Any:
        """Drop the details of other libraries, and phases that are drawn."""
        is_detail = record.levelno < logging.INFO
        if getattr(record, "drawn", False) or (
            is_detail and record.name.partition(".")[0] not in _OWN
        ):
            return False
        return super().filter(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record; its command, if it has one, is a next one."""
        if command := getattr(record, "command", ""):
            COMMAND.report_next({record.getMessage().removesuffix(command).rstrip(": "): command})
        try:
            if not self.stream.isatty():
                if getattr(record, "progress", False):
                    print(self.format(record), file=sys.stderr, flush=True)  # noqa: T201
                    if isinstance(self.stream, SafeStream):
                        self.stream.check_reader()  # or the work would go on for nobody
                else:
                    super().emit(record)
                return
            from rich.text import Text

            console = new_console(StringIO())
            for one in _rendered(record, self.format(record), console):
                console.print(one, soft_wrap=isinstance(one, Text))  # only the terminal breaks them
            drawn = console.file.getvalue()  # type: ignore[attr-defined]
            text = _BLANKS.sub(r"\1", drawn)
            is_safe = isinstance(self.stream, SafeStream)
            (self.stream.write_codes if is_safe else self.stream.write)(text)
            self.flush()
        except Exception:  # noqa: BLE001 - as every handler of Python's logging
            self.handleError(record)


def _rendered(
    record: logging.LogRecord, text: str, console: "Console"
) -> Iterator["RenderableType"]:
    shown: Shown | None = getattr(record, "shown", None)
    if isinstance(shown, Table):
        yield _table(shown, console)
    elif isinstance(shown, Commands):
        for purpose, command in shown.by_purpose.items():
            yield from _wrapped(f"{shown.title}: {printable(purpose)}", "bold", console)
            yield from _copied(command, console)
    else:
        of_level, command = _OF_LEVEL.get(record.levelname, ""), getattr(record, "command", "")
        style = _STYLES[shown.tone] if isinstance(shown, Sentence) else of_level
        yield from _wrapped(text.removesuffix(printable(command)), style, console)
        yield from _copied(command, console)


def _copied(command: str, console: "Console") -> "Iterator[Text]":
    from rich.text import Text

    for line in broken(printable(command), console.width) if command else ():
        yield Text(line, "cyan", no_wrap=True)


def _wrapped(text: str, style: str, console: "Console") -> "Iterator[Text]":
    """Yield lines that fit; what does not fit into a line goes on further to the right."""
    from rich.cells import cell_len
    from rich.text import Text

    for line in text.split("\n"):
        bare = line.lstrip(" ")
        indent = min(len(line) - len(bare), console.width // 2)
        parts = Text(bare.rstrip() or " ", style).wrap(console, console.width - indent - _GAP)
        whole = indent + cell_len(bare) <= console.width
        for at, part in enumerate([Text(bare, style)] if whole else parts):
            part.rstrip()
            yield Text(" " * (indent + _GAP * bool(at)), no_wrap=True) + part


def broken(command: str, width: int) -> list[str]:
    r"""Return a command in lines that can be copied: a shell reads the same words.

    Each but the last ends in a backslash. A quoted word too long for a line is broken at its blanks
    into quoted parts, without an indent; any other is left to the terminal, whose own breaks are
    not copied.

    >>> print("\n".join(broken("python scripts/run.py mode=promote reason='it is better'", 40)))
      python scripts/run.py mode=promote \
        reason='it is better'
    """
    lines = [" "]
    for found in _WORD.finditer(command):
        word = found[0]
        if len(lines[-1]) + len(word) + 3 > width and lines[-1].strip():
            lines[-1] += " \\"
            lines.append("   ")
        first, *more = _parts(word, width - len(lines[-1]) - 3, width - 3)
        lines[-1] += f" {first}"
        for part in more:
            lines[-1] += "\\"
            lines.append(part)
    return lines


def _parts(word: str, first: int, room: int) -> list[str]:
    """Return a word, or the quoted parts of a quoted one that is longer than the room."""
    if len(word) <= room or not re.fullmatch(r"'[^']+'", word):
        return [word]
    lines = [""]
    for part in re.findall(r" *[^ ]+ ?|.", word[1:-1]):
        if lines[-1] and len(lines[-1]) + len(part) > (first if len(lines) == 1 else room) - 2:
            lines.append("")
        lines[-1] += part
    return [f"'{line}'" for line in lines]


def _table(table: Table, console: "Console") -> "RenderableType":
    """Return a table of rich: what is too wide for the terminal is left out, then folded."""
    from rich import table as rich_table
    from rich.cells import cell_len
    from rich.text import Text

    rows = [[printable(one) for one in row] for row in table.rows]
    kept = list(range(max(map(len, [table.head, *rows]), default=0)))
    titles = [*table.head] or [""] * len(kept)

    def width() -> int:
        cells = [titles, *rows]
        return sum(max(cell_len(row[at]) for row in cells) + _GAP for at in kept) - _GAP

    for title in table.spared:
        if width() > console.width:
            kept.remove(titles.index(title))
    made = rich_table.Table(
        box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=bool(table.head)
    )
    texts = "<" in table.sides  # whose columns give way to numbers
    for at in kept:
        side = table.sides[min(at, len(table.sides) - 1)]
        first = "" if table.head or at else "bold"
        made.add_column(
            titles[at],
            style=first,
            justify="right" if side == ">" else "left",
            no_wrap=texts and (side == ">" or bool(first)),
            overflow="fold",
        )
    for row in rows:
        made.add_row(*(Text(row[at], _tone(table, row[at])) for at in kept))
    return made


def _tone(table: Table, cell: str) -> str:
    return _STYLES[table.tones[cell]] if cell in table.tones else ""
