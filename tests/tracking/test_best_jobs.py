"""The jobs of a sweep that become the members of a blend."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.errors import ConfigError
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.tracking.best_jobs import best_recipes, study_folder
from spaceship.tracking.store import Store

PRESENT = Report("", "local", "d", protocol=Protocol(0.2, "a", 5, 1))


def job(folder: Path, name: str, loss: float, digest: str = "d", **recipe: Any) -> None:
    (folder / name).mkdir()
    report = Report(
        name, "local", digest, recipe={"name": name[:-1], **recipe}, metrics={"cv_log_loss": loss}
    )
    report.write(folder / name)


def test_the_best_of_each_candidate_comes_first_then_the_rest_by_rank(tmp_path: Path) -> None:
    for name, loss in {"a1": 0.4, "a2": 0.1, "a3": 0.2, "b1": 0.5, "b2": 0.3}.items():
        job(tmp_path, name, loss, estimator=name)
    recipes = best_recipes(tmp_path, 4, "cv_log_loss", PRESENT)
    assert [recipe["estimator"] for recipe in recipes] == ["a2", "b2", "a3", "a1"]
    assert best_recipes(tmp_path, 1, "cv_log_loss", PRESENT) == recipes[:1]


def test_more_is_better_where_the_metric_says_so(tmp_path: Path) -> None:
    for name, accuracy in {"a1": 0.8, "a2": 0.7}.items():
        job(tmp_path, name, 0.1, estimator=name)
        report = Report.read(tmp_path / name)
        report.metrics["cv_accuracy"] = accuracy
        report.write(tmp_path / name)
    (best,) = best_recipes(tmp_path, 1, "cv_accuracy", PRESENT)
    assert best["estimator"] == "a1"


def test_who_may_have_learnt_from_the_present_holdout_is_left_out(tmp_path: Path) -> None:
    protocols = {"a1": (0.2, "a"), "b1": (0.3, "a"), "c1": (0.1, "a"), "d1": (0.2, "b")}
    for name, (fraction, salt) in protocols.items():
        job(tmp_path, name, 0.4)
        report = Report.read(tmp_path / name)
        replace(report, protocol=Protocol(fraction, salt, 5, 1)).write(tmp_path / name)
    found = best_recipes(tmp_path, 9, "cv_log_loss", PRESENT)
    assert [recipe["name"] for recipe in found] == ["a", "b"]


def test_what_cannot_be_a_member_is_left_out(tmp_path: Path) -> None:
    job(tmp_path, "a1", 0.4)
    job(tmp_path, "b1", math.nan)
    job(tmp_path, "c1", 0.1, digest="other")
    job(tmp_path, "d1", 0.1, members=[])
    job(tmp_path, "a2", 0.3)  # the same recipe as a1: once is enough
    (tmp_path / "pruned").mkdir()
    assert [recipe["name"] for recipe in best_recipes(tmp_path, 9, "cv_log_loss", PRESENT)] == ["a"]


@pytest.mark.parametrize(("top", "named"), [(0, "model.top"), ("all", "model.top"), (3, "none")])
def test_nothing_to_blend_is_told(tmp_path: Path, top: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        best_recipes(tmp_path, top, "cv_log_loss", PRESENT)


def test_a_study_is_found_by_name_or_as_the_last_one(store: Store, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        run_id = store.start_run(name, {"study": name, "folder": str(tmp_path / name)})
        store.end_run(run_id, "FINISHED")
    store.start_run("a grid", {"folder": str(tmp_path)})
    assert study_folder(store, "first") == tmp_path / "first"
    assert study_folder(store, "last") == tmp_path / "second"
    with pytest.raises(ConfigError, match=r"sweep 'third' in model\.study, found none.*mode=tune"):
        study_folder(store, "third")
    (tmp_path / "second").rmdir()
    with pytest.raises(ConfigError, match="no such folder"):
        study_folder(store, "last")
