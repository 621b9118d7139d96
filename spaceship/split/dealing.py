"""Dealing of whole groups to folds that have as many rows and the same shares of labels.

Equal groups (the same number of rows of each label) are shared out evenly at random. The remaining
groups are placed one by one in the fold that needs them most.
"""

import numpy as np

from spaceship.task.arrays import Positions

DEALING = 3
"""Raise it with any change that makes the same groups and seed give other folds."""
_SWEEPS = 4  # most times that a remaining group is placed
_TRIES, _PLACED = 10, 600  # more orders that are tried, and remaining groups that forbid them
_LEAST = 0.7  # largest groups are placed first, by a size times a random number from here to 1


def deal(codes: Positions, strata: Positions, n_splits: int, seed: int) -> Positions:
    """Return the fold of each row, (n_rows,), given the numbers of its group and of its label.

    >>> groups, labels = np.array([0, 0, 1, 1, 2, 3]), np.array([0, 1, 0, 1, 0, 0])
    >>> folds = deal(groups, labels, n_splits=2, seed=0)
    >>> np.bincount(folds[labels == 0]), np.bincount(folds[labels == 1])
    (array([2, 2]), array([1, 1]))
    """
    draw = np.random.RandomState(np.random.MT19937(seed))  # the same in every release of NumPy
    folds = _deal_equal_groups(codes, strata, n_splits, draw)
    if (folds[codes] < 0).any():
        remaining = _RemainingGroups(codes, strata, folds, n_splits)
        more = min(_TRIES, _PLACED // len(remaining.groups))
        tries = (remaining.place(draw) for _ in range(1 + more))
        folds[remaining.groups] = min(tries, key=lambda found: found[0])[1]
    return folds[codes]


def _deal_equal_groups(
    codes: Positions, strata: Positions, n_splits: int, draw: np.random.RandomState
) -> Positions:
    """Return the fold of each group; -1 for `n_splits` or more of each set of equal groups."""
    marks = draw.randint(2**63, size=strata.max() + 1, dtype=np.uint64)
    sums = np.zeros(codes.max() + 1, dtype=np.uint64)
    np.add.at(sums, codes, marks[strata])  # equal groups have equal sums
    order = np.lexsort([draw.permutation(len(sums)), sums])
    _, first, counts = np.unique(sums[order], return_index=True, return_counts=True)
    place = np.arange(len(sums)) - np.repeat(first, counts)
    dealt = place < np.repeat(counts - counts % n_splits - n_splits, counts)
    folds = np.full(len(sums), -1, dtype=np.intp)
    folds[order[dealt]] = place[dealt] % n_splits
    return folds


class _RemainingGroups:
    """Groups without a fold, as counts of rows by stratum; the last stratum is that of all rows."""

    def __init__(
        self, codes: Positions, strata: Positions, folds: Positions, n_splits: int
    ) -> None:
        totals = np.append(np.bincount(strata), len(strata))
        of_row = folds[codes]
        without, whole = of_row < 0, len(totals)
        cells = strata[~without] * n_splits + of_row[~without]
        load = np.bincount(cells, minlength=(whole - 1) * n_splits).reshape(-1, n_splits)
        self.load = np.vstack([load, load.sum(axis=0)]).astype(float)
        self.weights = (1 / totals.astype(float) ** 2)[:, None]  # of shares, not of rows
        ends = codes[without] * whole
        keys, counts = np.unique(
            np.append(ends + strata[without], ends + whole - 1), return_counts=True
        )
        self.groups, starts = np.unique(keys // whole, return_index=True)
        self.strata = np.split(keys % whole, starts[1:])
        self.counts = np.split(counts[:, None].astype(float), starts[1:])

    def place(self, draw: np.random.RandomState) -> tuple[float, Positions]:
        """Return the unevenness of all folds, a sum of squares, and the fold of each group.

        The sums are of few numbers in a fixed order: every machine finds the same folds.
        """
        load, found = self.load.copy(), np.full(len(self.groups), -1, dtype=np.intp)
        sizes = np.array([counts[-1, 0] for counts in self.counts])
        order = np.argsort(-sizes * draw.uniform(_LEAST, 1, size=len(sizes)), kind="stable")
        for _ in range(_SWEEPS):
            before = found.copy()
            for group in order:
                rows, counts = self.strata[group], self.counts[group]
                if (old := found[group]) >= 0:
                    load[rows, old] -= counts[:, 0]
                costs = (self.weights[rows] * counts * load[rows]).sum(axis=0)
                fold = costs.argmin()
                found[group] = old if old >= 0 and costs[old] <= costs[fold] else fold
                load[rows, found[group]] += counts[:, 0]
            if (found == before).all():
                break
        return float((self.weights * load**2).sum()), found
