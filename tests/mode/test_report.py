"""Reports of runs: nothing kept is fitted again, and no hold-out is looked at in passing."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from spaceship import candidate
from spaceship.card.card import Card
from spaceship.card.report import report_job
from spaceship.errors import SpaceshipError
from spaceship.evaluation import twins
from spaceship.mode.report import ReportResult, report
from spaceship.records import read_record, to_plain
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store
from tests.card.jobs import PEOPLE, experiment_of, judged, read, scored

SURROUNDINGS = ("leaderboard", "champions", "drift", "trials", "trial_metric", "standing")


def made(store: Store, *overrides: str) -> ReportResult:
    """Return the result of a command of mode=report."""
    return report(experiment_of(store, *overrides, "mode=report"))


def no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("a model was fitted")

    monkeypatch.setattr(twins, "fit_twin", fail)


@pytest.fixture(scope="module")
def shared(database: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Job]:
    """Give a store with a champion and its job, whose report was written."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "outputs").mkdir()
    shutil.copy(database, folder / "outputs" / "mlflow.db")
    places = f"{folder}/outputs/mlflow.db", f"{folder}/outputs/mlartifacts"
    store = Store(f"sqlite:///{places[0]}", places[1], "spaceship")
    experiment, job = judged(store, folder / "job", *PEOPLE)
    assert report_job(experiment, job) == job.folder / "report.html"
    return store, job


