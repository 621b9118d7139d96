"""History held against the alias, and the way back, after changes that people made by hand."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.history import _uses, history
from spaceship.mode.promote import promote
from spaceship.mode.rollback import rollback
from spaceship.registry import moves, packaging
from spaceship.registry.registry import CHALLENGER, CHAMPION, DIGESTS
from tests.mode.champions import add, by_hand, champion, damage, settings, told

BACK = "Version {} comes back with mode=rollback."


@pytest.mark.parametrize(
    ("call", "arguments"),
    [("delete_registered_model_alias", (CHAMPION,)), ("delete_model_version", ("2",))],
)
def test_a_champion_that_is_gone_is_told_and_the_one_before_comes_back(
    two: Experiment, caplog: pytest.LogCaptureFixture, call: str, arguments: tuple[str, ...]
) -> None:
    by_hand(two, call, *arguments)
    *_, second, gone, since, back = told(history, two, caplog)
    assert "version   2" in second
    assert "→ moved outside" in second
    assert "no champion" in gone
    assert "moved outside, between 2" in gone
    assert "has no champion since the alias was moved outside, between 2" in since
    assert back == BACK.format(1)
    assert "champion is now version 1 (was none)" in told(rollback, two, caplog)[-1]
    assert champion(two) == "1"
    *_, gone, last = told(history, two, caplog)
    assert "no champion" in gone
    assert "(now)" not in gone
    assert "version   1" in last
    assert "→ now" in last, "no hint: nothing was champion before version 1"


def test_a_champion_that_was_put_there_by_hand_is_told(
    two: Experiment, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    by_hand(two, "set_registered_model_alias", CHAMPION, "1")
    *_, last = told(history, two, caplog)
    assert "version   1  moved outside, between 2" in last
    with pytest.raises(RegistryError, match="found version 1 only"):
        rollback(two)
    assert champion(two) == "1"
    add(two, model, CHALLENGER)
    by_hand(two, "set_registered_model_alias", CHAMPION, "3")
    assert told(history, two, caplog)[-1] == BACK.format(2)
    assert "champion is now version 2 (was version 3)" in told(rollback, two, caplog)[-1]


def test_a_champion_without_any_record_is_told(
    experiment: Experiment, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(experiment, model, CHALLENGER)
    by_hand(experiment, "set_registered_model_alias", CHAMPION, "1")
    assert "version   1  moved outside, before 2" in told(history, experiment, caplog)[-1]


def test_the_only_champion_comes_back_after_its_alias_was_taken_away(
    experiment: Experiment, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(experiment, model)
    by_hand(experiment, "delete_registered_model_alias", CHAMPION)
    assert told(history, experiment, caplog)[-1] == BACK.format(1)
    told(rollback, experiment, caplog)
    assert champion(experiment) == "1"


def test_the_way_back_passes_over_versions_that_are_deleted_damaged_or_do_not_load(
    two: Experiment, model: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        add(two, model)
    damage(two, "4")
    by_hand(two, "delete_model_version", "3")
    by_hand(two, "delete_model_version_tag", "2", DIGESTS)
    assert told(history, two, caplog)[-1] == BACK.format(1)

    def refuse(uri: str) -> None:
        raise RegistryError(uri)

    with monkeypatch.context() as patched:
        patched.setattr(packaging, "load", refuse)
        faults = ("4 has lost or changed its model", "3 is deleted", "2 has no digest")
        found = ", ".join(f"version {fault}" for fault in (*faults, "1 does not load"))
        with pytest.raises(RegistryError, match=f"found {found}; there is nothing to go back to"):
            rollback(two)
    assert champion(two) == "5"
    told(rollback, two, caplog)
    assert champion(two) == "1"


def test_a_challenger_that_is_gone_or_damaged_is_not_promoted(two: Experiment, model: Path) -> None:
    number = add(two, model, CHALLENGER)
    damage(two, number)
    damaged = "version 3 .* the challenger, whole, found that it has lost or changed its model; "
    with pytest.raises(RegistryError, match=f"{damaged}.*mode=train model=NAME"):
        promote(two)
    by_hand(two, "delete_model_version", number)
    with pytest.raises(RegistryError, match=r"found none: the alias was moved outside; .*train"):
        promote(two)
    assert champion(two) == "2"
    assert not any(move.is_open for move in two.registry.aliases.moves())


def test_a_challenger_is_promoted(
    two: Experiment, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add(two, model, CHALLENGER)
    assert "champion is now version 3 (was version 2)" in told(promote, two, caplog)[-1]
    assert told(history, two, caplog)[-1] == BACK.format(2)


def test_times_out_of_order_are_told_and_change_nothing(
    two: Experiment, model: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = datetime.now(UTC) - timedelta(hours=2)
    monkeypatch.setattr(moves, "now", lambda: earlier)
    add(two, model)
    *_, last, clocks, back = told(history, two, caplog)
    assert "version   3" in last
    assert "→ now" in last
    assert "the order is that of the moves" in clocks
    assert back == BACK.format(2)


def test_a_champion_of_a_moment_that_was_changed_outside_is_told(
    two: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    by_hand(two, "delete_registered_model_alias", CHAMPION)
    (line,) = told(history, settings(two, at="2999-12-31"), caplog)
    assert line.startswith("There is no champion now, since the alias was moved outside, between")
    (line,) = told(history, settings(two, at="2020-01-01"), caplog)
    assert line == "There was no champion at 2020-01-01T23:59+00:00."


def test_of_the_future_only_the_present_is_known(
    two: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for moment in (today, "2999-12-31"):
        (line,) = told(history, settings(two, at=moment), caplog)
        assert line.startswith("Version 2 is champion now, since 20")


def test_without_a_champion_the_command_stands_alone(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    first, purpose, command = told(history, experiment, caplog)
    assert first.endswith(" has never had a champion.")
    assert purpose == "Next: train a candidate"
    assert command == f"  {experiment.registry.command('mode=train')}"


def test_nothing_to_go_back_to_ends_in_a_command(experiment: Experiment, model: Path) -> None:
    add(experiment, model)
    with pytest.raises(RegistryError) as refused:
        rollback(experiment)
    assert str(refused.value).endswith(experiment.registry.command("mode=train", "model=NAME"))


def test_the_uses_of_the_hold_outs_are_counted() -> None:
    assert _uses(["a"]) == "The hold-out (a) has been used for 1 comparison."
    assert _uses(["b", "a", "a"]) == "The hold-outs (a, b) have been used for 3 comparisons."
