"""Drift above `inference.max_drift`: a warning or the end of the run, and the table of drifts."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import pandas as pd

from spaceship.drift.psi import LARGE, MODERATE, Drift
from spaceship.errors import DriftError, expected
from spaceship.files import csv_text, harmless
from spaceship.screen import Table, Tone
from spaceship.text import first_few, shortened

log = logging.getLogger(__name__)

DRIFT_FILE = "drift.json"  # in the folder of a job that predicted
FEWEST_ROWS = 50
"""Least rows to judge drift by. In 300 draws of 50, 100 or 200 undrifted synthetic rows no
column went beyond chance; with fewer there is next to nothing but chance."""

LEGEND = (
    f"PSI below {MODERATE} is small, from {LARGE} on large (a rule of thumb: Siddiqi 2006).\n"
    "Chance is the index that sampling alone stays below in 999 columns of 1000."
)
_SHOWN, _LENGTH = 3, 20  # unseen categories named in a table, and characters of each


class Reaction(StrEnum):
    """The reaction to drift above the limit."""

    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class DriftAlert:
    """The limit of drift, and the reaction above it.

    >>> far = Drift("weight", psi=0.3, chance=0.02, missing_before=0.0, missing_now=0.0)
    >>> [one.column for one in DriftAlert(0.2, Reaction.WARN).exceeding([far], n_rows=1000)]
    ['weight']
    """

    max_drift: float | None  # largest acceptable index of a column; None accepts any
    on_drift: Reaction  # `warn` logs the columns above it, `fail` ends the run

    @property
    def fails(self) -> bool:
        """Whether drift can end the run."""
        return self.max_drift is not None and self.on_drift == Reaction.FAIL

    def exceeding(self, drifts: Sequence[Drift], n_rows: int) -> list[Drift]:
        """Return the columns above the limit; none of fewer than 50 rows."""
        if self.max_drift is None or n_rows < FEWEST_ROWS:
            return []
        return [one for one in drifts if one.exceeds(self.max_drift)]

    def raise_or_warn(self, drifts: Sequence[Drift], n_rows: int) -> None:
        """Warn of columns above the limit, or raise DriftError if `on_drift` is `fail`."""
        if n_rows < FEWEST_ROWS:
            message = "%d rows are too few to judge drift by: it takes %d."
            log.info(message, n_rows, FEWEST_ROWS)
        elif self.max_drift is None and self.on_drift == Reaction.FAIL:
            log.warning(
                "Drift is only reported, as inference.max_drift is null: set it to end the run."
            )
        if not (exceeding := self.exceeding(drifts, n_rows)):
            return
        found = first_few(f"{one.column} at {one.psi:.3g}" for one in exceeding)
        if self.on_drift == Reaction.WARN:
            log.warning("Above inference.max_drift=%g: %s", self.max_drift, found)
            return
        what = f"every column within inference.max_drift={self.max_drift:g}"
        do = (
            "no submission was written: train on rows like these (mode=train), or accept the "
            "drift with inference.on_drift=warn"
        )
        raise DriftError(expected(what, found, do))


def drift_table(drifts: Sequence[Drift]) -> Table:
    """Return a table for a terminal, in the order of the drifts.

    >>> drift_table([Drift("weight", 0.3, 0.02, 0.0, 0.5)]).rows[0][:5]
    ('weight', '0.3000', '0.0200', 'large', '0.0% → 50.0%')
    """
    head = ("column", "PSI", "chance", "drift", "missing", "unseen categories")
    tones = {"large": Tone.BAD, "moderate": Tone.FAIR}
    return Table([_cells(one) for one in drifts], head, "<", spared=("chance",), tones=tones)


def drift_summary(drifts: Sequence[Drift]) -> str:
    """Return in words how many columns have drifted, and the farthest ones.

    >>> drift_summary([Drift("weight", 0.3, 0.02, 0.0, 0.5)])
    '1 of 1 columns drifted beyond chance: weight (PSI 0.3, large)'
    """
    beyond = [one for one in drifts if one.exceeds(0.0)]
    if not beyond:
        return f"none of {len(drifts)} columns drifted beyond chance"
    named = first_few((f"{one.column} (PSI {one.psi:.2g}, {one.size})" for one in beyond), 3)
    return f"{len(beyond)} of {len(drifts)} columns drifted beyond chance: {named}"


def drift_csv(drifts: Sequence[Drift]) -> str:
    """Return a row per column as CSV text, figures with every digit.

    >>> drift_csv([Drift("weight", 0.3, 0.02, 0.0, 0.5)]).splitlines()[1]
    'weight,0.3,0.02,0.0,0.5,,0.0,large'
    """
    rows = [drift_facts(one) | {"unseen": " ".join(map(repr, one.unseen))} for one in drifts]
    return csv_text(pd.DataFrame(rows).map(harmless))


def drift_facts(drift: Drift) -> dict[str, object]:
    """Return a column's drift for `drift.json`, with the word for its size.

    >>> drift_facts(Drift("weight", 0.3, 0.02, 0.0, 0.5))["size"]
    'large'
    """
    return asdict(drift) | {"size": drift.size}


def _cells(drift: Drift) -> tuple[str, ...]:
    named = [shortened(repr(level), _LENGTH) for level in drift.unseen[:_SHOWN]]
    more = ["…"] if len(drift.unseen) > _SHOWN else []
    share = f" ({drift.unseen_share:.1%})" if drift.unseen else ""
    return (
        drift.column,
        f"{drift.psi:.4f}",
        f"{drift.chance:.4f}",
        drift.size,
        f"{drift.missing_before:.1%} → {drift.missing_now:.1%}",
        ", ".join([*named, *more]) + share,
    )
