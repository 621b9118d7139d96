"""Verdicts on disk: bit for bit, and a missing one is a refusal."""

import json
from pathlib import Path
from typing import Any

import pytest

from spaceship.errors import RegistryError
from spaceship.files import write_json
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.gate.verdict_texts import needed, rule_table
from spaceship.records import from_plain, to_plain

VERDICT = Verdict(
    award=Award.CHALLENGER,
    reason="Challenger: a gain.",
    rule="relative_gain",
    numbers={"gain": 0.1 + 0.2, "relative_gain": None, "rows": 3},
    checks=(
        Check("any_gain", 1e-17, ">", 0.0, passed=True),
        Check("cv_seeds", None, "≥", 3, passed=False, otherwise=Award.CHALLENGER, detail="none"),
    ),
)


def test_a_verdict_comes_back_bit_for_bit(tmp_path: Path) -> None:
    write_json(tmp_path / VERDICT_FILE, to_plain(VERDICT))
    assert Verdict.read(tmp_path) == VERDICT
    assert from_plain(Verdict, to_plain(VERDICT), "memory") == VERDICT
    assert json.loads((tmp_path / "verdict.json").read_text())["version"] == 1


def test_every_rule_has_a_line_with_number_threshold_and_outcome() -> None:
    head, first, second = str(rule_table(VERDICT.checks)).splitlines()
    assert head.split() == ["rule", "found", "required", "outcome"]
    assert first.split() == ["any_gain", "1e-17", ">", "0", "passed"]
    assert second.split(maxsplit=4)[:4] == ["cv_seeds", "unknown", "≥", "3"]
    assert second.endswith("not enough for champion")


def test_what_a_candidate_would_need_has_its_units() -> None:
    gain = Check("gain", 0.01, ">", 0.03, passed=False, title="Gain", unit="%")
    chance = Check("evidence_p", 0.4, "<", 0.05, passed=False, title="Better", unit="p")
    verdict = Verdict(Award.REFUSED, "Refused: no.", "gain", checks=(gain, chance))
    assert needed(verdict) == "; a champion needs gain > 3 %, better p < 0.05"


def test_a_missing_verdict_is_a_refusal(tmp_path: Path) -> None:
    verdict = Verdict.read(tmp_path)
    assert (verdict.award, verdict.rule) == ("refused", "missing_verdict")


@pytest.mark.parametrize(
    "content",
    [{}, {"version": 2}, {"version": 1}, {"version": 1, "award": "king", "checks": []}],
)
def test_a_broken_verdict_is_an_error_and_no_verdict(
    tmp_path: Path, content: dict[str, Any]
) -> None:
    (tmp_path / "verdict.json").write_text(json.dumps(content))
    with pytest.raises(RegistryError, match=r"verdict\.json"):
        Verdict.read(tmp_path)


def test_an_award_that_does_not_exist_is_named(tmp_path: Path) -> None:
    content = to_plain(VERDICT) | {"award": "king"}
    with pytest.raises(RegistryError, match=r"verdict\.award to be 'refused', .* found 'king' in"):
        from_plain(Verdict, content, tmp_path)


def test_what_was_noted_beside_a_verdict_is_left_out() -> None:
    assert from_plain(Verdict, to_plain(VERDICT) | {"dry_run": True}, "memory") == VERDICT
