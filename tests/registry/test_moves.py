"""Moves of aliases as tags: in sequence, whole, each on one line, stray tags beside them."""

import json
import os
import pwd
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spaceship.registry import moves as module
from spaceship.registry.moves import (
    Move,
    MoveState,
    completed_moves,
    read_records,
)

NASTY = (
    "good\n  version   9  2026-01-01 → now  root\r\x1b[2K\x1b]0;x\x07 \u202egnol\u2028\x00\ud800"
)
DONE = MoveState.DONE


def moves(*after: str | None, alias: str = "champion", state: MoveState = DONE) -> list[Move]:
    """Return moves that follow one another."""
    made: list[Move] = []
    for before, to in zip([None, *after[:-1]], after, strict=True):
        last = made[-1] if made else None
        made.append(Move.prepared(alias, before, "why", {}, last).to(to).ended(state))
    return made


def tags(*records: Move) -> dict[str, str]:
    return {move.key: move.to_tag() for move in records}


def test_a_move_survives_as_a_tag() -> None:
    prepared = Move.prepared("champion", "1", 'Zürich: "0.81 > 0.80"', {"host": "h"})
    assert (prepared.state, prepared.is_open) == (MoveState.PREPARING, True)
    move = prepared.to(None)
    found = (move.state, move.before, move.after, move.is_open)
    assert found == (MoveState.INTENT, "1", None, True)
    assert not move.ended(DONE).is_open
    assert read_records({"recipe": "{}", "moved": "x", "look-1": "x", **tags(move)}).moves == [move]
    assert move.ended(DONE).key == move.key


def test_moves_come_back_in_sequence_whatever_store_and_clock_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Move] = []
    for hours in (0, -2, 48, -2000, 0, 0, 0, 0, 0, 0, 0):
        shifted = datetime.now(UTC) + timedelta(hours=hours)
        monkeypatch.setattr(module, "now", lambda shifted=shifted: shifted)
        made.append(Move.prepared("champion", None, "", {}, made[-1] if made else None))
    assert [move.number for move in made] == [*range(1, 12)]
    assert [move.follows for move in made] == [None, *(move.key for move in made[:-1])]
    assert read_records(tags(*reversed(made))).moves == made


def old(at: str, number: str) -> Move:
    """Return a record of an earlier release, which knew no numbers."""
    key = f"move-{at}-12345678"
    return Move(at, "champion", None, number, "old", "me@here", DONE, key)


def test_records_without_a_number_come_before_the_others_by_their_keys() -> None:
    first, second = old("2026-11-01T00:00:00.0Z", "1"), old("2999-01-01T00:00:00.0Z", "2")
    new = Move.prepared("champion", "2", "new", {}, second)
    stored = tags(new, second, first)
    for key in (first.key, second.key):
        content = json.loads(stored[key])
        for name in ("number", "follows", "process"):  # which such records do not have
            del content[name]
        stored[key] = json.dumps(content)
    assert read_records(stored).moves == [first, second, new]
    assert (new.number, new.follows) == (1, second.key)


@pytest.mark.parametrize(
    "reason", ["ä" * 9000, "🚀" * 9000, '"\\' * 9000, "\x00" * 9000, NASTY * 99]
)
def test_a_record_fits_every_store_in_any_language(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "ホ" * 300)
    move = Move.prepared("champion", "1", reason, {"place": "x" * 100}, moves("1")[0]).to("2")
    assert len(move.to_tag()) < 5000
    assert read_records(tags(move)).moves == [move]
    assert "\x00" not in move.to_tag()
    _ = move.to_tag().encode()


def test_no_text_of_a_record_leaves_its_line() -> None:
    made = Move.prepared("champion", "1", NASTY, {})
    assert made.reason.isprintable()
    assert "version   9" in made.reason, "it is shown, on the line of the reason"
    forged = replace(made, by=NASTY, reason=NASTY, before=NASTY, after=NASTY, alias=NASTY)
    stored = json.dumps(json.loads(forged.to_tag()), ensure_ascii=True)
    (read,) = read_records({made.key: stored}).moves
    assert all(
        str(text).isprintable()
        for text in (read.by, read.reason, read.before, read.after, read.alias, read.at)
    )


def test_who_moves_is_the_account_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    account = pwd.getpwuid(os.getuid()).pw_name
    assert Move.prepared("champion", None, "", {}).by == f"{account}@{socket.gethostname()}"
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert Move.prepared("champion", None, "", {}).by.startswith("2147483641@")


BROKEN: list[Any] = [None, "", "no JSON", "[]", "null", "{}", '{"at": "x"}', "\x00", '"' * 5000]


@pytest.mark.parametrize("text", BROKEN)
def test_a_stray_tag_is_named_and_hides_no_other_record(text: Any) -> None:
    whole = moves("1", "2")
    records = read_records({**tags(*whole), "move-stray\x1b": text})
    assert records.moves == whole
    assert [*records.unreadable] == ["move-stray\x1b"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("at", "yesterday"), ("state", "half"), ("number", "many"), ("after", 3), ("process", 1)],
)
def test_a_record_with_a_broken_part_is_no_record(name: str, value: object) -> None:
    (move,) = moves("1")
    content = {**json.loads(move.to_tag()), name: value}
    assert read_records({move.key: json.dumps(content)}).moves == []


def test_a_record_copied_under_another_key_is_written_back_to_that_key() -> None:
    (move,) = moves("1")
    (copied,) = read_records({"move-copied": move.to_tag()}).moves
    assert copied.key == "move-copied"


def test_an_open_move_ends_as_its_alias_shows() -> None:
    prepared = Move.prepared("champion", "1", "killed", {})
    for move, current, outcome in (
        (prepared, "1", MoveState.CANCELLED),
        (prepared, None, MoveState.CANCELLED),
        (prepared.to("2"), "1", MoveState.CANCELLED),
        (prepared.to("2"), "2", DONE),
        (prepared.to(None), "1", MoveState.CANCELLED),
        (prepared.to(None), None, DONE),
    ):
        assert move.settled(current).state == outcome


def test_completed_moves_are_moves_of_that_alias_that_took_place() -> None:
    champion, challenger = moves("1", "2"), moves("3", alias="challenger")
    undone = moves("4", state=MoveState.CANCELLED) + moves("5", state=MoveState.INTENT)
    assert completed_moves([*champion, *challenger, *undone], "champion") == champion
