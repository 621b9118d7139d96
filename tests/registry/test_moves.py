"""Moves of aliases as tags: in order, whole, and enough to go back by."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from spaceship.registry.moves import (
    STALE,
    Move,
    MoveState,
    completed_moves,
    read_moves,
    version_before,
)


def moves(
    *after: str | None, alias: str = "champion", state: MoveState = MoveState.DONE
) -> list[Move]:
    befores = [None, *after[:-1]]
    return [
        Move.prepared(alias, before, "why", {}).to(to).ended(state)
        for before, to in zip(befores, after, strict=True)
    ]


def test_a_move_survives_as_a_tag() -> None:
    prepared = Move.prepared("champion", "1", 'Zürich: "0.81 > 0.80"\n', {"host": "h"})
    assert (prepared.state, prepared.is_open) == (MoveState.PREPARING, True)
    move = prepared.to(None)
    assert (move.state, move.before, move.after, move.is_open) == (
        MoveState.INTENT,
        "1",
        None,
        True,
    )
    assert not move.ended(MoveState.DONE).is_open
    assert "@" in move.by
    other = {"recipe": "{}", "moved": "x"}
    assert read_moves({**other, move.key: move.to_tag()}) == [move]
    assert move.ended(MoveState.DONE).key == move.key


def test_moves_come_back_in_the_order_they_were_made_whatever_the_store_does() -> None:
    made = moves(*"123456789")
    tags = {move.key: move.to_tag() for move in reversed(made)}
    assert len(tags) == 9
    assert read_moves(tags) == made


def test_a_long_reason_is_cut() -> None:
    assert len(Move.prepared("champion", None, "ä" * 100_000, {}).reason) == 1000


def test_a_move_of_before_processes_were_noted_is_read() -> None:
    content = json.loads(moves("1")[0].to_tag())
    del content["process"]
    (move,) = read_moves({content["key"]: json.dumps(content)})
    assert move.process == {}


def test_an_open_move_goes_stale() -> None:
    move = Move.prepared("champion", None, "why", {})
    assert not move.is_stale
    old = datetime.now(UTC) - STALE - timedelta(seconds=1)
    assert replace(move, at=old.strftime("%Y-%m-%dT%H:%M:%S.%fZ")).is_stale


def test_completed_moves_are_moves_of_that_alias_that_took_place() -> None:
    champion, challenger = moves("1", "2"), moves("3", alias="challenger")
    undone = moves("4", state=MoveState.CANCELLED) + moves("5", state=MoveState.INTENT)
    assert completed_moves([*champion, *challenger, *undone], "champion") == champion


@pytest.mark.parametrize(
    ("history", "before"),
    [
        (["1"], None),
        (["1", "2"], "1"),
        (["1", "2", "3"], "2"),
        (["1", "2", "1"], None),  # rolled back: there is nothing before the first
        (["1", "2", "3", "2"], "1"),  # rolled back once: the next step goes further
        (["1", "2", "1", "3"], "1"),  # a version rolled back does not count
        (["1", "2", "1", "2"], "1"),  # promoted again
        (["1", "2", "1", "3", "2"], "3"),  # rolled back, and good enough later
        (["1", None, "2"], "1"),  # taken away meanwhile
        (["1", "1"], None),  # promoted although it was champion
    ],
)
def test_version_before(history: Sequence[str | None], before: str | None) -> None:
    current = history[-1]
    assert current is not None
    assert version_before(moves(*history), "champion", current) == before


def test_version_before_of_a_version_put_there_by_hand_is_the_last_on_record() -> None:
    assert version_before(moves("1", "2"), "champion", "9") == "2"
    assert version_before([], "champion", "9") is None


def test_version_before_looks_only_at_its_own_alias() -> None:
    challengers = [replace(move, alias="challenger") for move in moves("7", "8")]
    assert version_before([*moves("1"), *challengers, *moves("2")], "champion", "2") == "1"
