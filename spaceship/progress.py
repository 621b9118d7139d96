"""Progress of long work: phases with a title and, where known, a number of steps."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass


@dataclass
class Phase:
    """A part of a job that takes time, such as the folds of a cross-validation.

    >>> folds = Phase("Folds", total=5)
    >>> folds.advance("accuracy 0.81")
    >>> folds.done, folds.note
    (1, 'accuracy 0.81')
    """

    title: str
    total: int | None = None  # steps; None: not known
    done: int = 0
    note: str = ""

    def advance(self, note: str = "", steps: int = 1) -> None:
        """Count steps that are done, with a note on the last of them, and show them."""
        self.done, self.note = self.done + steps, note
        _tell(_listener.changed, self)


class Listener:
    """Display of phases, such as a terminal; phases may lie inside each other. This one shows none.

    >>> Listener().begun(Phase("Folds"))
    """

    def begun(self, phase: Phase) -> None:
        """Show a phase that begins."""

    def changed(self, phase: Phase) -> None:
        """Show the steps that are done."""

    def ended(self, phase: Phase) -> None:
        """Take away a phase that has ended, whatever ended it."""


_listener = Listener()


def show_on(listener: Listener) -> None:
    """Show the phases of this process on a display from now on.

    >>> show_on(Listener())
    """
    global _listener  # noqa: PLW0603 - one terminal a process
    _listener = listener


@contextmanager
def phase(title: str, total: int | None = None) -> Iterator[Phase]:
    """Show a phase while the block runs.

    >>> with phase("Folds", 2) as folds:
    ...     folds.advance("accuracy 0.81")
    >>> folds.done
    1
    """
    made = Phase(title, total)
    _tell(_listener.begun, made)
    try:
        yield made
    finally:
        _tell(_listener.ended, made)


def numbered(titles: Sequence[str], title: str) -> AbstractContextManager[Phase]:
    """Show one of several phases, with its number, while the block runs.

    >>> with numbered(("blend", "gate"), "gate") as second:
    ...     print(second.title)
    Step 2 of 2: gate
    """
    return phase(f"Step {titles.index(title) + 1} of {len(titles)}: {title}")


def _tell(show: Callable[[Phase], None], phase: Phase) -> None:
    """Show a change of a phase; a display that fails ends no job."""
    with suppress(Exception):
        show(phase)
