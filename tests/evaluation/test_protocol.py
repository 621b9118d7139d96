"""A protocol splits any task's rows, and knows which hold-outs its training part may contain."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spaceship.errors import DataError
from spaceship.evaluation.protocol import Protocol
from spaceship.records import from_plain, to_plain
from spaceship.split.dealing import DEALING
from spaceship.split.time import time_order
from spaceship.task.task import Task

PLAN = {
    "problem": "regression",
    "label": "sales",
    "time": "year",
    "columns": {"size": "number", "year": "number"},
}
SALES = Task.read(PLAN)
BY_SHOP = Task.read({**PLAN, "group": "shop", "group_noun": "shop"})
HASH = Protocol(0.2, "spaceship", n_folds=3, seed=1)
TIME = Protocol(0.2, None, n_folds=3, seed=1, kind="time")


def table(rows: int, *, seed: int = 0, shops: int = 400) -> pd.DataFrame:
    """Return rows of shops and years, few of them alike, under an index that starts at 100."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "size": rng.integers(0, 6, rows).astype(float),
            "year": rng.integers(1990, 2020, rows).astype(float),
            "shop": pd.Series(rng.integers(0, shops, rows)).astype("str"),
            "sales": rng.normal(size=rows),
        }
    ).rename(index=lambda number: number + 100)


@pytest.mark.parametrize("protocol", [HASH, TIME])
@pytest.mark.parametrize("task", [SALES, BY_SHOP])
@settings(deadline=None, max_examples=25)
@given(rows=st.integers(60, 200), seed=st.integers(0, 99), shops=st.integers(30, 90))
def test_neither_groups_nor_equal_rows_straddle_a_split(
    protocol: Protocol, task: Task, rows: int, seed: int, shops: int
) -> None:
    frame = table(rows, seed=seed, shops=shops)
    frame = pd.concat([frame, frame.sample(20, random_state=seed)], ignore_index=True)
    training, holdout = protocol.split(frame, task)
    names = task.group_names(frame)
    assert not {*names[training.index]} & {*names[holdout.index]}
    assert sorted([*training.index, *holdout.index]) == frame.index.tolist()
    if protocol is TIME and len({*time_order(training, task)}) < 4:
        return  # too few for the folds
    for train, test in protocol.folds(training, task):
        mine, others = (names[training.index[rows]] for rows in (train, test))
        assert not {*mine} & {*others}


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), more=st.integers(1, 300))
def test_groups_stay_where_they_are_as_rows_arrive(seed: int, more: int) -> None:
    small, arrived = table(300, seed=seed), table(more, seed=seed + 100, shops=900)
    large = pd.concat([small, arrived], ignore_index=True)
    assume(not any(HASH.on(frame, BY_SHOP).by_rank for frame in (small, large)))
    before, after = (HASH.split(frame, BY_SHOP)[1] for frame in (small, large))
    assert {*after["shop"]} & {*small["shop"]} == {*before["shop"]}


@pytest.mark.parametrize("task", [SALES, BY_SHOP])
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 99), gap=st.sampled_from([0.0, 1.0, 3.0]))
def test_in_time_all_training_is_earlier_by_the_gap(task: Task, seed: int, gap: float) -> None:
    protocol = replace(TIME, gap=gap)
    frame = table(400, seed=seed)
    order = time_order(frame, task)
    training, holdout = protocol.split(frame, task)
    cut = order[holdout.index].min()
    assert order[training.index].max() <= cut - max(gap, 1)
    assert protocol.on(frame, task).cut == cut
    assert protocol.on(frame, task).earliest == frame.loc[holdout.index, "year"].min()
    for train, test in protocol.folds(training, task):
        times = order[training.index]
        assert times.iloc[train].max() <= times.iloc[test].min() - max(gap, 1)


def test_a_gap_longer_than_the_past_is_refused() -> None:
    with pytest.raises(DataError, match="rows to train on, at least 99 before the hold-out, found"):
        replace(TIME, gap=99.0).split(table(50), SALES)


def test_the_index_is_kept() -> None:
    frame = table(300)
    for protocol in (HASH, TIME):
        for part in protocol.split(frame, SALES):
            pd.testing.assert_frame_equal(part, frame.loc[part.index])


@pytest.mark.parametrize("protocol", [HASH, TIME])
def test_folds_are_found_once(protocol: Protocol) -> None:
    training, _ = protocol.split(frame := table(300), BY_SHOP)
    folds = protocol.folds(training, BY_SHOP)
    assert protocol.on(frame, BY_SHOP).folds(training.copy(), BY_SHOP) is folds
    other = training.assign(sales=1.0) if protocol is HASH else training.assign(year=training.index)
    assert protocol.folds(other, BY_SHOP) is not folds


