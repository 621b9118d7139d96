"""MLflow's own pages in a browser: real runs, a real server, nothing but what a reader sees."""

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow.entities import Run

from spaceship.task.task import Task
from spaceship.tracking.ui import VIEW
from spaceship.tracking.views import read_view, views
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell

pytest.importorskip("playwright", reason="the browser tests need playwright")
from playwright.sync_api import Page, sync_playwright

BROWSERS = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
CHROMIUM = next(filter(None, BROWSERS), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
MODEL = "spaceship_titanic-synthetic"
SWEEP = ["mode=tune", "model=logistic_regression", "hydra.launcher.n_jobs=1", "mode.blend=null"]
PARTS = {"tags.`award`", "tags.`data_source`", "metrics.`cv_accuracy`", "metrics.`cv_log_loss`"}
SHOWN = ("tags.`award`", "metrics.`cv_accuracy`", "tags.`data_source`")
"""Columns that 1280 px have room for beside the assistant's panel."""
DRAWN = "() => [...document.images].filter(i => i.src.includes('get-artifact') && i.naturalWidth)"


@pytest.fixture(scope="module")
def shell(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give an outputs folder with a champion and a sweep."""
    shell = Shell.new(tmp_path_factory.mktemp("pages") / "outputs", database)
    trained = shell("mode=train", QUICK_MODEL, *QUICK)
    assert trained.returncode == 0, trained.stderr
    tuned = shell(*SWEEP, "hydra.sweeper.n_trials=2", *QUICK)
    assert tuned.returncode == 0, tuned.stderr
    return shell


@pytest.fixture(scope="module")
def printed(shell: Shell) -> Iterator[list[str]]:
    """Give the lines that `make ui` prints, while its server runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "spaceship.tracking.ui", str(shell.outputs), port]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        lines: list[str] = []
        while "champions-" not in (lines or [""])[-1]:
            line = server.stdout.readline()
            assert line, "the server has ended"
            lines.append(line.strip())
        yield lines
        server.terminate()
        assert server.wait(60) == 143


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def links(printed: list[str]) -> list[str]:
    return [line for line in printed if "viewStateShareKey=" in line]


def text_of(page: Page, address: str, awaited: str) -> str:
    """Return the text of a page once a part of it is there."""
    page.goto("about:blank")  # a change of what follows # alone would load nothing
    page.goto(address)
    page.get_by_text(awaited).first.wait_for()
    return page.inner_text("body")


def wait_for_columns(page: Page) -> None:
    """Wait until the metric, the award and the data source are heads of columns in sight."""
    for name in SHOWN:
        page.locator(f"[role=columnheader][col-id='{name}']").wait_for()


def run_named(shell: Shell, name: str) -> Run:
    (found,) = (run for run in shell.runs() if run.info.run_name == name)
    return found


def test_the_printed_link_shows_metrics_award_and_data_source(
    printed: list[str], page: Page
) -> None:
    assert re.fullmatch(r"MLflow: http://127.0.0.1:\d+ is starting .*", printed[0])
    assert "Leaderboard synthetic · spaceship_titanic" in printed
    # the candidates that came to the gate, no other trial, no parent
    text_of(page, links(printed)[0], "2 matching runs")
    wait_for_columns(page)
    for cell in ("champion", "synthetic", "logistic_regression on ra"):
        page.locator(".ag-center-cols-container, .ag-pinned-left-cols-container").get_by_text(
            cell
        ).first.wait_for()


def test_two_clicks_lead_to_the_sweeps(printed: list[str], page: Page) -> None:
    text_of(page, links(printed)[0], "cv_accuracy")
    page.get_by_role("button", name=re.compile("Leaderboard synthetic")).click()
    page.get_by_text("Sweeps synthetic · spaceship_titanic").first.click()
    page.get_by_text("tune: logistic_regression · synthetic").first.wait_for()
    assert "1 matching run" in page.inner_text("body")
    wait_for_columns(page)


def test_the_champions_are_a_view_of_their_own(printed: list[str], page: Page) -> None:
    assert "1 matching run" in text_of(page, links(printed)[2], "1 matching run")


def test_five_kinds_of_page_have_a_description(
    shell: Shell, printed: list[str], page: Page
) -> None:
    home = links(printed)[0].partition("/#")[0]
    run, parent = (
        run_named(shell, name).info
        for name in (
            "logistic_regression on raw · synthetic",
            "tune: logistic_regression · synthetic",
        )
    )
    trials = [run_named(shell, f"logistic_regression #{number}") for number in range(2)]
    (trial,) = (one.info for one in trials if "award" not in one.data.tags)  # the best was judged
    of = f"{home}/#/experiments/{run.experiment_id}/runs"
    assert "Every rule is met" in text_of(page, f"{of}/{run.run_id}", "Verdict: champion")
    assert "accuracy, held out" in page.inner_text("body")
    assert "Leaderboard" in text_of(page, f"{of}/{parent.run_id}", "The best job:")
    assert "C=" in text_of(page, f"{of}/{trial.run_id}", "Trial of")
    model = text_of(page, f"{home}/#/models/{MODEL}", "Challenger: none")
    assert "version 1 (logistic_regression on raw)" in model
    version = text_of(page, f"{home}/#/models/{MODEL}/versions/1", "Model card")
    assert "became champion on" in version
    assert "folds: 5, of the training part" in version


def test_plots_draw_in_the_viewer_and_in_the_note(
    shell: Shell, printed: list[str], page: Page
) -> None:
    home, run = (
        links(printed)[0].partition("/#")[0],
        run_named(shell, "logistic_regression on raw · synthetic").info,
    )
    address = f"{home}/#/experiments/{run.experiment_id}/runs/{run.run_id}"
    for name in ("calibration.svg", "folds.svg"):
        text_of(page, f"{address}/artifacts/plots/{name}", f"plots/{name}")
        page.wait_for_function(
            "() => [...document.images].some(one => one.naturalWidth > 300)", timeout=30_000
        )
    text_of(page, address, "Verdict: champion")
    page.wait_for_function(f"({DRAWN})().length === 2")


def test_records_of_moves_are_on_no_page_with_a_bin_beside_them(
    shell: Shell, printed: list[str], page: Page
) -> None:
    home = links(printed)[0].partition("/#")[0]
    tags = shell.client.get_registered_model(MODEL).tags
    assert any("move-" in key for key in tags)
    text_of(page, f"{home}/#/models/{MODEL}", "Challenger: none")
    page.get_by_text("Tags", exact=True).first.click()
    text = page.inner_text("body")
    assert "No tags found" in text or "move-" not in text
    assert "look-" not in text
    assert "digests" not in text_of(page, f"{home}/#/models/{MODEL}/versions/1", "data_digest")


def test_a_view_has_the_form_that_the_page_itself_writes(shell: Shell, task: Task) -> None:
    experiment = shell.client.get_experiment_by_name("spaceship")
    assert experiment is not None
    for view in views(task, "synthetic"):
        state = read_view(experiment.tags[VIEW + view.key])
        assert state is not None
        assert state["searchFilter"] == view.condition
        assert set(state["columnOrder"]) >= set(state["selectedColumns"])
    leaderboard = read_view(experiment.tags[f"{VIEW}leaderboard-{MODEL}"])
    assert leaderboard is not None
    assert {*leaderboard["selectedColumns"]} >= PARTS
    assert leaderboard["orderByKey"] == "metrics.`cv_accuracy`"
    assert leaderboard["orderByAsc"] is False


def test_a_run_has_few_parameters_and_its_data_set(shell: Shell) -> None:
    for run in shell.runs():
        assert len(run.data.params) <= 25, run.info.run_name
        assert run.data.tags["mlflow.note.content"]
    run = run_named(shell, "logistic_regression on raw · synthetic")
    assert run.inputs is not None
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.name == MODEL
    assert run.data.tags["data_digest"].startswith(data.dataset.digest)
    assert {one.key: one.value for one in data.tags} == {"mlflow.data.context": "training"}
