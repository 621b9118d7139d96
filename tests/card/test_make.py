"""Cards of judged jobs: their figures are those of report and verdict; nothing untold is shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from spaceship import candidate
from spaceship.card import keep
from spaceship.card.make import remake_commands
from spaceship.card.report import report_job
from spaceship.errors import OutdatedError
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import holdout_metrics
from spaceship.explanation.importance import importances
from spaceship.gate.verdict import Verdict
from spaceship.registry.aliases import Aliases
from spaceship.tracking.store import Store
from tests.card.jobs import KINDS, PEOPLE, judged, read, scored


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_those_of_report_and_verdict_to_the_digit(
    store: Store, tmp_path: Path, kind: str
) -> None:
    experiment, job = judged(store, tmp_path / "job", *KINDS[kind])
    card, report = read(job.folder, "card.json"), read(job.folder, "report.json")
    verdict = read(job.folder, "verdict.json")
    assert card["told"] is True
    assert card["verdict"] == {key: verdict[key] for key in card["verdict"]}
    assert card["scores"]
    for score in card["scores"]:
        name, known = score["metric"], report["metrics"]
        assert score["cross_validated"]["value"] == known[f"cv_{name}"]
        assert score["held_out"]["value"] == known[f"holdout_{name}"]
        for interval in (score["cross_validated"], score["held_out"]):
            assert interval["low"] <= interval["value"] <= interval["high"], name
    of_slices = [(one["slice"], one["value"], one["n"]) for one in report["slices"]]
    assert [(one["slice"], one["value"], one["n"]) for one in card["slices"]] == of_slices
    columns = {one["column"] for one in card["importances"]}
    assert columns == {*experiment.dataset.task.model_columns}
    assert all(one["push"] >= 0 for one in card["importances"])
    assert card["worst"][0]["loss"] >= card["worst"][-1]["loss"]
    assert {*card["worst"][0]["values"]} == {*experiment.dataset.task.raw}
    assert card["remake"][-1] == "make it"
    assert ("threshold" in card["settings"]) == (card["problem"] == "binary")


def test_pairs_are_those_of_the_verdict(store: Store, tmp_path: Path) -> None:
    judged(store, tmp_path / "one", *PEOPLE)
    _, job = judged(store, tmp_path / "two", *PEOPLE, "model=lgbm")
    paired, verdict = read(job.folder, "card.json")["paired"], read(job.folder, "verdict.json")
    line = next(one for one in verdict["scores"] if one["rows"] == "held out")
    assert paired["difference"]["value"] == line["difference"]
    assert paired["difference"]["high"] == line["difference"] + 1.96 * line["error"]
    assert paired["only_candidate_right"] == verdict["numbers"]["wins"]
    assert paired["rows"] == verdict["numbers"]["paired_rows"]
    assert 0 < paired["groups"] <= paired["rows"]
    assert paired["champion"] == "logistic_regression on raw"


def numbers_in(node: Any) -> set[float]:
    """Return every number of a JSON value that is no small whole one."""
    if isinstance(node, dict | list):
        inner = node.values() if isinstance(node, dict) else node
        return set().union(*map(numbers_in, inner)) if node else set()
    return {float(node)} if isinstance(node, float) and node != int(node) else set()


def test_a_hold_out_that_is_not_told_is_nowhere(store: Store, tmp_path: Path) -> None:
    judged(store, tmp_path / "one", *PEOPLE)
    again = (*PEOPLE, "gate.reveal=ladder", "model.estimator.C=0.9", "gate=default")
    experiment, job = judged(store, tmp_path / "two", *again)
    assert Verdict.read(job.folder).told is False
    page = report_job(experiment, job)
    assert page is not None
    card = read(job.folder, "card.json")
    assert card["told"] is False
    assert (card["worst"], card["importances"], card["paired"]) == ([], [], None)
    assert not any(card["charts"].values())
    assert all(one["held_out"] is None for one in card["scores"])
    holdout = Report.read(job.folder, experiment.labels).holdout
    assert holdout is not None
    figures = {one for one in holdout_metrics(holdout).values() if one != int(one)}
    figures -= numbers_in(card["slices"])  # fractions of a few rows out of fold, equal by chance
    assert len(figures) > 4
    assert not figures & numbers_in(card)
    for name in ("card.json", "card.md", "report.html"):
        text = (job.folder / name).read_text()
        assert not [one for one in figures if f"{one:.5f}"[:-1] in text], name


def test_a_card_that_fails_changes_no_verdict(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(keep, "lasting_card", fail)
    experiment, job = judged(store, tmp_path / "job", *PEOPLE)
    assert Verdict.read(job.folder).award == "champion"
    assert "The model card is not complete: the disk is full" in caplog.text
    assert experiment.registry.champion().run_id == job.run_id
    assert report_job(experiment, job) is None


def test_columns_are_explained_once_and_before_the_registry_is_locked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, prepare, seen = Aliases.lock, Aliases.prepare, list[str]()

    @contextmanager
    def noted(self: Aliases) -> Iterator[None]:
        seen.append("locked")
        with lock(self):
            yield

    def explained(*arguments: Any, **options: Any) -> Any:
        seen.append("explained")
        return importances(*arguments, **options)

    def outdated(self: Aliases, *arguments: Any) -> Any:
        seen.append("moved")
        if seen.count("moved") == 1:
            raise OutdatedError("another champion")
        return prepare(self, *arguments)

    monkeypatch.setattr(Aliases, "lock", noted)
    monkeypatch.setattr(Aliases, "prepare", outdated)
    monkeypatch.setattr("spaceship.explanation.importance.importances", explained)
    _, job = judged(store, tmp_path / "job", *PEOPLE)
    assert seen[:2] == ["explained", "locked"]
    assert (seen.count("explained"), seen.count("moved")) == (1, 2)
    assert read(job.folder, "card.json")["importances"]


def test_the_description_of_a_version_is_the_card(store: Store, tmp_path: Path) -> None:
    experiment, job = judged(store, tmp_path / "job", *PEOPLE)
    (version,) = store.client.search_model_versions(f"name = '{experiment.registry.model}'")
    text = str(version.description)
    assert text.startswith("Champion: ")
    assert text.count("**Model card**") == 1
    assert "Limits:" in text
    report_job(experiment, job)
    whole = re.sub(
        r"At 20\S+ \S+ UTC: version 1, champion since .* UTC\n\n",
        "",
        (job.folder / "card.md").read_text(),
    )
    assert text[text.index("**Model card**") :].splitlines()[:8] == whole.splitlines()[:8]


def test_control_characters_of_a_row_are_escaped(store: Store, tmp_path: Path) -> None:
    experiment, job = scored(store, tmp_path / "job", *PEOPLE)
    frame = experiment.dataset.train
    experiment.dataset.train["Name"] = frame["Name"].mask(frame["Name"].notna(), "a\x1b[31m\u202e")
    candidate.fit(experiment, job)
    candidate.judge(experiment, job)
    names = {row["values"]["Name"] for row in read(job.folder, "card.json")["worst"]}
    assert names <= {"a\\x1b[31m\\u202e", ""}


def test_remaking_a_trial_and_a_blend(store: Store, tmp_path: Path) -> None:
    parent = store.start_run("tune", {"command": "spaceship mode=tune"})
    code_tags = {"git_sha": "ab12", "git_dirty": "false"}
    trial = store.start_run("lgbm #3", {"trial": "3", **code_tags}, parent)
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text(
        "- mode=tune\n- mode.blend=2\n- model=lgbm\n"
    )
    client = store.client
    code, line = remake_commands(client, client.get_run(trial), tmp_path)
    assert code == "git checkout ab12"
    assert line.endswith(" mode=train model=lgbm")
    blend = store.start_run("blend", {}, parent)
    assert remake_commands(client, client.get_run(blend), tmp_path) == ("spaceship mode=tune",)
