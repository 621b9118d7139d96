"""Looks at the hold-out on record: budget, reseal, and figures that are not told."""

import json
import logging
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from spaceship.errors import RegistryError
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.policy import Gate
from spaceship.gate.rule.evidence import Evidence
from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import Registry
from spaceship.tracking.job import Job
from spaceship.tracking.tag_names import hidden
from tests.registry.candidates import (
    PROTOCOL,
    RULES,
    NewJob,
    Twins,
    labels,
    one_better,
    promotion,
    up_to_date,
)


def change(job: Job, **changes: Any) -> Job:
    """Change the report of a job."""
    replace(Report.read(job.folder, labels()), **changes).write(job.folder)
    return job


def salted(salt: str) -> Protocol:
    return replace(PROTOCOL, salt=salt)


def test_every_comparison_is_a_look_on_record(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    jobs = [new_job(one) for one in (twins.weak, twins.weak, twins.good)]
    for number, job in enumerate(jobs, 1):
        verdict = promotion(registry).judge(job)
        assert verdict.numbers["look"] == number
        promotion(registry).judge(job)  # a verdict that is known is no other look
    looks = LookRecords.read(replace(registry).aliases).looks
    assert {look.run_id for look in looks} == {job.run_id for job in jobs}
    assert sorted(look.result for look in looks) == ["champion", "champion", "refused"]
    assert {look.split for look in looks} == {"hash salt pepper"}
    assert len({look.holdout for look in looks}) == 1
    assert all(look.by and look.at for look in looks)


def test_a_dry_run_is_a_look_and_the_best_of_a_sweep_counts_its_rivals(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry, Gate(dry_run=True, **RULES)).judge(new_job(twins.weak))
    promotion(registry).judge(change(new_job(twins.weak), candidates=60))
    verdict = promotion(registry).judge(new_job(twins.good))
    assert (verdict.numbers["look"], verdict.numbers["candidates"]) == (3, 62)


def test_a_look_that_was_interrupted_counts(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Gate, "decide", interrupted)
        with pytest.raises(KeyboardInterrupt):
            promotion(registry).judge(new_job(twins.weak))
    (look,) = LookRecords.read(registry.aliases).looks
    assert look.result == ""
    assert promotion(registry).judge(new_job(twins.weak)).numbers["look"] == 2


def test_a_budget_ends_in_refusals_without_figures_until_there_is_more_data(
    registry: Registry, new_job: NewJob, twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    few = promotion(registry, Gate(budget=2, **RULES))
    few.judge(change(new_job(twins.weak), rows=100))
    with caplog.at_level(logging.INFO):
        verdict = few.judge(change(new_job(one_better(twins.weak)), rows=10, drawn_from=100))
    assert (verdict.numbers["sample"], verdict.numbers["drawn_from"]) == (10, 100)
    assert "All figures are of a sample: 10 of 100 labelled rows" in caplog.text
    caplog.clear()
    job = change(new_job(twins.good), metrics={"cv_accuracy": 0.8}, rows=200)
    with caplog.at_level(logging.INFO):
        verdict = few.judge(job)
    assert (verdict.award, verdict.rule) == ("refused", "budget")
    assert "Hold-out:" not in caplog.text
    assert {*Report.read(job.folder).metrics} == {"cv_accuracy"}
    assert {*registry.store.client.get_run(str(job.run_id)).data.metrics} == set()
    assert len(LookRecords.read(registry.aliases).looks) == 2
    small = change(new_job(twins.good), protocol=replace(PROTOCOL, holdout_fraction=0.1), rows=100)
    assert few.judge(small).rule == "budget", "another fraction is no other hold-out"
    assert few.judge(change(new_job(twins.good), rows=201)).rule != "budget", "twice as many rows"


def test_a_reseal_needs_another_hold_out_and_retires_the_old_one(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    reseal = promotion(registry, Gate(reseal=True, **RULES), up_to_date, "worn out")
    with pytest.raises(RegistryError, match=r"no look has used, found hash salt pepper; .*TEXT"):
        reseal.judge(new_job(twins.weak))
    update = replace(reseal, update=lambda champion, *_: champion)
    verdict = update.judge(change(new_job(twins.good), protocol=salted("new")))
    assert (verdict.numbers["look"], verdict.numbers["candidates"]) == (1, 2)
    assert LookRecords.read(registry.aliases).next(Report.missing("m")).ever == 4
    records = LookRecords.read(registry.aliases)
    assert [(one.split, one.reason) for one in records.reseals] == [("hash salt new", "worn out")]
    with pytest.raises(RegistryError, match=r"retired by a reseal; add split\.salt=new"):
        promotion(registry).judge(new_job(twins.good))
    again = change(new_job(twins.good), protocol=salted("new"))
    assert promotion(registry).judge(again).numbers["look"] == 2


def test_a_ladder_keeps_the_figures_of_a_refusal(
    registry: Registry, new_job: NewJob, twins: Twins, caplog: pytest.LogCaptureFixture
) -> None:
    promotion(registry).judge(new_job(twins.good))
    ladder = promotion(registry, Gate(reveal="ladder", **RULES))
    job = change(new_job(twins.weak), metrics={})
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert ladder.judge(job).award == "refused"
    run = registry.store.client.get_run(str(job.run_id))
    verdict = json.loads((job.folder / "verdict.json").read_text())
    told = [caplog.text, run.data.tags["reason"], verdict["reason"]]
    assert not any(f"{float(twins.weak.score):.3f}" in text for text in told)
    assert not run.data.metrics
    assert not Report.read(job.folder).metrics
    assert verdict["numbers"] == {}


def test_equal_recipes_of_other_seeds_are_paired_out_of_fold(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    folds = OutOfFold(pd.DataFrame({"group": ["a"], "loss": [0.0], "constant": [1.0]}, index=["a"]))
    gate = Gate(evidence=Evidence(min_groups=2), **RULES)
    promotion(registry).judge(change(new_job(twins.weak), out_of_fold=folds))
    other = replace(PROTOCOL, seed=PROTOCOL.seed + 1)
    job = change(new_job(twins.good), out_of_fold=folds, protocol=other)
    verdict = promotion(registry, gate).judge(job)
    assert "1 rows out of fold" in next(
        check.detail for check in verdict.checks if check.rule == "evidence_p"
    )


def test_a_killed_reseal_goes_on(
    registry: Registry, new_job: NewJob, twins: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    job = change(new_job(twins.good), protocol=salted("new"))
    reseal = promotion(registry, Gate(reseal=True, **RULES), lambda one, *_: one, "worn")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for method in ("begin", "end"):
        with monkeypatch.context() as patch:
            patch.setattr(LookRecords, method, killed)
            with pytest.raises(KeyboardInterrupt):
                reseal.judge(job)
    assert reseal.judge(job).numbers["look"] == 1
    assert len(LookRecords.read(registry.aliases).reseals) == 1


def test_a_broken_record_counts_as_a_look(
    registry: Registry, new_job: NewJob, twins: Twins
) -> None:
    promotion(registry).judge(new_job(twins.weak))
    (look,) = LookRecords.read(registry.aliases).looks
    client = registry.store.client
    client.set_registered_model_tag(registry.model, hidden(f"look-{look.run_id}"), "{")
    assert promotion(registry).judge(new_job(twins.good)).numbers["look"] == 2


def test_force_works_with_a_used_budget(registry: Registry, new_job: NewJob, twins: Twins) -> None:
    promotion(registry).judge(new_job(twins.good))
    gate = Gate(budget=1, force=True, **RULES)
    verdict = promotion(registry, gate, reason="mended").judge(new_job(twins.weak))
    assert (verdict.award, verdict.told) == ("champion", False)
