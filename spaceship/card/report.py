"""Reports of judged jobs and of runs: the card with its surroundings, as files."""

import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from spaceship.card.card import Card
from spaceship.card.data import DataPage, data_page
from spaceship.card.files import REPORT_FILE, write_files
from spaceship.card.held_out import HeldOut
from spaceship.card.make import Judged, lasting_card
from spaceship.card.surroundings import surrounded
from spaceship.data._base import Dataset
from spaceship.drift.alert import DRIFT_FILE
from spaceship.drift.profile import PROFILE_FILE
from spaceship.errors import RegistryError, SpaceshipError, expected, only_logged
from spaceship.evaluation import report as scored
from spaceship.evaluation import twins
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.report import REPORT_FILES, Report
from spaceship.experiment import Experiment
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.model.recipe import Recipe
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.records import read_record
from spaceship.registry import packaging
from spaceship.registry.registry import CARD_FILE, CHAMPION, TWIN
from spaceship.tracking.job import Job
from spaceship.tracking.run_files import fetch_files

if TYPE_CHECKING:
    from mlflow.entities import Run
    from sklearn.pipeline import Pipeline

log = logging.getLogger(__name__)

_FILES = (CARD_FILE, VERDICT_FILE, PROFILE_FILE, DRIFT_FILE, *REPORT_FILES)


def report_job(experiment: Experiment, job: Job) -> Path | None:
    """Write the report of a judged job into its folder and to its run; None without a card.

    >>> report_job(experiment, Job(tmp_path, in_multirun=False))
    """
    if not (job.folder / CARD_FILE).is_file():
        return None
    with phase("Writing the report"):
        client = experiment.store.client
        run = client.get_run(job.logged_run())
        kept, data = read_record(job.folder / CARD_FILE, Card), experiment.dataset
        card = surrounded(experiment, kept, run, job.folder, data)
        page = _data_page(card, Report.read(job.folder), data)
        files = write_files(job.folder / REPORT_FILE, card, page)
        for path in files:
            client.log_artifact(run.info.run_id, str(path))
    return files[0]


def report_run(experiment: Experiment, run_id: str, path: Path) -> Card:
    """Write the report of a run to a file, JSON and Markdown beside it; return the card.

    A judged run's card was kept, so that nothing is fitted. A run without one, of an earlier
    release, has its twin fitted again if the verdict tells the hold-out; of a run that was never
    judged, such as a trial of a sweep, the hold-out is not looked at. Raise RegistryError without a
    report.

    >>> run_id = store.start_run("job", {})
    >>> report_run(experiment, run_id, tmp_path / "report.html")
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a report of run ..., found none; choose a scored ...
    """
    with temporary_folder() as folder:
        data = _present(experiment)
        run = _fetch(experiment, run_id, folder)
        if not (folder / scored.REPORT_FILE).is_file():
            do = f"choose a scored run: {experiment.registry.command('mode=leaderboard')}"
            raise RegistryError(expected(f"a report of run {run_id}", "none", do))
        if (folder / CARD_FILE).is_file():
            card = read_record(folder / CARD_FILE, Card)
        else:
            card = _card_of(experiment, run, folder, data)
        with phase("Writing the report"):
            card = surrounded(experiment, card, run, folder, data)
            page = _data_page(card, Report.read(folder), data)
            write_files(path, card, page)
    return card


def _fetch(experiment: Experiment, run_id: str, folder: Path) -> "Run | None":
    """Copy a run's files into a folder; return the run, None if only its version is left."""
    from mlflow import MlflowException

    store, registry = experiment.store, experiment.registry
    try:
        run = store.client.get_run(run_id)
    except MlflowException as error:
        version = registry.find(CHAMPION)
        if version is None or version.run_id != run_id:
            do = f"see the ids of all runs: {registry.command('mode=leaderboard')}"
            raise RegistryError(expected(f"run {run_id}", "it deleted", do)) from error
        for name in _FILES:
            if name in version.digests:
                registry.fetch(version, name, folder)
        return None
    fetch_files(store, run, _FILES, folder)
    return run


def _card_of(experiment: Experiment, run: "Run | None", folder: Path, data: Dataset | None) -> Card:
    verdict, champion = None, None
    if (folder / VERDICT_FILE).is_file():
        verdict = Verdict.read(folder)
        champion = json.loads((folder / VERDICT_FILE).read_text()).get("champion_before")
    report = Report.read(folder)
    same = data is not None and data.digest == report.data_digest
    labels = Labels.of(data.task, data.train) if same and data is not None else None
    if labels is not None and verdict is not None and verdict.told:
        report = Report.read(folder, labels)
    judged = Judged.of(experiment, run, folder, report, verdict, champion)
    held = None
    if judged.told and report.holdout is not None and data is not None:
        held = HeldOut.of(report, data, _twin(experiment, report, run, data))
    return lasting_card(experiment, judged, held, data)


def _twin(
    experiment: Experiment, report: Report, run: "Run | None", data: Dataset
) -> "Pipeline | None":
    """Return the twin that was registered with a run's version, else one that is fitted now."""
    registry = experiment.registry
    with only_logged(log, "The importance of the columns is not known"):
        for version in registry.versions_of(run.info.run_id) if run is not None else ():
            with suppress(RegistryError), temporary_folder() as temporary:
                return packaging.load(registry.fetch(version, TWIN, temporary))
        if report.protocol is None:
            return None
        log.info("The twin is fitted again, on the training part: %s", report.name)
        pipeline = experiment.pipeline(Recipe.from_plain(report.recipe))
        return twins.fit_twin(pipeline, data.train, data.task, report.protocol)[0]
    return None


def _present(experiment: Experiment) -> Dataset | None:
    try:
        return experiment.dataset
    except SpaceshipError as error:
        log.warning("The data are not shown: %s", error)
        return None


def _data_page(card: Card, report: Report, data: Dataset | None) -> DataPage | None:
    """Return figures of the training part, None if the data in use are others."""
    if data is None or data.digest != card.data_digest or report.protocol is None:
        return None
    with only_logged(log, "The data are not shown"):
        return data_page(report.protocol.split(data.train, data.task)[0], data.task)
    return None
