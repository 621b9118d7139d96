"""Champions come and go by hand: promote, roll back, force, dry runs, and the record of it all."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.commands import QUICK, SUBMISSION, Shell

WEAK = ["model=random_forest", "model.estimator.max_depth=1", "model.estimator.n_estimators=20"]
DRY = "gate.dry_run=true"


@pytest.fixture
def contested(shell: Shell) -> Shell:
    """Give a shell whose registry has a champion, version 1, and a challenger, version 2."""
    assert shell("mode=train", *QUICK, *WEAK).returncode == 0
    two = ["gate=predecessor", "gate.gain.minimum=0.9"]  # so few people are no evidence
    better = shell("mode=train", *QUICK, "model=lgbm", *two)
    assert "Verdict: challenger" in better.stdout, better.stdout
    assert shell.champion() == "1"
    return shell


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_promote_rollback_and_history(contested: Shell, tmp_path: Path) -> None:
    shell = contested
    assert "would be version 2" in shell("mode=promote", DRY).stdout
    assert shell.champion() == "1"
    assert "is now version 2" in shell("mode=promote", "reason=it is better").stdout
    assert shell.champion() == "2"
    assert shell("mode=promote").returncode == 2
    assert "would be version 1" in shell("mode=rollback", DRY).stdout
    assert shell.champion() == "2"
    assert "is now version 1" in shell("mode=rollback").stdout
    assert shell.champion() == "1"
    assert shell("mode=rollback").returncode == 2
    told = shell("mode=history").stdout
    assert told.count("version ") == 3
    assert "it is better" in told
    for name in ("moves.csv", "moves.json"):
        assert shell("mode=history", f"history.output={tmp_path / name}").returncode == 0
    table = rows(tmp_path / "moves.csv")
    assert [(row["alias"], row["before"], row["after"]) for row in table] == [
        ("champion", "", "1"),
        ("challenger", "", "2"),
        ("champion", "1", "2"),
        ("challenger", "2", ""),
        ("champion", "2", "1"),
    ]
    assert {row["state"] for row in table} == {"done"}
    content = json.loads((tmp_path / "moves.json").read_text())
    assert [move["at"] for move in content["moves"]] == [row["at"] for row in table]
    second = table[2]["at"]
    assert "Version 2 was champion at" in shell("mode=history", f"history.at='{second}'").stdout
    assert "Version 1 is champion now" in shell("mode=history", "history.at=2999-12-31").stdout
    assert "There was no champion at" in shell("mode=history", "history.at=2020-01-01").stdout


@pytest.mark.parametrize("choice", ["gate=off", DRY])
def test_a_dry_run_tells_and_moves_nothing(shell: Shell, choice: str) -> None:
    done = shell("mode=train", *QUICK, "model=logistic_regression", choice)
    assert done.returncode == 0, done.stderr
    assert "Dry run, no alias moves; the verdict: champion" in done.stdout
    (command,) = re.findall(r"^Next: train it for real\n  (.*)", done.stdout, re.MULTILINE)
    assert choice not in command
    assert "Next: predict" not in done.stdout
    assert shell.champion() is None
    (verdict,) = shell.verdicts()
    assert (verdict["award"], verdict["dry_run"], verdict["version_registered"]) == (
        "champion",
        True,
        None,
    )


def test_every_rule_is_shown_and_a_forced_candidate_is_champion_on_record(shell: Shell) -> None:
    assert shell("mode=train", *QUICK, "model=lgbm").returncode == 0
    strict = shell("mode=train", *QUICK, *WEAK, "gate=strict", "gate.repeats.floor=0.5")
    assert "Verdict: refused" in strict.stdout
    assert [rule for rule in RULES if f"\n{rule} " not in strict.stdout] == []
    forced = shell("mode=train", *QUICK, *WEAK, "gate.force=true", "reason=a test of the alarm")
    assert "Verdict: champion, forced. Reason: a test of the alarm. Not met: " in forced.stdout
    assert shell.champion() == "2"
    (line,) = (one for one in shell("mode=history").stdout.splitlines() if "alarm" in one)
    assert line.endswith("Forced: a test of the alarm")


RULES = (
    *("Gain on the hold-out", "Relative gain on the hold-out", "Better on the hold-out"),
    *("Repeats with other folds", "Mean gain of the repeats", "Least gain of the repeats"),
    *("Calibration error grows by", "Fall in the worst slice", "Megabytes on disk"),
    *("Milliseconds for 1,000 rows", "Shift of the hold-out (PSI)"),
)


def test_a_changed_model_does_not_predict(shell: Shell) -> None:
    assert shell(*QUICK, "model=logistic_regression").returncode == 0
    submission = (shell.outputs / SUBMISSION).read_bytes()
    for path in (shell.outputs / "mlartifacts").rglob("artifacts/MLmodel"):
        path.write_text(path.read_text() + "\n")
    done = shell("mode=inference", *QUICK)
    assert done.returncode == 2
    assert "model of version 1" in done.stderr
    assert "found it changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert (shell.outputs / SUBMISSION).read_bytes() == submission


@pytest.mark.parametrize("gate", ["predecessor", "default"])
def test_a_recipe_does_not_beat_itself_by_another_hold_out(shell: Shell, gate: str) -> None:
    own = [*QUICK, "mode=train", "model=logistic_regression", f"gate={gate}"]
    assert "Verdict: champion" in shell(*own, "split.holdout_fraction=0.9").stdout
    done = shell(*own, "split.holdout_fraction=0.2")
    assert "The recipe to beat is fitted again" in done.stdout
    assert re.search(r"^Relative gain on the hold-out +0 %", done.stdout, re.MULTILINE)
    assert shell.champion() == "1"
