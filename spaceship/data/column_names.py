"""Names of the columns of a raw table: stripped, and those that are nearly a wanted one renamed."""

import logging
from collections.abc import Collection

import pandas as pd

from spaceship.data._base import Table
from spaceship.task.raw_frame import near_names
from spaceship.text import first_few, one_line

log = logging.getLogger(__name__)


def named(table: Table, wanted: Collection[str]) -> pd.DataFrame:
    """Return raw rows under stripped names, those that are nearly a wanted one renamed and said.

    Such a name differs in case, blanks and signs alone, and no other name comes as near.

    >>> raw = pd.DataFrame({"monthly fee ": [1], "plan": ["pro"]})
    >>> [*named(Table(raw, "rows.csv"), ["MonthlyFee", "plan"]).columns]
    ['MonthlyFee', 'plan']
    """
    names = [str(name).strip() for name in table.frame.columns]
    near = near_names(names, wanted)
    if near:
        pairs = first_few(f"{old!r} as {new}" for old, new in near.items())
        log.info("%s: columns read: %s", table.place, one_line(pairs))
    return table.frame.set_axis([near.get(name, name) for name in names], axis="columns")
