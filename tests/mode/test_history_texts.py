"""Texts of the history: no line and no formula can be forged, stray records are named."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.mode.history import history
from spaceship.mode.promote import promote
from spaceship.mode.rollback import rollback
from spaceship.registry.moves import Move, MoveState
from spaceship.registry.registry import CHAMPION
from tests.mode.champions import add, by_hand, champion, settings, told

NASTY = "=HYPERLINK('x')\n  version   9  2026-01-01 00:00 → now  root@host  \x1b[31mforged\u202e"


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
