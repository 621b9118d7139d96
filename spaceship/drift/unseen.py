"""Categories that the champion never learnt from: a warning where they are many, or misspelt."""

from collections.abc import Iterator, Sequence

from spaceship.drift.profile import Profile, profile_title
from spaceship.drift.psi import Drift
from spaceship.task.inference.profile import share, shown
from spaceship.task.task import Task
from spaceship.text import one_line

MANY = 0.5
"""Share of rows, from which categories never seen are warned of whatever the drift."""
_SHOWN = 3  # categories named of a column


def unseen_warnings(drifts: Sequence[Drift], reference: Profile, task: Task) -> Iterator[str]:
    """Yield a line for each column half of whose rows are of new categories, or near misses.

    A near miss differs from a known category in case and blanks alone.

    >>> from spaceship.drift.profile import Column
    >>> visits = Task.read({"problem": "regression", "label": "paid", "noun": "customer",
    ...     "columns": {"plan": "category"}})
    >>> plans = Profile(9, {"plan": Column(9, 0.0, (0.5, 0.5), levels=("basic", "pro"))})
    >>> new = Drift("plan", 2.0, 0.1, 0.0, 0.0, unseen=("BASIC", "max"), unseen_share=0.3)
    >>> [*unseen_warnings([new], plans, visits)]
    ["plan: 30 % of the customers are of categories ... ('BASIC', 'max'); is 'BASIC' 'basic'?"]
    """
    for drift in drifts:
        levels = reference.columns[drift.column].levels
        near = _near_misses(drift.unseen, levels)
        if drift.unseen_share < MANY and not near:
            continue
        title = profile_title(drift.column, task)
        named = ", ".join(map(shown, drift.unseen[:_SHOWN]))
        named = f" ({named}{', …' if len(drift.unseen) > _SHOWN else ''})" if named else ""
        line = f"{title}: {share(drift.unseen_share, 1)} of the {task.nouns} are of categories "
        line += f"that the champion has never seen{named}" if named else "rare where it learnt"
        meant = [f"is {shown(new)} {shown(old)}?" for new, old in [*near.items()][:_SHOWN]]
        yield one_line("; ".join([line, *meant]))


def _near_misses(unseen: Sequence[str], levels: Sequence[str]) -> dict[str, str]:
    """Return the known category that each new one differs from in case and blanks alone."""
    known = {_plain(level): level for level in levels}
    return {one: known[_plain(one)] for one in unseen if _plain(one) in known}


def _plain(level: str) -> str:
    return "".join(level.casefold().split())
