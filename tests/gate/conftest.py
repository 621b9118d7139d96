"""Reports with as many correct predictions as a test asks for."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from spaceship.report import HoldOut, Report

MakeReport = Callable[..., Report]


def build(correct: Sequence[bool], *, first: int = 0, **changes: Any) -> Report:
    labels = tuple((first + n) % 2 == 0 for n in range(len(correct)))
    pairs = zip(labels, correct, strict=True)
    chances = tuple(0.9 if label == right else 0.1 for label, right in pairs)
    ids = tuple(f"{first + n:05d}_01" for n in range(len(correct)))
    parts = {"name": "m", "data_source": "synthetic", "data_digest": "d"}
    return Report(**parts | {"holdout": HoldOut(ids, labels, chances)} | changes)


@pytest.fixture(scope="session")
def rows() -> MakeReport:
    """Give a maker of reports whose twin got the n-th passenger right iff `correct[n]`."""
    return build


@pytest.fixture(scope="session")
def report() -> MakeReport:
    """Give a maker of reports: `k` of `n` rows right, the first ones."""

    def make(k: int, n: int, **changes: Any) -> Report:
        return build([i < k for i in range(n)], **changes)

    return make
