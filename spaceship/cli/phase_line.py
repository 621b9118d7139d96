"""Line of a phase on a terminal: title, bar, steps, time and note, as many as there is room for."""

from itertools import product

from spaceship.progress import Phase
from spaceship.text import printable

_BAR_WIDTHS = (20, 10, 0)


def phase_line(phase: Phase, seconds: float, room: int, bar: str = "#.") -> str:
    """Return a phase that has run for so many seconds in so many columns, no word of it cut.

    Without room for all, the bar gets shorter, then the note, then the title.

    >>> folds = Phase("Cross-validation", 5, 3, "accuracy 0.8198  log loss 0.4012")
    >>> phase_line(folds, 72, 80)
    'Cross-validation  ######....  3/5  1:12  accuracy 0.8198  log loss 0.4012'
    >>> phase_line(folds, 72, 45)
    'Cross-validation  3/5  1:12  accuracy 0.8198'
    """
    title, notes = printable(phase.title), printable(phase.note).split("  ")
    clock = f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    for kept, width in product(range(len(notes), -1, -1), _BAR_WIDTHS):
        rest = _joined(_bar(phase, width, bar), counted(phase), clock, *notes[:kept])
        if len(line := _joined(title, rest)) <= room:
            return line
    words = title.split()
    cut = (_joined(" ".join([*words[:n], "…"]), rest) for n in range(len(words) - 1, -1, -1))
    return next((line for line in cut if len(line) <= room), clock)


def counted(phase: Phase) -> str:
    """Return the steps of a phase that are done, and how many there are.

    >>> counted(Phase("Folds", 5, 3)), counted(Phase("Folds", done=3)), counted(Phase("Folds"))
    ('3/5', '3', '')
    """
    return f"{phase.done}/{phase.total}" if phase.total else str(phase.done or "")


def _bar(phase: Phase, width: int, bar: str) -> str:
    filled = round(width * min(phase.done / phase.total, 1)) if phase.total else 0
    return bar[0] * filled + bar[1] * (width - filled) if phase.total else ""


def _joined(*parts: str) -> str:
    return "  ".join(filter(None, parts))
