"""Hashes that come twice: those of the whole table, in memory or in a file."""

import numpy as np
import pytest

from spaceship.data import hash_runs
from spaceship.data.hash_runs import HashRuns


@pytest.mark.parametrize("most", [1 << 24, 64])
def test_what_comes_twice_in_any_runs_is_found(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(hash_runs, "MOST_BYTES", most)
    draw = np.random.default_rng(1)
    ends = np.array([0, 2**63, 2**64 - 1], np.uint64)
    parts = [draw.integers(0, 2**64, size, np.uint64) for size in (500, 0, 300)]
    parts = [ends, *parts, parts[0][7:9], np.repeat(parts[2][:1], 3), ends[1:]]
    with HashRuns() as runs:
        for part in parts:
            runs.add(part)
        found = runs.repeated()
    every, counts = np.unique(np.concatenate(parts), return_counts=True)
    assert np.array_equal(found, every[counts > 1])


def test_without_hashes_none_comes_twice() -> None:
    with HashRuns() as runs:
        runs.add(np.empty(0, np.uint64))
        assert not len(runs.repeated())
