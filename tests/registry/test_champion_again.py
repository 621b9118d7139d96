"""Champions scored again, where data, folds or hold-out are others than they were judged on."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.data._base import Dataset
from spaceship.data.checks import checked
from spaceship.data.synthetic import SyntheticData
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import predict_holdout
from spaceship.gate.policy import Gate
from spaceship.gate.rule.repeats import Repeats
from spaceship.gate.rule.significance import Significance
from spaceship.registry import packaging
from spaceship.registry.registry import CHAMPION, Registry
from tests.registry.candidates import (
    PROTOCOL,
    RULES,
    NewJob,
    Twins,
    labels,
    promotion,
)

KNOWN = Protocol(holdout_fraction=0.2, salt="a", n_folds=3, seed=1)


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
