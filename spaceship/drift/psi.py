"""Population stability index between two profiles, with the index that sampling alone explains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spaceship.drift.profile import Column, Profile
from spaceship.errors import expected

MODERATE, LARGE = 0.1, 0.25
"""Marks of the index: the rule of thumb of Lewis, "An Introduction to Credit Scoring", 1994, and of
Siddiqi, "Credit Risk Scorecards", 2006. They are a convention and no test: see `chance`."""

FLOOR = 1e-4  # the least share of a bin, as is usual: the logarithm of an empty bin is infinite
_CHANCE = 0.999  # share of columns without drift whose index stays below the one called chance


@dataclass(frozen=True)
class Drift:
    """The drift of one column.

    >>> Drift("weight", psi=0.3, chance=0.02, missing_before=0.0, missing_now=0.0).size
    'large'
    """

    column: str  # its name
    psi: float  # the population stability index, missing values being a bin of their own
    chance: float  # the index that sampling alone hardly ever exceeds; see `chance`
    missing_before: float  # share of missing values in the reference
    missing_now: float  # share of missing values now
    unseen: tuple[str, ...] = ()  # categories that the reference never had, the commonest first
    unseen_share: float = 0.0  # share of rows of such categories, see `compare`

    def exceeds(self, limit: float) -> bool:
        """Return whether the index is above a limit, and above the one that chance explains."""
        return self.psi > max(limit, self.chance)

    @property
    def size(self) -> str:
        """The rule of thumb's word for the index."""
        if not self.exceeds(0.0):
            return "chance"
        return "small" if self.psi < MODERATE else "moderate" if self.psi < LARGE else "large"


def psi(reference: Sequence[float], shares: Sequence[float], floor: float = FLOOR) -> float:
    """Return the population stability index, the sum over bins of (q - p) ln(q / p).

    It is the symmetric divergence of Jeffreys, "Theory of Probability", 1948, under its name in
    credit scoring. Shares of bins `(n_bins,)` below the floor count as the floor.

    >>> round(psi((0.5, 0.5), (0.2, 0.8)), 4)
    0.4159
    """
    pairs = zip(reference, shares, strict=True)
    floored = [(max(before, floor), max(now, floor)) for before, now in pairs]
    return sum((now - before) * math.log(now / before) for before, now in floored)


def chance(bins: int, before: float, now: float) -> float:
    """Return the index that one column in a thousand exceeds although nothing has moved.

    Without drift the index is nearly (1/before + 1/now) times a chi-square variable of bins - 1
    degrees of freedom, `before` and `now` being the numbers of independent rows: Yurdakul,
    "Statistical Properties of Population Stability Index", 2018. Missing values are a bin.

    >>> round(chance(10, 2000, 2000), 4)
    0.0279
    """
    from scipy.stats import chi2

    quantile = float(chi2.ppf(_CHANCE, max(bins - 1, 1)))
    return quantile * (1 / max(before, 1.0) + 1 / max(now, 1.0))


def compare(reference: Profile, new: Profile) -> list[Drift]:
    """Return the drift of each column that both profiles have, the farthest first.

    Of a column of many categories the reference names the commonest only; there the share of unseen
    ones is what the share of all others has grown by, the least that they can be.

    Raise ValueError if the new profile was not taken in the bins of the reference.

    >>> halves = Column(rows=9, missing=0.0, shares=(0.5, 0.5), edges=(27.0,))
    >>> weights = Profile(9, {"weight": halves})
    >>> [drift.psi for drift in compare(weights, weights)]
    [0.0]
    """
    both = [name for name in reference.columns if name in new.columns]
    rows = [_compare(name, reference.columns[name], new.columns[name]) for name in both]
    return sorted(rows, key=lambda row: -row.psi)


def _compare(name: str, before: Column, now: Column) -> Drift:
    if before.edges != now.edges:
        raise ValueError(expected(f"{name} in the bins of the reference", "others", "pass `like`"))
    new = dict(zip(now.levels, now.shares, strict=False))  # numbers have no levels
    known = tuple(new.pop(level, 0.0) for level in before.levels)
    rest = now.other + sum(new.values())
    ours = (*before.shares, before.other, before.missing)
    theirs = (*(now.shares if before.edges is not None else known), rest, now.missing)
    used = sum(max(pair) > 0 for pair in zip(ours, theirs, strict=True))
    half_a_row = 0.5 / max(min(before.rows, now.rows), 1.0)  # a smaller share is no evidence
    all_known = before.other == 0
    return Drift(
        name,
        psi(ours, theirs, max(FLOOR, half_a_row)),
        chance(used, before.rows, now.rows),
        before.missing,
        now.missing,
        tuple(level for level, share in new.items() if share > 0) if all_known else (),
        max(rest - before.other, 0.0),
    )
