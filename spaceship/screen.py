"""Screen texts of more than one plain line: tables, verdicts, commands to copy.

They are logged like any text, and are plain text in log files and pipes; a terminal shows them with
colours, within its width.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from spaceship.results import COMMAND


class Tone(StrEnum):
    """Meaning of a text, which a terminal shows as a colour."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


@dataclass(frozen=True)
class Table:
    """A table of texts.

    >>> print(Table([("lgbm", "0.81"), ("linear", "0.8")], ("model", "accuracy"), "<>"))
    model   accuracy
    lgbm        0.81
    linear       0.8
    """

    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()  # titles of the columns; none: the first column holds the titles
    sides: str = "<"  # `<` (left) or `>` (right) for each column; the last one holds for the rest
    spared: Sequence[str] = ()  # titles of columns left out where the terminal is too narrow
    tones: Mapping[str, Tone] = field(default_factory=dict)  # of cells, by their text

    def __str__(self) -> str:
        from hydra_plugins.spaceship_optuna.tables import aligned

        return aligned([*([self.head] if self.head else []), *self.rows], self.sides)


@dataclass(frozen=True)
class Sentence:
    """A sentence with a tone.

    >>> print(Sentence("Verdict: champion.", Tone.GOOD))
    Verdict: champion.
    """

    text: str
    tone: Tone

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Commands:
    """Commands to copy, each below its purpose.

    >>> print(Commands({"train on it": "python scripts/run.py mode=train"}))
    Next: train on it
      python scripts/run.py mode=train
    """

    by_purpose: Mapping[str, str]  # an empty command: the purpose says it all
    title: str = "Next"

    def __str__(self) -> str:
        pairs = self.by_purpose.items()
        lines = (f"{self.title}: {why}" + (f"\n  {one}" if one else "") for why, one in pairs)
        return "\n".join(lines)


Shown = Table | Sentence | Commands


def show(log: logging.Logger, shown: Shown, level: int = logging.INFO) -> None:
    """Log a screen text, for a handler that shows it in its own form.

    >>> show(logging.getLogger("quiet"), Sentence("Done.", Tone.GOOD), logging.DEBUG)
    """
    if isinstance(shown, Commands):
        COMMAND.report_next(shown.by_purpose)
    log.log(level, "%s", shown, extra={"shown": shown})