def test_few_groups_are_said_and_recorded(caplog: pytest.LogCaptureFixture) -> None:
    frame, kiosks = table(60, shops=3), BY_SHOP.model_copy(update={"noun": "kiosk"})
    with caplog.at_level(logging.INFO):
        known = [replace(HASH, salt=str(salt)).on(frame, kiosks).by_rank for salt in range(20)]
    assert 0 < len(caplog.messages) == len({*caplog.messages}) <= sum(known)
    assert "The hash of so few shops holds out too little or too much" in caplog.messages[0]
    assert "1 of 3" in caplog.messages[0]


def test_what_names_a_group_is_recorded() -> None:
    frame = table(300).assign(row=[f"a_{n}" for n in range(300)])
    by = {"of": "shop", "pattern": "(.).*"}
    tasks = [BY_SHOP, Task.read({**PLAN, "group": by}), Task.read({**PLAN, "id": "row"}), SALES]
    named = [str(HASH.on(frame, task).by) for task in tasks]
    assert named[:3] == ["shop", "shop (.).*", "row"]
    assert named[3].startswith("contents of ")
    assert TIME.on(frame, BY_SHOP).by == "year"


def test_the_dealing_of_folds_is_recorded_where_groups_are_dealt() -> None:
    frame = table(300)
    assert [one.on(frame, BY_SHOP).dealing for one in (HASH, TIME)] == [DEALING, None]


@pytest.mark.parametrize("protocol", [HASH, TIME])
def test_a_protocol_comes_back_from_json(protocol: Protocol) -> None:
    known = protocol.on(table(300), BY_SHOP)
    assert from_plain(Protocol, to_plain(known), "a report") == known


def test_a_protocol_of_earlier_releases_is_one_by_hash() -> None:
    old = {"holdout_fraction": 0.2, "salt": "spaceship", "n_folds": 3, "seed": 1}
    assert from_plain(Protocol, old, "a report") == HASH


KNOWN = replace(HASH, by="shop", held="ab")
AT = replace(TIME, by="year", held="ab", cut=2000.0, earliest=2000.0)


@pytest.mark.parametrize(
    ("mine", "changes", "seen"),
    [
        (HASH, {}, False),
        (HASH, {"seed": 9, "n_folds": 7}, False),
        (HASH, {"holdout_fraction": 0.3}, True),
        (HASH, {"holdout_fraction": 0.1}, False),
        (HASH, {"salt": "b"}, True),
        (HASH, {"kind": "time"}, True),
        (KNOWN, {"by": None, "held": None}, False),  # of an earlier release
        (KNOWN, {"by": "town"}, True),
        (KNOWN, {"held": "cd"}, False),  # more data
        (KNOWN, {"held": "cd", "by_rank": True}, True),
        (replace(KNOWN, by_rank=True), {"held": "cd"}, True),
        (replace(KNOWN, by_rank=True), {}, False),
        (replace(KNOWN, by_rank=True), {"salt": "b"}, False),  # the same groups nevertheless
        (TIME, {}, True),  # nothing is known
        (AT, {}, False),
        (AT, {"held": "cd"}, False),
        (AT, {"held": "cd", "cut": 2001.0, "earliest": 2000.0}, False),
        (AT, {"held": "cd", "cut": 2001.0, "earliest": 1990.0}, True),  # an old row of a late group
        (AT, {"held": "cd", "cut": 1999.0, "earliest": 1999.0}, True),
        (AT, {"held": "cd", "by": "month"}, True),
        (AT, {"held": "cd", "cut": "2026-01-01T00:00:00", "earliest": "2026-01-01"}, True),
    ],
)
def test_holdouts_that_the_training_part_may_contain(
    mine: Protocol, changes: dict[str, Any], *, seen: bool
) -> None:
    assert mine.may_have_seen_holdout_of(replace(mine, **changes)) is seen


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 99),
    shops=st.sampled_from([3, 8, 200]),
    fractions=st.tuples(st.sampled_from([0.1, 0.2, 0.4]), st.sampled_from([0.1, 0.2, 0.4])),
    kind=st.sampled_from(["hash", "time"]),
    more=st.integers(0, 100),
)
def test_a_training_part_said_to_be_unseen_shares_no_row_with_the_holdout(
    seed: int, shops: int, fractions: tuple[float, float], kind: Any, more: int
) -> None:
    old = table(200, seed=seed, shops=shops)
    late = table(more, seed=seed + 1, shops=shops).assign(year=2020.0)
    new = pd.concat([old, late], ignore_index=True).rename(index=lambda number: number + 100)
    mine, other = (replace(HASH, kind=kind, holdout_fraction=part) for part in fractions)
    try:
        training, holdout = mine.split(old, BY_SHOP)[0], other.split(new, BY_SHOP)[1]
    except DataError:
        assert kind == "time"
        assert shops < 10  # all were there in the last year
        return
    if not mine.on(old, BY_SHOP).may_have_seen_holdout_of(other.on(new, BY_SHOP)):
        assert not {*training.index} & {*holdout.index}
