"""Candidate against champion, twin against twin: who wins, by which rule, on what record."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import RefusedError, TrackingError
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import predict_holdout
from spaceship.gate.policy import Gate
from spaceship.gate.rule.floor import Floor
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.registry import packaging
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from tests.registry.candidates import (
    PROTOCOL,
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


def test_the_champion_is_scored_again_where_the_data_has_moved(
    registry: Registry, new_job: NewJob, twins: Twins, people: Dataset
) -> None:
    first = new_job(twins.weak)
    shutil.rmtree(first.twin)
    packaging.save(twins.weak_pipeline, first.twin, people.train, people.task)
    promotion(registry).judge(first)
    source = SyntheticData(n_groups=400, seed=2912, drift=1.0, test_fraction=0.33)
    drifted = checked(source.read(people.task), people.task)
    _, held = PROTOCOL.split(drifted.train, people.task)
    expected = predict_holdout(twins.weak_pipeline, held, people.task)
    assert expected != twins.weak
    updated: list[Report] = []

    def update(champion: Report, _: Report, twin: Path) -> Report:
        holdout = predict_holdout(packaging.load(str(twin)), held, people.task)
        updated.append(replace(champion, holdout=holdout, data_digest=drifted.digest))
        return updated[-1]

    perfect = replace(expected, values=people.task.target(held).astype(float))
    job = new_job(perfect, digest=drifted.digest)
    known = Labels.of(people.task, drifted.train)
    verdict = replace(promotion(registry, update=update), labels=known).judge(job)
    assert [report.holdout for report in updated] == [expected]
    assert updated[0].run_id == first.run_id
    assert verdict.award == CHAMPION
    assert verdict.numbers["champion_accuracy"] == expected.accuracy


@pytest.mark.parametrize("other", [None, {"n_folds": 5}, {"dealing": 1}])
def test_a_champion_without_the_seeds_or_the_folds_of_the_gate_is_scored_on_them(
    registry: Registry, new_job: NewJob, twins: Twins, other: dict[str, Any] | None
) -> None:
    repeats = {str(seed): {"accuracy": 0.7} for seed in (1, 2, 3)}
    first = new_job(twins.weak)
    if other is not None:
        split = replace(PROTOCOL, **other)
        known = replace(Report.read(first.folder, labels()), repeats=repeats, protocol=split)
        known.write(first.folder)
    promotion(registry).judge(first)
    asked: list[str] = []

    def update(champion: Report, _: Report, twin: Path) -> Report:
        assert (twin / "MLmodel").is_file()
        asked.append(champion.name)
        return replace(champion, repeats=repeats)

    strict = Gate(repeats=Repeats(seeds=(1, 2, 3), floor=0.5), significance=Significance(), **RULES)
    job = new_job(twins.good)
    better = {seed: {"accuracy": 0.8} for seed in repeats}
    replace(Report.read(job.folder, labels()), repeats=better).write(job.folder)
    assert promotion(registry, strict, update).judge(job).award == CHAMPION
    assert asked == ["lgbm"]


def test_a_champion_whose_folds_an_earlier_release_dealt_keeps_its_predictions(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    first = new_job(twins.weak)
    old = replace(PROTOCOL, dealing=1, seed=7)
    replace(Report.read(first.folder, labels()), protocol=old).write(first.folder)
    promotion(registry).judge(first)
    assert promotion(registry).judge(new_job(twins.good)).award == CHAMPION


def test_a_champion_of_another_hold_out_is_updated(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    part = twins.weak.only(twins.weak.ids[:50])
    promotion(registry).judge(new_job(part))

    def update(champion: Report, *_: object) -> Report:
        assert champion.holdout == part
        return replace(champion, holdout=twins.weak)

    verdict = promotion(registry, update=update).judge(new_job(twins.good))
    assert verdict.numbers["paired_rows"] == len(twins.good.ids)


KNOWN = Protocol(holdout_fraction=0.2, salt="a", n_folds=3, seed=1)


@pytest.mark.parametrize(
    ("change", "shares"),
    [
        ({}, True),
        ({"n_folds": 10, "seed": 2}, True),
        ({"salt": "b"}, False),
        ({"holdout_fraction": 0.3}, False),
        ({"holdout_fraction": 0.1}, False),
    ],
)
def test_a_twin_of_other_split_settings_is_not_compared(
    change: dict[str, Any], *, shares: bool
) -> None:
    mine, theirs = (
        Report("m", "local", "d", protocol=one) for one in (KNOWN, replace(KNOWN, **change))
    )
    assert mine.shares_split(theirs) == shares


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
