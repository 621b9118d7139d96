"""Text for people: control characters escaped, long lists cut."""

import math
import re
import shlex
from collections.abc import Iterable

_UNSEEN = re.compile(
    "[^\n\t -~\xa0-\U0010ffff]"  # of the terminal, such as the start of an ANSI escape
    "|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)  # those that have no shape, or reverse the order of what follows
_STEERING = re.compile(r"[\"\\$`!]")  # characters with a meaning between double quotes
_SHOWN = 5
_LARGE = 10  # from here on four decimals say too much


def printable(text: str) -> str:
    r"""Return a text of any number of lines with the characters escaped that steer a terminal.

    >>> print(printable("a\x1b[31m, b\u202e\nc"))
    a\x1b[31m, b\u202e
    c
    """
    return _UNSEEN.sub(lambda found: _escaped(found[0]), text)


def one_line(text: str) -> str:
    r"""Return a text with whatever a line cannot show escaped.

    >>> print(one_line("a\x1b\nb"))
    a\x1b\nb
    """
    return "".join(one if one.isprintable() else _escaped(one) for one in text)


def first_few(items: Iterable[str], most: int = _SHOWN, between: str = ", ", total: int = 0) -> str:
    """Return the first items with a text between them, and the number of the others.

    The total is that of a longer list, of which the items are the first.

    >>> first_few("abcdefg"), first_few("abcdef"), first_few([])
    ('a, b, c, d, e, … and 2 more', 'a, b, c, d, e, f', '')
    """
    every = [*items]
    more = max(len(every), total) - most
    if more <= 1:  # the one more is as short as its number
        return between.join(every)
    return between.join([*every[:most], f"… and {more} more"])


def shell_line(words: Iterable[str]) -> str:
    """Return the words of a command for a shell; those with single quotes between double ones.

    >>> print(shell_line(["mode=train", "reason=new data", "data.dir='a, b'"]))
    mode=train 'reason=new data' "data.dir='a, b'"
    """
    return " ".join(
        f'"{word}"' if "'" in word and not _STEERING.search(word) else shlex.quote(word)
        for word in words
    )


def counted(number: int, noun: str) -> str:
    """Return a number of things, whose noun has a plural with an s.

    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, the last one … where more are cut off.

    >>> shortened("lightgbm", 5), shortened("lgbm", 5)
    ('ligh…', 'lgbm')
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def digits(value: float | None, decimals: int | None = None, sign: str = "") -> str:
    """Return a figure as tables show it, with its own number of decimals if none is given.

    >>> digits(0.8125), digits(27590.4), digits(None), digits(0.5, 2), digits(0.5, 1, "+")
    ('0.8125', '27,590.40', '-', '0.50', '+0.5')
    """
    if value is None or math.isnan(value):
        return "-"
    return f"{value:{sign},.{decimals_of([value]) if decimals is None else decimals}f}"


def decimals_of(figures: Iterable[float]) -> int:
    """Return the number of decimals that the largest of some figures needs: 4, or 2 from 10 on.

    >>> decimals_of([0.5, -3.2]), decimals_of([0.5, -32.0]), decimals_of([])
    (4, 2, 4)
    """
    return 2 if max(map(abs, figures), default=0.0) >= _LARGE else 4


def _escaped(one: str) -> str:
    return repr(one)[1:-1] if not one.isprintable() else f"\\u{ord(one):04x}"