def test_the_champions_report_is_made_without_fitting(
    shared: tuple[Store, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_fit(monkeypatch)
    store, job = shared
    found = made(store)
    assert found.run_id == job.run_id
    assert Path(found.html).parent == Path(str(store.artifacts)).parent / "reports"
    kept, now = read_record(job.folder / "card.json", Card), read_record(Path(found.json), Card)
    assert [one.run_id for one in now.leaderboard] == [job.run_id]
    assert [one.version for one in now.champions] == ["1"]
    assert now.champions[0].score == now.scores[0].cross_validated.value
    names = {one.column for one in now.drift}
    assert "passengers per travel group" in names, "there are test rows"
    assert "GroupSize" not in names
    same = {name: getattr(now, name) for name in SURROUNDINGS}
    assert to_plain(now) == to_plain(replace(kept, **same))
    assert "logistic_regression on raw" in Path(found.html).read_text()
    assert Path(found.markdown).read_text().startswith("**Model card**")


def test_a_job_that_has_not_ended_is_in_its_own_leaderboard(store: Store, tmp_path: Path) -> None:
    experiment, job = scored(store, tmp_path / "job", *PEOPLE)
    candidate.fit(experiment, job)
    candidate.judge(experiment, job)
    assert store.client.get_run(job.logged_run()).info.status == "RUNNING"
    report_job(experiment, job)
    card = read_record(job.folder / "card.json", Card)
    lines = [(one.run_id, one.award) for one in card.leaderboard]
    assert lines == [(job.run_id, "champion now")]
    assert "this run" in (job.folder / "report.html").read_text()
    store.client.delete_registered_model_alias(experiment.registry.model, "champion")
    later = read_record(Path(made(store, *PEOPLE, f"run={job.run_id}").json), Card)
    assert later.standing is not None
    assert (later.award, later.standing.version, later.standing.aliases) == ("champion", "1", [])


def test_a_jobs_own_report_is_among_its_artifacts(shared: tuple[Store, Job]) -> None:
    store, job = shared
    names = {one.path for one in store.client.list_artifacts(job.logged_run())}
    assert {"report.html", "card.json", "card.md"} <= names
    assert (job.folder / "report.html").stat().st_size < 5_000_000


def test_the_twin_of_an_old_run_is_fetched_or_fitted_once(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, job = judged(store, tmp_path / "job", *PEOPLE)
    kept = read_record(job.folder / "card.json", Card)
    artifacts = Path(store.client.get_run(job.logged_run()).info.artifact_uri.partition("://")[2])
    for folder in (job.folder, artifacts):
        (folder / "card.json").unlink()
    caplog.set_level(logging.INFO)
    assert read_record(Path(made(store).json), Card).importances == kept.importances
    assert "fitted again" not in caplog.text
    model = experiment_of(store, *PEOPLE).registry.model
    store.client.delete_model_version(model, "1")
    again = read_record(Path(made(store, f"run={job.run_id}").json), Card)
    assert caplog.text.count("fitted again") == 1
    found = {one.column: one.loss for one in again.importances}
    assert found == pytest.approx({one.column: one.loss for one in kept.importances})


def test_the_hold_out_of_a_run_that_was_never_judged_is_not_looked_at(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_fit(monkeypatch)
    _, job = scored(store, tmp_path / "job", *PEOPLE)
    store.end_run(job.logged_run(), "FINISHED")
    found = Path(made(store).json)
    card = read(found.parent, found.name)
    assert (card["run_id"], card["told"]) == (job.run_id, False)
    assert all(one["held_out"] is None for one in card["scores"])
    assert (card["worst"], card["importances"]) == ([], [])
    assert card["slices"][0]["score"]["low"] is not None
    assert card["looks"]["this run"] == "not compared on the hold-out"


def test_on_other_data_the_kept_card_is_shown_without_the_data(
    shared: tuple[Store, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    no_fit(monkeypatch)
    store, job = shared
    found = report(experiment_of(store, "data.n_groups=200", "mode=report"))
    now, kept = read_record(Path(found.json), Card), read_record(job.folder / "card.json", Card)
    assert (now.scores, now.worst, now.drift) == (kept.scores, kept.worst, kept.drift)
    assert '<section id="data"' not in Path(found.html).read_text()
    assert '<section id="data"' in (job.folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["run=zzz"], "the id of a run"),
        (["report.output=a.txt"], "; give a name that ends in .html, such as x.html"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    shared: tuple[Store, Job], words: list[str], wanted: str
) -> None:
    with pytest.raises(SpaceshipError, match=wanted):
        made(shared[0], *words)


def test_runs_are_named_by_the_start_of_id_or_name_and_belong_to_their_task(
    shared: tuple[Store, Job], tmp_path: Path
) -> None:
    store, job = shared
    run_id = job.logged_run()
    output = f"report.output={tmp_path / 'mine.html'}"
    assert made(store, f"report.run={run_id[:6]}", output).run_id == run_id
    assert made(store, "run=champion", output).run_id == run_id
    assert made(store, "run='synthetic j'", output).html == str(tmp_path / "mine.html")
    with pytest.raises(SpaceshipError, match=f"task=spaceship_titanic .*run={run_id}"):
        report(experiment_of(store, "task=wine", "mode=report", f"run={run_id}"))
    with pytest.raises(SpaceshipError, match="mode=train"):
        report(experiment_of(store, "task=wine", "mode=report"))


def test_trials_of_the_sweep_are_listed(shared: tuple[Store, Job]) -> None:
    store, job = shared
    parent = store.start_run("sweep", {"study": "s"})
    run_id = job.logged_run()
    for number, state in enumerate(("COMPLETE", "PRUNED")):
        trial = store.start_run(f"t{number}", {"trial": str(number), "state": state}, parent)
        store.log_params(trial, {"model.estimator.C": "0.5"})
        store.log_scores(trial, {"cv_log_loss": 0.4} if state == "COMPLETE" else {})
        store.end_run(trial, "FINISHED")
    store.set_tags(run_id, {"mlflow.parentRunId": parent, "trial": "2", "state": "COMPLETE"})
    card = read_record(Path(made(store).json), Card)
    assert [(one.number, one.state) for one in card.trials] == [
        (0, "complete"),
        (1, "pruned"),
        (2, "complete"),
    ]
    assert card.trials[0].score == 0.4
    assert card.trials[1].score is None
    assert card.trials[0].settings == {"model.estimator.C": "0.5"}
    assert card.trial_metric == "cv_log_loss"
