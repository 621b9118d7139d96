"""Open runs are ended at exit, whatever a store answers."""

import logging

import pytest

from spaceship.process.at_exit import Pending


def test_open_runs_are_ended_newest_first_and_once() -> None:
    closed: list[str] = []
    pending = Pending()
    for name in ("parent", "child"):
        pending.open_runs[name] = lambda status, name=name: closed.append(f"{name} {status}")  # type: ignore[misc]
    pending.end_runs("KILLED")
    pending.end_runs("FAILED")
    assert closed == ["child KILLED", "parent KILLED"]


def test_a_store_that_fails_neither_stops_the_others_nor_hides_why_the_process_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed: list[str] = []
    pending = Pending()

    def full(_status: str) -> None:
        message = "database or disk is full\nand more"
        raise OSError(message)

    pending.open_runs |= {"parent": closed.append, "child": full}
    with caplog.at_level(logging.WARNING):
        pending.end_runs("FAILED")
    assert closed == ["FAILED"]
    assert caplog.messages == ["Run child cannot be marked FAILED yet: database or disk is full"]
