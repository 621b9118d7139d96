"""Texts of an explanation: bars of pushes, nearest rows, what if.

All its predictions and pushes have the same number of decimals.
"""

from collections.abc import Iterator

from spaceship.explanation.explanation import Explanation
from spaceship.screen import Table
from spaceship.task.task import Task
from spaceship.task.written import Value, shown
from spaceship.text import decimals_of, digits, one_line, shortened

_SIDE = 8  # characters of the longest bar, on its side of the middle
_NAME, _VALUE = 20, 18  # characters of a cell
_MOST = 20  # columns that are shown
BASE = "mean prediction"
"""What the pushes start from, in words."""


def pushes_table(made: Explanation, task: Task) -> Table:
    """Return the pushes of the raw columns as bars, from the mean prediction to that of the row.

    >>> from spaceship.explanation.explanation import Push
    >>> pushes = [Push("age", 7.0, 0.25, 0.01), Push("fee", None, -0.125, 0.02)]
    >>> empty = {"nearest": [], "what_if": None, "by_class": {}, "base_by_class": {}}
    >>> made = Explanation("a1", True, "chance", 0.625, 0.5, 200, pushes, **empty)
    >>> print(pushes_table(made, task))
    column           value     push       ±
    mean prediction          0.5000
    age                  7  +0.2500  0.0100          │████████
    fee                  -  -0.1250  0.0200      ████│
    this passenger           0.6250
    """
    few, places = made.pushes[:_MOST], decimals(made)
    most = max((abs(one.push) for one in few), default=0.0)
    rows = [
        (
            _cut(one.column, _NAME),
            _cut(shown(one.value), _VALUE),
            digits(one.push, places, "+"),
            digits(one.error, places),
            _bar(one.push, most),
        )
        for one in few
    ]
    if rest := made.pushes[_MOST:]:
        pushed = digits(sum(one.push for one in rest), places, "+")
        rows.append((f"{len(rest)} other columns", "", pushed, "", ""))
    first = (BASE, "", digits(made.base, places), "", "")
    last = (f"this {task.noun}", "", digits(made.value, places), "", "")
    return Table([first, *rows, last], ("column", "value", "push", "±", ""), "<>>><", ("±",))


def nearest_table(made: Explanation, task: Task) -> Table:
    """Return the nearest labelled rows.

    >>> from spaceship.explanation.explanation import NearRow
    >>> near = [NearRow("a2", 0.125, True, False, 0.375)]
    >>> rest = {"what_if": None, "by_class": {}, "base_by_class": {}}
    >>> explains = f"probability of {task.label} True"
    >>> made = Explanation("a1", True, explains, 0.625, 0.5, 200, [], near, **rest)
    >>> table = nearest_table(made, task)
    >>> table.head[1], table.rows[0]
    ('distance', ('a2', '0.1250', 'True', 'False', '0.3750'))
    """
    rows = [
        (_cut(one.row, _NAME), digits(one.distance))
        + (label_text(one.label, made), label_text(one.predicted, made))
        + (digits(one.value, decimals(made)),) * task.is_classification
        for one in made.nearest
    ]
    head = (task.noun, "distance", task.label, "predicted")
    return Table(rows, head + (probability(made, task),) * task.is_classification, "<>")


def probability(made: Explanation, task: Task) -> str:
    """Return the probability that is explained in words, without the name of the label.

    >>> rest = {"what_if": None, "by_class": {}, "base_by_class": {}}
    >>> explains = f"probability of {task.label} True"
    >>> made = Explanation("a1", True, explains, 0.625, 0.5, 200, [], [], **rest)
    >>> probability(made, task)
    'probability of True'
    """
    name = made.explains.removeprefix(f"probability of {task.label} ")
    return one_line(f"probability of {name}")


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
    changes = ", ".join(f"{one_line(name)} = {shown(new)}" for name, new in other.changes.items())
    places = decimals(made)
    before, after = digits(made.value, places), digits(other.value, places)
    moved = f"{before} → {after} ({digits(other.value - made.value, places, '+')})"
    if not isinstance(made.predicted, float):
        moved += f", predicted {shown(made.predicted)} → {shown(other.predicted)}"
    yield f"What if {changes or 'nothing changed'}: {made.explains} {moved}"


def decimals(made: Explanation) -> int:
    """Return the number of decimals of an explanation's predictions: more if its pushes are small.

    >>> from spaceship.explanation.explanation import Push
    >>> rest = {"nearest": [], "what_if": None, "by_class": {}, "base_by_class": {}}
    >>> for push in (7.5, 0.5):
    ...     pushes = [Push("age", 30.0, push, 0.01)]
    ...     print(decimals(Explanation("a1", 77.5, "fee", 77.5, 77.5 - push, 200, pushes, **rest)))
    2
    4
    """
    largest = max((abs(one.push) for one in made.pushes), default=1.0)
    return decimals_of([made.value, made.base] if largest >= 1 else [])


def label_text(label: Value, made: Explanation) -> str:
    """Return a label as the tables of an explanation show it: a number with their decimals.

    >>> rest = {"what_if": None, "by_class": {}, "base_by_class": {}}
    >>> made = Explanation("a1", 77.5, "fee", 77.5, 52.0, 200, [], [], **rest)
    >>> label_text(64.77022255, made), label_text("yes", made)
    ('64.77', 'yes')
    """
    return digits(label, decimals(made)) if isinstance(label, float) else shown(label)


def _bar(push: float, most: float) -> str:
    """Return a bar to the left or the right of a middle; the longest has `_SIDE` characters."""
    length = round(_SIDE * abs(push) / most) if most else 0
    left, right = ("█" * length, "") if push < 0 else ("", "█" * length)
    return f"{left:>{_SIDE}}│{right}"


def _cut(name: str, width: int) -> str:
    return shortened(one_line(name), width)
