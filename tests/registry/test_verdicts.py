"""Candidate against champion, twin against twin: who wins, by which rule, on what record."""

import json
from pathlib import Path

import pytest

from spaceship.errors import RefusedError, TrackingError
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.rule.floor import Floor
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.registry.candidates import (
    RULES,
    NewJob,
    Twins,
    aliases,
    labels,
    n_versions,
    one_better,
    promotion,
)


def test_the_first_champion_is_registered_whole_and_on_record(
    registry: Registry, new_job: NewJob, twins: Twins, tmp_path: Path
) -> None:
    job = new_job(twins.good)
    verdict = promotion(registry).judge(job)
    assert verdict.award == CHAMPION
    champion = registry.champion()
    assert (champion.number, champion.run_id) == ("1", job.run_id)
    assert champion.recipe == Report.read(job.folder, labels()).recipe
    for name in ("report.json", "holdout.csv", "twin"):
        registry.fetch(champion, name, tmp_path)
    registry.store.client.download_artifacts(champion.run_id, VERDICT_FILE, str(tmp_path))
    assert {*champion.digests} == {"model", "twin", "report.json", "holdout.csv"}
    assert Report.read(tmp_path).run_id == job.run_id
    assert Report.read(tmp_path, labels()).holdout == twins.good
    tags = registry.store.client.get_run(champion.run_id).data.tags
    assert (tags["award"], tags["reason"]) == (CHAMPION, verdict.reason)
    (move,) = registry.aliases.moves()
    assert (move.alias, move.before, move.after, move.reason) == (
        CHAMPION,
        None,
        "1",
        verdict.reason,
    )
    written = json.loads((job.folder / VERDICT_FILE).read_text())
    assert written["version"] == 1
    assert (written["version_registered"], written["champion_before"]) == ("1", None)
    assert not job.twin.exists()
    assert not job.model.exists(), "what is registered lies in MLflow only"


def test_no_champion_below_the_floor(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    job = new_job(twins.weak)
    verdict = promotion(registry, Gate(floor=Floor(minimum=0.99))).judge(job)
    assert (verdict.award, verdict.rule) == ("refused", "floor")
    assert aliases(registry) == (None, None)
    assert n_versions(registry) == 0
    assert job.model.is_dir(), "the serving model stays, to be looked at"
    assert not job.twin.exists()


def test_no_gain_a_small_gain_and_a_large_one(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    judge = promotion(registry)
    assert judge.judge(new_job(twins.weak)).award == CHAMPION
    assert judge.judge(new_job(twins.weak)).award == "refused"
    assert aliases(registry) == ("1", None)
    small = judge.judge(new_job(one_better(twins.weak)))
    assert small.award == CHALLENGER
    assert small.numbers["champion_accuracy"] == twins.weak.accuracy
    assert aliases(registry) == ("1", "2")
    large = judge.judge(new_job(twins.good))
    assert large.award == CHAMPION
    assert large.numbers["candidate_accuracy"] == twins.good.accuracy
    assert large.numbers["paired_rows"] == len(twins.good.ids)
    assert aliases(registry) == ("3", None), "the challenger was one of the champion before"
    assert registry.previous_champion() == "1"
    assert judge.judge(new_job(twins.weak)).award == "refused"
    assert aliases(registry) == ("3", None)


def test_a_ceiling_caps_the_award(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    judge = promotion(registry)
    judge.judge(new_job(twins.weak), ceiling=CHALLENGER)
    assert aliases(registry) == ("1", None), "the first one has nobody to challenge"
    assert judge.judge(new_job(twins.good), ceiling=CHALLENGER).rule == "ceiling"
    assert aliases(registry) == ("1", "2")


def test_a_gate_that_moves_nothing_tells_what_it_would_have_done(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    job = new_job(twins.good)
    verdict = promotion(registry, Gate(dry_run=True, **RULES)).judge(job)
    assert verdict.award == CHAMPION
    assert Verdict.read(job.folder) == verdict
    assert aliases(registry) == (None, None)
    assert n_versions(registry) == 0
    assert registry.aliases.moves() == []


def test_a_refusal_is_an_error_where_the_gate_requires_otherwise(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    judge = promotion(registry, Gate(require=True, **RULES))
    judge.judge(new_job(twins.good))
    job = new_job(twins.weak)
    with pytest.raises(RefusedError, match=r"found: Refused: .*; gate\.require=false") as caught:
        judge.judge(job)
    assert caught.value.exit_status == 3
    assert Verdict.read(job.folder).award == "refused"
    tags = registry.store.client.get_run(job.logged_run()).data.tags
    assert tags["award"] == "refused"


def test_a_verdict_is_given_once(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    for holdout in (twins.good, twins.weak):
        job = new_job(holdout)
        first = promotion(registry).judge(job)
        assert promotion(registry).judge(job) == first
    assert n_versions(registry) == 1
    assert len(registry.aliases.moves()) == 1


def test_a_job_without_a_run_cannot_be_judged(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    with pytest.raises(TrackingError, match="run it with the callback"):
        promotion(registry).judge(new_job(twins.good, run=False))
    assert n_versions(registry) == 0


def test_a_forced_candidate_becomes_champion_on_record(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.good))
    force = promotion(registry, Gate(force=True, **RULES), reason="the data were mended")
    verdict = force.judge(new_job(twins.weak), ceiling=CHALLENGER)
    assert (verdict.award, verdict.rule) == (CHAMPION, "forced")
    assert aliases(registry) == ("2", None)
    assert "the data were mended" in registry.aliases.moves()[-1].reason
    assert registry.previous_champion() == "1"
