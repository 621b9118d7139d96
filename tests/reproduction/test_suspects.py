"""Suspects where several facts differ: their order, and runs that take one at a time from now."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.data._base import Dataset
from spaceship.data.digest import TableDigest
from spaceship.errors import MissingDependencyError
from spaceship.experiment import Experiment
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import LaterProcess, RunRecord
from spaceship.reproduction.differences import Comparison, Difference, compare_stages
from spaceship.reproduction.suspects import Change, find_suspects

Rerun = Callable[[Change], RecordedRun]
OLD = {"lightgbm": "4.6.0", "numpy": "2.0.0", "scipy": "1.0", "pandas": "3.0", "mlflow": "3.0"}


@pytest.fixture
def recorded(experiment: Experiment, people: Dataset, tmp_path: Path) -> RecordedRun:
    """Give a recorded run of LightGBM, with out-of-fold predictions."""
    RunRecord.start(experiment, tmp_path, None).loaded(people)
    run = RecordedRun.read(tmp_path)
    recipe = {"estimator": {"_target_": "lightgbm.LGBMClassifier", "n_jobs": 1}}
    return predicting(changed(run, {}, recipe=recipe), "ab")


def changed(run: RecordedRun, environment: dict[str, Any], **more: Any) -> RecordedRun:
    record = run.provenance
    made = replace(record, environment=replace(record.environment, **environment), **more)
    return replace(run, provenance=made)


def predicting(run: RecordedRun, digest: str) -> RecordedRun:
    stages = run.provenance.stages | {"out_of_fold": {"rows": TableDigest(digest)}}
    return changed(run, {}, stages=stages)


def older(run: RecordedRun, packages: dict[str, str]) -> RecordedRun:
    return changed(run, {"packages": run.provenance.environment.packages | packages})


def named(recorded: RecordedRun, again: RecordedRun, rerun: Rerun | None = None) -> list[str]:
    found = find_suspects(recorded, again, compare_stages(recorded, again), rerun)
    return [f"{one.kind} {one.text.split()[0]}" for one in found]


def test_the_estimators_package_comes_before_those_of_numbers_and_the_others_are_left_out(
    recorded: RecordedRun,
) -> None:
    again = predicting(older(recorded, OLD), "cd")
    packages = [f"package {name}" for name in ("lightgbm", "scipy", "numpy", "pandas")]
    assert named(recorded, again) == packages


def test_the_last_bits_point_to_threads_and_not_to_code(recorded: RecordedRun) -> None:
    code = replace(recorded.provenance.code, files={"spaceship/model/linear.py": "ab"})
    record = changed(recorded, {}, code=replace(code, files={"spaceship/model/linear.py": "cd"}))
    again = predicting(changed(recorded, {"variables": {"OMP_NUM_THREADS": "64"}}, code=code), "cd")
    for distance, kinds in ((3, ["threads", "code"]), (2**45, ["code", "threads"])):
        difference = Difference("out_of_fold", "rows", "value", distance=distance)
        found = find_suspects(record, again, Comparison((), difference))
        assert [str(one.kind) for one in found if one.kind in kinds] == kinds


def test_runs_that_take_one_suspect_from_now_find_the_package(recorded: RecordedRun) -> None:
    tried: list[Change] = []

    def rerun(change: Change) -> RecordedRun:
        tried.append(change)
        return predicting(recorded, "cd") if "scipy" in change.packages else recorded

    again = predicting(changed(older(recorded, OLD), {"cpu": "another"}), "cd")
    assert named(recorded, again, rerun)[0] == "package scipy"
    assert tried[0] == Change(packages=("lightgbm", "scipy", "numpy", "pandas"))
    assert tried[-1] == Change(packages=("scipy",))


def test_what_alone_changes_nothing_comes_last(recorded: RecordedRun) -> None:
    slow = changed(older(recorded, {"lightgbm": "4.6.0"}), {"cpu": "another"})
    assert named(recorded, predicting(slow, "cd"), lambda _: recorded) == [
        "cpu cpu",
        "package lightgbm",
    ]


def test_a_run_that_cannot_be_made_proves_nothing(recorded: RecordedRun) -> None:
    def rerun(_: Change) -> RecordedRun:
        raise MissingDependencyError("no uv")

    slow = changed(older(recorded, {"lightgbm": "4.6.0"}), {"cpu": "another"})
    assert named(recorded, predicting(slow, "cd"), rerun) == ["package lightgbm", "cpu cpu"]


def test_a_stage_of_a_later_process_has_its_packages(recorded: RecordedRun) -> None:
    old = older(recorded, {"scipy": "1.0"}).provenance.environment
    for after, suspect in (["raw", "typed"], "package scipy"), (["out_of_fold"], "chance nothing"):
        record = changed(recorded, {}, later=[LaterProcess(after, old, None, {})])
        assert named(record, predicting(recorded, "cd"))[0] == suspect


def test_where_nothing_differs_chance_is_named(recorded: RecordedRun) -> None:
    assert named(recorded, predicting(recorded, "cd")) == ["chance nothing"]


def test_the_same_bytes_typed_otherwise_are_no_fault_of_the_data(recorded: RecordedRun) -> None:
    record = recorded.provenance
    typed = {"train": replace(record.stages["typed"]["train"], digest="ab", unordered="cd")}
    found = {"time_zone": "JST"}
    again = changed(recorded, found, stages=record.stages | {"typed": typed})
    assert named(recorded, again) == ["environment time_zone"]
