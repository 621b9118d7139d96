"""Texts of an explanation for a terminal: bars of pushes, nearest rows, what if."""

from collections.abc import Iterator

from spaceship.explanation.explanation import Explanation, Value
from spaceship.screen import Table
from spaceship.task.task import Task
from spaceship.text import digits, one_line

_SIDE = 8  # characters of the longest bar, on its side of the middle
_NAME, _VALUE = 20, 18  # characters of a cell
_MOST = 20  # columns that are shown


def pushes_table(made: Explanation, task: Task) -> Table:
    """Return the pushes of the raw columns as bars, from the mean prediction to that of the row.

    >>> from spaceship.explanation.explanation import Push
    >>> pushes = [Push("age", 7.0, 0.25, 0.01), Push("fee", None, -0.125, 0.02)]
    >>> empty = {"nearest": [], "what_if": None, "by_class": {}, "base_by_class": {}}
    >>> made = Explanation("a1", True, "chance", 0.625, 0.5, 200, pushes, **empty)
    >>> print(pushes_table(made, task))
    column              value     push       ±
    mean of passengers          0.5000
    age                     7  +0.2500  0.0100          │████████
    fee                     -  -0.1250  0.0200      ████│
    this passenger              0.6250
    """
    shown = [*made.pushes[:_MOST]]
    most = max((abs(one.push) for one in shown), default=0.0)
    rows = [
        (
            _cut(one.column, _NAME),
            _cut(text(one.value), _VALUE),
            signed(one.push),
            digits(one.error),
            _bar(one.push, most),
        )
        for one in shown
    ]
    if rest := made.pushes[_MOST:]:
        rows.append((f"{len(rest)} other columns", "", signed(sum(r.push for r in rest)), "", ""))
    first = (f"mean of {task.nouns}", "", digits(made.base), "", "")
    last = (f"this {task.noun}", "", digits(made.value), "", "")
    return Table([first, *rows, last], ("column", "value", "push", "±", ""), "<>>><", ("±",))


def nearest_table(made: Explanation, task: Task) -> Table:
    """Return the nearest labelled rows.

    >>> from spaceship.explanation.explanation import NearRow
    >>> near = [NearRow("a2", 0.125, True, False, 0.375)]
    >>> rest = {"what_if": None, "by_class": {}, "base_by_class": {}}
    >>> made = Explanation("a1", True, "chance", 0.625, 0.5, 200, [], near, **rest)
    >>> nearest_table(made, task).rows
    [('a2', '0.1250', 'True', 'False', '0.3750')]
    """
    rows = [
        (_cut(one.row, _NAME), digits(one.distance), text(one.label), text(one.predicted))
        + (digits(one.value),) * task.is_classification
        for one in made.nearest
    ]
    head = (task.noun, "distance", task.label, "predicted")
    more = (made.explains.removesuffix(f" of {made.explains.rpartition(' of ')[2]}"),)
    return Table(rows, head + more * task.is_classification, "<>")


def what_if_text(made: Explanation) -> Iterator[str]:
    """Yield the prediction before and after the changes in words; nothing without changes.

    >>> from spaceship.explanation.explanation import WhatIf
    >>> rest = {"by_class": {}, "base_by_class": {}}
    >>> other = WhatIf({"age": 8.0}, False, 0.375)
    >>> made = Explanation("a1", True, "chance", 0.625, 0.5, 200, [], [], other, **rest)
    >>> print(*what_if_text(made))
    What if age = 8: chance 0.6250 → 0.3750 (-0.2500), predicted True → False
    """
    if (other := made.what_if) is None:
        return
    changes = ", ".join(f"{one_line(name)} = {text(new)}" for name, new in other.changes.items())
    moved = f"{digits(made.value)} → {digits(other.value)} ({signed(other.value - made.value)})"
    if not isinstance(made.predicted, float):
        moved += f", predicted {text(made.predicted)} → {text(other.predicted)}"
    yield f"What if {changes or 'nothing changed'}: {made.explains} {moved}"


def text(value: Value) -> str:
    """Return a value as a table shows it.

    >>> text(7.0), text(0.1), text(None), text(True)
    ('7', '0.1', '-', 'True')
    """
    if value is None:
        return "-"
    return f"{value:.10g}" if isinstance(value, float) else one_line(str(value))


def signed(push: float) -> str:
    """Return a push with its sign.

    >>> signed(0.25), signed(-1234.5)
    ('+0.2500', '-1,234.50')
    """
    return f"{'-' if push < 0 else '+'}{digits(abs(push))}"


def _bar(push: float, most: float) -> str:
    """Return a bar to the left or the right of a middle; the longest has `_SIDE` characters."""
    length = round(_SIDE * abs(push) / most) if most else 0
    left, right = ("█" * length, "") if push < 0 else ("", "█" * length)
    return f"{left:>{_SIDE}}│{right}"


def _cut(name: str, width: int) -> str:
    whole = one_line(name)
    return whole if len(whole) <= width else f"{whole[: width - 1]}…"
