"""What is still open at the end is closed, whatever a store says to it."""

import logging

import pytest

from spaceship.at_exit import Outcome


def test_closers_run_newest_first_and_once() -> None:
    closed: list[str] = []
    outcome = Outcome()
    for name in ("parent", "child"):
        outcome.closers[name] = lambda status, name=name: closed.append(f"{name} {status}")  # type: ignore[misc]
    outcome.close("KILLED")
    outcome.close("FAILED")
    assert closed == ["child KILLED", "parent KILLED"]


def test_a_store_that_fails_neither_stops_the_others_nor_hides_why_the_process_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    closed: list[str] = []
    outcome = Outcome()

    def full(_status: str) -> None:
        message = "database or disk is full\nand more"
        raise OSError(message)

    outcome.closers |= {"parent": closed.append, "child": full}
    with caplog.at_level(logging.WARNING):
        outcome.close("FAILED")
    assert closed == ["FAILED"]
    assert caplog.messages == ["Run child cannot be marked FAILED yet: database or disk is full"]
