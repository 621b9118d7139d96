"""Steps of an alias: moves on record, held against the alias, and the versions to go back to."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from spaceship.registry.moves import Move, MoveState
from spaceship.registry.steps import Step, earlier_versions, steps_of
from tests.registry.test_moves import moves


def shown(recorded: Sequence[Move], current: str | None) -> list[str]:
    """Return the versions of the steps, those made outside in brackets."""
    steps = steps_of(recorded, "champion", current)
    return [f"({step.version})" if step.is_outside else str(step.version) for step in steps]


def test_without_changes_outside_the_steps_are_the_moves() -> None:
    made = moves("1", "2", None, "3")
    assert [step.move for step in steps_of(made, "champion", "3")] == made
    assert steps_of([], "champion", None) == []


@pytest.mark.parametrize("current", ["1", "9", None])
def test_an_alias_that_points_elsewhere_was_moved_outside(current: str | None) -> None:
    assert shown(moves("1", "2"), current) == ["1", "2", f"({current})"]


def test_a_champion_that_no_move_made_was_made_outside() -> None:
    assert shown([], "4") == ["(4)"]


def test_a_move_that_starts_elsewhere_shows_a_change_between() -> None:
    first, second = moves("1", "2")
    for before in ("7", None):
        changed = [first, replace(second, before=before)]
        assert shown(changed, "2") == ["1", f"({before})", "2"]
    assert shown([replace(first, before="8")], "1") == ["(8)", "1"]


@pytest.mark.parametrize("state", [MoveState.INTENT, MoveState.PREPARING])
def test_an_open_move_counts_if_the_alias_has_moved(state: MoveState) -> None:
    first, second = moves("1", "2")
    made = [first, second.ended(state)]
    assert shown(made, "1") == ["1"]
    assert shown(made, "2") == (["1", "2"] if state == MoveState.INTENT else ["1", "(2)"])


def test_moves_of_other_aliases_and_cancelled_ones_are_no_steps() -> None:
    first, second, third = moves("1", "2", "3")
    others = [replace(second, alias="challenger"), third.ended(MoveState.CANCELLED)]
    assert shown([first, *others], "1") == ["1"]


@pytest.mark.parametrize(
    ("history", "back"),
    [
        ([], []),
        (["1"], []),
        (["1", "2"], ["1"]),
        (["1", "2", "3"], ["2", "1"]),
        (["1", "2", "1"], []),  # rolled back: there is nothing before the first
        (["1", "2", "3", "2"], ["1"]),  # rolled back once: the next step goes further
        (["1", "2", "1", "3"], ["1"]),  # a version rolled back does not count
        (["1", "2", "1", "2"], ["1"]),  # promoted again
        (["1", "2", "1", "3", "2"], ["3", "1"]),  # rolled back, and good enough later
        (["1", None, "2"], ["1"]),  # taken away meanwhile
        (["1", "1"], []),  # promoted although it was champion
        (["1", "2", None], ["1", "2"]),  # gone: the one before, else the last one
        (["1", None], ["1"]),
        ([None], []),
    ],
)
def test_versions_to_go_back_to(history: Sequence[str | None], back: list[str]) -> None:
    assert earlier_versions([Step(number, None) for number in history]) == back
