"""Boosters on real tables: trees chosen on other folds than those they are scored on."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from scripts.bench.boosters import HELD, by_folds
from scripts.bench.tables import TABLES


def test_trees_of_a_fold_are_the_best_ones_of_the_folds_after_it() -> None:
    folds = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    task: Any = SimpleNamespace(problem="regression")
    one: Any = SimpleNamespace(y=np.zeros(6), task=task)
    few = np.array([0.0, 0.0, 3.0, 3.0, 2.0, 2.0])
    stages = {"few": few, "many": np.ones(6)}
    assert by_folds(one, stages, folds).tolist() == [1.0, 1.0, 1.0, 1.0, 2.0, 2.0]


def test_a_third_of_the_tables_is_held_back() -> None:
    assert len(HELD) == len(set(HELD)) == 10
    assert set(HELD) <= {one.name for one in TABLES}
