"""Rules of the columns applied to raw rows: each broken rule with the values that break it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from spaceship.task.column_types import kind_of, read
from spaceship.task.spaceship_titanic.columns import BOOLEANS, COLUMNS, LABEL, NUMBERS
from spaceship.task.spaceship_titanic.rules import rules


@dataclass(frozen=True)
class BrokenRule:
    """A rule of one column with the raw values that break it, indexed as the frame is."""

    column: str
    rule: str
    found: pd.Series


def broken_rules(frame: pd.DataFrame) -> Iterator[BrokenRule]:
    """Yield every rule that rows of a raw frame break: of texts, booleans, numbers, the label.

    The frame holds known columns, any of them absent, under a unique index.

    >>> [broken] = broken_rules(pd.DataFrame({"Age": ["7", "-2"]}))
    >>> broken.rule, broken.found.to_dict()
    ('0 to 120 years', {1: '-2'})
    """
    declared = rules()
    texts = [name for name in COLUMNS if not kind_of(name)]
    for name in (one for one in (*texts, *BOOLEANS, *NUMBERS, LABEL) if one in frame.columns):
        raw = frame[name]
        values, unreadable = read(raw)
        infinite = values.abs() == np.inf if values.dtype == np.float64 else unreadable & False
        kind = "true, false or nothing" if name in BOOLEANS else kind_of(name)
        marks = {kind: unreadable, "a finite number": infinite}
        yield from (BrokenRule(name, rule, raw[m]) for rule, m in marks.items() if m.any())
        if name in declared:
            usable = values[~(unreadable | infinite)]
            for rule, rows in _failures(usable.to_frame(name), declared[name].set_name(name)):
                yield BrokenRule(name, rule, raw.loc[rows])


def _failures(frame: pd.DataFrame, column: pa.Column) -> Iterator[tuple[str, pd.Index]]:
    """Yield the text of each rule that a typed column breaks, and the index of the rows."""
    try:
        column.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for rule, rows in errors.failure_cases.groupby("check", sort=False)["index"]:
            text = f"{column.title} in every row" if rule == "not_nullable" else str(rule)
            yield text, pd.Index(rows.sort_values(), name=frame.index.name)
