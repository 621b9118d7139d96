"""History held against the alias, and the way back, after changes that people made by hand."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.pipeline import Pipeline

from spaceship.data._base import Dataset
from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.history import history
from spaceship.mode.promote import promote
from spaceship.mode.rollback import rollback
from spaceship.registry import moves, packaging
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHALLENGER, CHAMPION

BACK = "Version {} comes back with mode=rollback."
NASTY = "=HYPERLINK('x')\n  version   9  2026-01-01 00:00 → now  root@host  \x1b[31mforged\u202e"
Verb = Callable[[Experiment], None]


@pytest.fixture(scope="module")
def model(people: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a model that loads."""
    from sklearn.linear_model import LogisticRegression

    from spaceship.features.raw import RawFeatures
    from spaceship.model.encoding import Encoding
    from spaceship.model.pipeline import build_pipeline

    task = people.task
    features = RawFeatures(task.to_plain())
    pipeline: Pipeline = build_pipeline(features, Encoding.ONEHOT, LogisticRegression())
    raw = people.train.head(60)
    pipeline.fit(raw.drop(columns=task.label), task.target(raw))
    folder = tmp_path_factory.mktemp("saved") / "model"
    packaging.save(pipeline, folder, raw.drop(columns=task.label), task)
    return folder


@pytest.fixture
def two(experiment: Experiment, model: Path) -> Experiment:
    """Give an experiment with two champions, one after the other."""
    add(experiment, model)
    add(experiment, model)
    return experiment


def add(experiment: Experiment, model: Path, alias: str = CHAMPION, reason: str = "made") -> str:
    """Register a version of the model and point an alias to it, on record."""
    registry = experiment.registry
    run_id = registry.store.start_run("job", {})
    tags = {"recipe": "{}"}
    number = registry.register({"model": model}, run_id, tags)
    with registry.aliases.lock():
        registry.aliases.move(alias, number, reason)
    return number


def damage(experiment: Experiment, number: str) -> None:
    """Change a byte of a version's model."""
    client = experiment.registry.store.client
    source = client.get_model_version(experiment.registry.model, number).source
    found = client.get_logged_model(str(source).rpartition("/")[2]).artifact_location
    path = Path(str(found).removeprefix("file://")) / "MLmodel"
    path.write_text(path.read_text() + " ")


def by_hand(experiment: Experiment, call: str, *arguments: str) -> None:
    getattr(experiment.registry.store.client, call)(experiment.registry.model, *arguments)


def settings(experiment: Experiment, **changes: Any) -> Experiment:
    made = experiment.settings
    return replace(
        experiment,
        settings=made.model_copy(update={"history": made.history.model_copy(update=changes)}),
    )


def told(verb: Verb, experiment: Experiment, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines that a mode prints."""
    caplog.clear()
    with caplog.at_level("INFO"):
        verb(experiment)
    return "\n".join(record.getMessage() for record in caplog.records).splitlines()


def champion(experiment: Experiment) -> str | None:
    return experiment.registry.aliases.current().get(CHAMPION)


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
    assert "champion was nobody, is 1" in told(rollback, two, caplog)[-1]
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
    assert "champion was 3, is 2" in told(rollback, two, caplog)[-1]


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
    by_hand(two, "delete_model_version_tag", "2", "digests")
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
    assert "champion was 2, is 3" in told(promote, two, caplog)[-1]
    assert told(history, two, caplog)[-1] == BACK.format(2)


def test_no_reason_and_no_account_forges_a_line(
    experiment: Experiment, model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    registry = experiment.registry
    add(experiment, model, reason=NASTY)
    old = Move("2026-01-01", CHAMPION, "1", "1", NASTY, NASTY, MoveState.DONE, "move-2026")
    registry.store.client.set_registered_model_tag(
        registry.model, old.key, json.dumps(json.loads(old.to_tag()))
    )
    lines = told(history, experiment, caplog)
    assert sum(line.startswith("  version") for line in lines) == 3
    assert all(line.isprintable() for line in lines)


def test_a_file_for_people_carries_no_formula(
    experiment: Experiment, model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reasons = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1+1", "3.2 % better"]
    for reason in reasons:
        add(experiment, model, reason=reason)
    for name in ("moves.csv", "moves.json"):
        told(history, settings(experiment, output=str(tmp_path / name)), caplog)
    text = (tmp_path / "moves.csv").read_text()
    rows = [*csv.DictReader(text.splitlines())]
    assert [row["reason"] for row in rows] == [
        *("'=1+1", "'+1", "'-1", "'@SUM(A1)", "\\t=1", "\\r=1", "' =1", "'\uff1d1+1"),
        "3.2 % better",
    ]
    assert [row["number"] for row in rows] == [str(number) for number in range(1, 10)]
    assert json.loads((tmp_path / "moves.json").read_text())["moves"][0]["reason"] == "=1+1"


def test_an_unreadable_record_is_named_beside_the_rest(
    two: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    by_hand(two, "set_registered_model_tag", "move-stray", "not ours")
    lines = told(history, two, caplog)
    assert any("found the tag move-stray" in line for line in lines)
    assert [line[:13] for line in lines if line.startswith("  version")] == [
        "  version   1",
        "  version   2",
    ]
    assert not any("comes back" in line for line in lines), "rollback asks to mend it first"
    for verb in (rollback, promote):
        with pytest.raises(RegistryError, match=r"remove what is no record:\n  .*move-stray"):
            verb(two)


@pytest.mark.slow
def test_the_command_that_mends_an_unreadable_record_works_as_typed(
    two: Experiment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("move-stray", "move-a b:c/d"):
        by_hand(two, "set_registered_model_tag", key, "not ours")
    lines = told(history, two, caplog)
    (command,) = [line for line in lines if line.startswith(f"  {sys.executable}")]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(command, shell=True, cwd=elsewhere, check=True, timeout=60)  # noqa: S602
    told(rollback, two, caplog)
    assert champion(two) == "1"


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
    assert line.startswith("Version 2 was champion at 2999-12-31")
    assert "Or no version was: moved outside, between" in line
    (line,) = told(history, settings(two, at="2020-01-01"), caplog)
    assert line == "There was no champion at 2020-01-01T23:59+00:00."
