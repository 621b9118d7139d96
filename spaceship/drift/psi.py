"""How far new passengers are from those a model learnt from: the population stability index.

Standard library only, so that profiles can be compared anywhere. `profile.py` makes them.
"""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any, Self

from spaceship.errors import RegistryError
from spaceship.files import read_json, write_json

PROFILE_FILE = "profile.json"
SCORE = "score"
"""What the predicted probabilities are called among the columns."""

MODERATE, LARGE = 0.1, 0.25
"""Marks of the index: the rule of thumb of Lewis, "An Introduction to Credit Scoring", 1994, and of
Siddiqi, "Credit Risk Scorecards", 2006. They are a convention and no test: see `chance`."""

FLOOR = 1e-4
"""The least share a bin counts with, as is usual: the logarithm of an empty bin is infinite."""
_CHANCE = 0.999
"""Share of columns without drift whose index is to stay below what is called chance."""


@dataclass(frozen=True)
class Column:
    """How the values of one column are spread; shares are of all rows, missing ones included.

    Attributes:
        rows: How many independent rows the shares rest on.
        missing: Share of rows without a value.
        shares: Share of each bin.
        edges: Of numbers, what separates the bins: a bin holds what is above the edge before it, up
            to and including its own; the last one has no end. None of categories.
        levels: Of categories, the name of each bin. Empty of numbers.
        other: Share of rows of a category that has no bin.

    """

    rows: float
    missing: float
    shares: tuple[float, ...]
    edges: tuple[float, ...] | None = None
    levels: tuple[str, ...] = ()
    other: float = 0.0

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Return the column that `dataclasses.asdict` described."""
        lists = {name: tuple(content[name]) for name in ("shares", "levels")}
        edges = None if content["edges"] is None else tuple(content["edges"])
        return cls(**content | lists | {"edges": edges})


@dataclass(frozen=True)
class Profile:
    """How the passengers of one frame are spread, and what a model predicts of them.

    Attributes:
        rows: How many they are.
        columns: Column by name; `score` is the predicted probability.

    """

    rows: int
    columns: dict[str, Column]

    def write(self, folder: Path) -> None:
        """Write `profile.json`, atomically."""
        write_json(folder / PROFILE_FILE, asdict(self))

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote.

        Raises:
            RegistryError: The file is missing, broken, or of another version.

        """
        path = folder / PROFILE_FILE
        content = read_json(path)
        try:
            columns = {name: Column.from_dict(one) for name, one in content["columns"].items()}
            return cls(content["rows"], columns)
        except (AttributeError, KeyError, TypeError) as error:
            msg = f"Expected a profile in {path}, found {error!r}. Train another champion."
            raise RegistryError(msg) from error


@dataclass(frozen=True)
class Drift:
    """How far one column has moved.

    Attributes:
        column: Its name.
        psi: The population stability index, gaps being a bin of their own.
        chance: The index that sampling alone hardly ever exceeds; see `chance`.
        missing_before: Share of missing values in the reference.
        missing_now: Share of missing values now.
        unseen: Categories that the reference never had, the commonest first.
        unseen_share: Share of rows that are of one of them.

    """

    column: str
    psi: float
    chance: float
    missing_before: float
    missing_now: float
    unseen: tuple[str, ...] = ()
    unseen_share: float = 0.0

    def beyond(self, limit: float) -> bool:
        """Tell whether the column has moved farther than a limit, and than chance explains."""
        return self.psi > max(limit, self.chance)

    @property
    def size(self) -> str:
        """The rule of thumb's word for it."""
        if not self.beyond(0.0):
            return "chance"
        return "small" if self.psi < MODERATE else "moderate" if self.psi < LARGE else "large"


def psi(reference: tuple[float, ...], shares: tuple[float, ...], floor: float = FLOOR) -> float:
    """Return the population stability index, the sum over bins of (q - p) ln(q / p).

    It is the symmetric divergence of Jeffreys, "Theory of Probability", 1948, under the name it has
    in credit scoring: the same with both arguments exchanged, and never negative.

    Args:
        reference: Share of each bin `(n_bins,)`.
        shares: The same of the new rows.
        floor: A share below it counts as this.

    """
    pairs = zip(reference, shares, strict=True)
    floored = [(max(before, floor), max(now, floor)) for before, now in pairs]
    return sum((now - before) * math.log(now / before) for before, now in floored)


def chance(bins: int, before: float, now: float) -> float:
    """Return the index that one column in a thousand exceeds although nothing has moved.

    Without drift the index is nearly (1/before + 1/now) times a chi-square variable of bins - 1
    degrees of freedom: Yurdakul, "Statistical Properties of Population Stability Index", 2018. Its
    quantile is that of Wilson & Hilferty, PNAS 17, 1931.

    Args:
        bins: Bins in use, missing values among them.
        before: Independent rows of the reference.
        now: Independent new rows.

    """
    degrees = max(bins - 1, 1)
    spread = 2 / (9 * degrees)
    quantile = degrees * (1 - spread + NormalDist().inv_cdf(_CHANCE) * math.sqrt(spread)) ** 3
    return quantile * (1 / max(before, 1.0) + 1 / max(now, 1.0))


def compare(reference: Profile, new: Profile) -> list[Drift]:
    """Return how far each column of the reference has moved, the farthest first.

    Args:
        reference: Of the passengers a model learnt from.
        new: Of others, made with the edges of the reference.

    Raises:
        ValueError: It was not.

    """
    both = [name for name in reference.columns if name in new.columns]
    rows = [_compare(name, reference.columns[name], new.columns[name]) for name in both]
    return sorted(rows, key=lambda row: -row.psi)


def _compare(name: str, before: Column, now: Column) -> Drift:
    if before.edges != now.edges:
        msg = f"{name} has bins of its own: make the new profile with the reference's edges."
        raise ValueError(msg)
    found, extra = _aligned(before, now)
    rest = now.other + sum(extra.values())
    ours = (*before.shares, before.other, before.missing)
    theirs = (*found, rest, now.missing)
    used = sum(max(pair) > 0 for pair in zip(ours, theirs, strict=True))
    half_a_row = 0.5 / max(min(before.rows, now.rows), 1.0)  # what is less cannot be told from it
    all_known = before.other == 0
    return Drift(
        name,
        psi(ours, theirs, max(FLOOR, half_a_row)),
        chance(used, before.rows, now.rows),
        before.missing,
        now.missing,
        tuple(extra) if all_known else (),
        rest if all_known else 0.0,
    )


def _aligned(before: Column, now: Column) -> tuple[tuple[float, ...], dict[str, float]]:
    """Return the new share of each bin of the reference, and of categories that have none."""
    if before.edges is not None:
        return now.shares, {}
    shares = dict(zip(now.levels, now.shares, strict=True))
    found = tuple(shares.pop(level, 0.0) for level in before.levels)
    return found, {level: share for level, share in shares.items() if share > 0}
