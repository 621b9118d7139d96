"""What is said of drift, and what is done when there is too much of it."""

import csv
import io
import logging
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from spaceship.drift.psi import LARGE, MODERATE, Drift
from spaceship.errors import ConfigError, DriftError

log = logging.getLogger(__name__)

REACTIONS = ("warn", "fail")
FEWEST_ROWS = 50
"""Passengers it takes to judge. In 300 draws of 50, 100 or 200 undrifted synthetic passengers no
column went beyond chance; with fewer, next to nothing but chance is left to see."""

_LEGEND = (
    f"PSI below {MODERATE} is small, from {LARGE} on large (a rule of thumb: Siddiqi 2006).\n"
    "Chance is what sampling alone stays below in 999 columns of 1000."
)
_SHOWN, _LENGTH = 3, 20
"""Unseen categories named in a table, and characters of each."""


@dataclass(frozen=True)
class Alarm:
    """When drift is too much, and what follows.

    Attributes:
        max_drift: The index of the worst column that is acceptable; None accepts any.
        on_drift: `warn` says which columns are beyond it, `fail` ends the run.

    """

    max_drift: float | None
    on_drift: str

    def __post_init__(self) -> None:
        """Check both settings.

        Raises:
            ConfigError: One cannot be used; both are listed.

        """
        faults = []
        if self.max_drift is not None and not _is_limit(self.max_drift):
            wanted = "inference.max_drift to be a number, 0 or more, or null"
            faults.append(f"{wanted}, found {self.max_drift!r}")
        if self.on_drift not in REACTIONS:
            wanted = f"inference.on_drift to be one of {', '.join(sorted(REACTIONS))}"
            faults.append(f"{wanted}, found {self.on_drift!r}")
        if faults:
            message = f"expected {'; '.join(faults)}; change it on the command line: KEY=VALUE"
            raise ConfigError(message)

    @property
    def fails(self) -> bool:
        """Whether drift can end the run."""
        return self.max_drift is not None and self.on_drift == "fail"

    def beyond(self, drifts: Sequence[Drift], n_rows: int) -> list[Drift]:
        """Return the columns that have drifted too far: none where there are too few rows."""
        if self.max_drift is None or n_rows < FEWEST_ROWS:
            return []
        return [one for one in drifts if one.beyond(self.max_drift)]

    def sound(self, drifts: Sequence[Drift], n_rows: int) -> None:
        """Warn of what is beyond the limit, or end the run.

        Raises:
            DriftError: Something is, and `on_drift` is `fail`.

        """
        if n_rows < FEWEST_ROWS:
            log.info(
                "%d passengers are too few to judge drift by: it takes %d.", n_rows, FEWEST_ROWS
            )
        elif self.max_drift is None and self.on_drift == "fail":
            log.warning("No drift is too much as inference.max_drift is null: it is only reported.")
        if not (beyond := self.beyond(drifts, n_rows)):
            return
        found = ", ".join(f"{one.column} at {one.psi:.3g}" for one in beyond)
        if self.on_drift == "warn":
            log.warning("Beyond inference.max_drift=%g: %s", self.max_drift, found)
            return
        message = (
            f"expected every column within inference.max_drift={self.max_drift:g}, found {found}; "
            "no submission was written: train on passengers like these (mode=train), or accept the "
            "drift with inference.on_drift=warn"
        )
        raise DriftError(message)


def show(drifts: Sequence[Drift]) -> str:
    """Return a table for a terminal, the farthest column first."""
    head = ("column", "PSI", "chance", "drift", "missing", "unseen categories")
    lines = [head, *(_cells(one) for one in drifts)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([*rows, _LEGEND])


def to_csv(drifts: Sequence[Drift]) -> str:
    """Return a row per column as text, figures with every digit."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    rows = [to_dict(one) | {"unseen": " ".join(map(repr, one.unseen))} for one in drifts]
    writer.writerow(rows[0] if rows else [])
    writer.writerows(row.values() for row in rows)
    return buffer.getvalue()


def to_dict(drift: Drift) -> dict[str, object]:
    """Return a column's drift as JSON has it, with the word for its size."""
    return asdict(drift) | {"size": drift.size}


def _cells(drift: Drift) -> tuple[str, ...]:
    named = [_short(level) for level in drift.unseen[:_SHOWN]]
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


def _short(level: str) -> str:
    """Return a category as a terminal can take it."""
    text = repr(level)
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"


def _is_limit(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value >= 0  # type: ignore[arg-type, operator]
