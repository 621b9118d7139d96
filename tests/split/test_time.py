"""In time, what is tested or held out is later than all that is trained on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from hypothesis import strategies as st

from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.config.settings import Settings, Split
from spaceship.errors import ConfigError, DataError
from spaceship.split.time import row_times, time_folds, time_holdout, time_order
from spaceship.task.task import Task

PLAN = {"problem": "regression", "label": "sales", "time": "day", "columns": {"day": "date"}}
SALES = Task.read(PLAN)
BY_SHOP = Task.read({**PLAN, "group": "shop", "group_noun": "shop"})


def days(*numbers: float) -> pd.Series:
    start = pd.Timestamp("2026-01-01")
    return pd.Series([start + pd.Timedelta(days=n) for n in numbers]).astype("datetime64[us]")


def folds_of(order: pd.Series, n_splits: int = 2, gap: float = 0) -> list[tuple[Any, Any]]:
    y = np.zeros(len(order))
    found = time_folds(order, y, SALES, n_splits=n_splits, gap=gap)
    return [(train.tolist(), test.tolist()) for train, test in found]


def test_the_latest_share_is_held_out_whatever_the_order_of_the_rows() -> None:
    mask = time_holdout(days(5, 1, 4, 2, 3), SALES, fraction=0.4)
    assert mask.tolist() == [True, False, True, False, False]


@given(
    times=st.lists(st.integers(0, 20), min_size=2, max_size=60).filter(lambda t: len({*t}) > 1),
    fraction=st.floats(0.05, 0.95),
)
def test_ties_stay_on_one_side_and_both_sides_have_rows(times: list[int], fraction: float) -> None:
    order = pd.Series(times, dtype="float64")
    mask = time_holdout(order, SALES, fraction=fraction)
    assert order[~mask].max() < order[mask].min()
    largest_tie = order.value_counts().max() / len(order)
    assert abs(mask.mean() - fraction) <= largest_tie


def test_a_groups_time_is_that_of_its_last_row() -> None:
    frame = pd.DataFrame({"day": days(1, 9, 2, 3), "shop": ["a", "a", "b", None]})
    frame = frame.astype({"shop": "str"}).set_axis([4, 5, 6, 7])
    order = time_order(frame, BY_SHOP)
    assert order.tolist() == days(9, 9, 2, 3).tolist()
    assert order.index.tolist() == [4, 5, 6, 7]
    assert row_times(frame, BY_SHOP).tolist() == days(1, 9, 2, 3).tolist()


def test_rows_of_one_id_are_a_group() -> None:
    frame = pd.DataFrame({"day": days(1, 9, 2), "row": ["x", "x", "y"]}).astype({"row": "str"})
    order = time_order(frame, Task.read({**PLAN, "id": "row"}))
    assert order.tolist() == days(9, 9, 2).tolist()


@settings(deadline=None)
@given(
    times=st.lists(st.integers(0, 30), min_size=6, max_size=80).filter(lambda t: len({*t}) > 5),
    n_splits=st.integers(2, 5),
    gap=st.sampled_from([0, 0, 1, 2.5]),
    as_days=st.booleans(),
)
def test_every_fold_trains_on_the_past_of_its_test_with_the_gap_between(
    times: list[int], n_splits: int, gap: float, *, as_days: bool
) -> None:
    order = days(*times) if as_days else pd.Series(times, dtype="float64")
    numbers = np.array(times)
    try:
        folds = time_folds(order, numbers, SALES, n_splits=n_splits, gap=gap)
    except DataError:
        first = np.unique(numbers)[: n_splits + 1]
        assert gap > 1  # moments are a day apart or more
        assert len(first) == n_splits + 1
        return
    tested = np.concatenate([test for _, test in folds])
    assert len({*tested}) == len(tested)
    rest = np.setdiff1d(np.arange(len(times)), tested)
    assert numbers[rest].max() < numbers[tested].min()
    for (train, test), (_, later) in zip(folds, [*folds[1:], folds[-1]], strict=True):
        earliest = numbers[test].min()
        assert numbers[train].max() < earliest
        assert {*train} == {*np.flatnonzero((numbers < earliest) & (earliest - numbers >= gap))}
        assert later is test or numbers[test].max() < numbers[later].min()


def test_blocks_have_as_many_rows_each_where_moments_allow_it() -> None:
    assert [len(test) for _, test in folds_of(pd.Series(np.arange(60.0)), 5)] == [10] * 5
    many = pd.Series([0.0] * 50 + [1.0, 2.0, 3.0])
    assert [test for _, test in folds_of(many, 3)] == [[50], [51], [52]]
    late = pd.Series([0.0, 1.0, 2.0] + [3.0] * 50)
    assert [len(test) for _, test in folds_of(late, 3)] == [1, 1, 50]


def test_the_gap_is_in_days_or_in_the_unit_of_a_number() -> None:
    numbers = [0.0, 3.0, 7.0, 8.0, 12.0, 13.0]
    for order in (days(*numbers), pd.Series(numbers)):
        assert folds_of(order, 2, gap=4) == [([0, 1], [2, 3]), ([0, 1, 2, 3], [4, 5])]
        assert folds_of(order, 2, gap=4.5) == [([0], [2, 3]), ([0, 1, 2], [4, 5])]


def test_a_task_without_time_is_refused() -> None:
    without = Task.read({**PLAN, "time": None})
    with pytest.raises(ConfigError, match=r"set \+\+task\.time=COLUMN .* or set split=hash"):
        time_order(pd.DataFrame({"day": days(1)}), without)


def test_a_column_that_is_no_time_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"time to be a column of dates or numbers, found 'day'"):
        Task.read({**PLAN, "columns": {"day": "category"}})


@pytest.mark.parametrize("none", [pd.NaT, np.nan, np.inf])
def test_a_row_without_time_is_refused(none: Any) -> None:
    column = days(1).tolist() if none is pd.NaT else [1.0]
    frame = pd.DataFrame({"day": [*column, none, none]})
    of = SALES if none is pd.NaT else Task.read({**PLAN, "columns": {"day": "number"}})
    with pytest.raises(DataError, match="a time in day of every row, found 2 without one; fill in"):
        time_order(frame, of)


def test_too_few_moments_are_refused() -> None:
    with pytest.raises(DataError, match="2 or more different times in day for a training part"):
        time_holdout(days(1, 1, 1), SALES, fraction=0.2)
    with pytest.raises(DataError, match=r"6 or more .*, each shop by its last row, found 3; lower"):
        time_folds(days(1, 2, 3, 3), np.zeros(4), BY_SHOP, n_splits=5, gap=0)
    with pytest.raises(DataError, match="found 0; set split=hash"):
        time_holdout(days(), SALES, fraction=0.2)


def test_a_fold_without_rows_or_classes_to_train_on_is_refused() -> None:
    with pytest.raises(DataError, match="train on rows, found one that does not, with a gap of 9"):
        folds_of(days(1, 2, 3), 2, gap=9)
    churn = Task.read({**PLAN, "problem": "binary", "positive": "yes"})
    truth = np.array([True, True, False])
    with pytest.raises(DataError, match="leave both classes to train on"):
        time_folds(days(1, 2, 3), truth, churn, n_splits=2, gap=0)


def test_the_group_split_has_both_choices() -> None:
    register_resolvers()
    with initialize_config_dir(str(configs()), version_base="1.3"):
        usual, forward = (
            Settings.read(compose("config", choice)).split
            for choice in ([], ["split=time", "split.gap=7"])
        )
    assert usual == Split(kind="hash", holdout_fraction=0.2, n_folds=5, salt="spaceship")
    assert forward == Split(kind="time", holdout_fraction=0.2, n_folds=5, salt=None, gap=7)
