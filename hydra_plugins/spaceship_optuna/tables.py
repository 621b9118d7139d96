"""Tables for a terminal: cells formatted, then aligned in columns of plain text."""

import math
from collections.abc import Sequence
from itertools import chain, repeat


def cell(value: object, form: str = "") -> str:
    """Return a value in a format, or a dash for None and NaN.

    >>> cell(0.0341, "+.1%"), cell("lgbm"), cell(None), cell(float("nan"), ".4f")
    ('+3.4%', 'lgbm', '-', '-')
    """
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "-" if missing else format(value, form)


def aligned(rows: Sequence[Sequence[str]], sides: str = "<") -> str:
    """Return rows of cells as lines of text, two spaces between the columns.

    `sides` has `<` (left) or `>` (right) for each column; its last one holds for the rest.

    >>> print(aligned([("model", "trials", "best"), ("lgbm", "12", "0.38")], "<>"))
    model  trials  best
    lgbm       12  0.38
    """
    columns = []
    sides_of_all = chain(sides, repeat(sides[-1]))
    for texts, side in zip(zip(*rows, strict=True), sides_of_all, strict=False):
        width = max(map(len, texts))
        columns.append([f"{text:{side}{width}}" for text in texts])
    return "\n".join("  ".join(line).rstrip() for line in zip(*columns, strict=True))
