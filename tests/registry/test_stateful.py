"""Random sequences of moves, changes by hand, kills and set clocks, against a simple model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.chaos.registry import hasty_sqlite, run
from scripts.chaos.registry_world import World
from spaceship.registry import moves
from spaceship.tracking.store import Store

SEQUENCES = 10  # `python -m scripts.chaos.registry` runs 2,000 and more


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Iterator[World]:
    with hasty_sqlite():
        yield World(store, tmp_path)


def test_a_registry_is_as_a_simple_model_says(world: World) -> None:
    run(world, SEQUENCES, number=1)
    assert world.counts["sequences"] >= SEQUENCES
    assert world.counts["long"] >= SEQUENCES // 2
    assert world.counts["kills"] > 0


def test_a_fault_of_the_sequence_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = moves.Move.prepared
    monkeypatch.setattr(moves.Move, "prepared", lambda *given: prepared(*given[:4]))
    with pytest.raises((AssertionError, ExceptionGroup), match=r"record before it|sub-exception"):
        run(world, SEQUENCES, number=1, shrink=False)
