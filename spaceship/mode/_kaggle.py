"""Submission of a champion's predictions to Kaggle, on record in the runs of job and champion."""

import logging
from contextlib import suppress
from pathlib import Path

from spaceship.data.kaggle_submission import competition_of, scored, submit
from spaceship.errors import RegistryError
from spaceship.evaluation.metrics import metric_names
from spaceship.evaluation.report import REPORT_FILE
from spaceship.experiment import Experiment
from spaceship.files import read_json
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.registry.registry import Version

log = logging.getLogger(__name__)


def send(experiment: Experiment, champion: Version, path: Path) -> None:
    """Send a file of predictions to Kaggle, and log its number there, then the score it gets.

    Raise CredentialsError if Kaggle refuses the user, or does not answer; SubmissionError if Kaggle
    refuses the file.
    """
    registry, settings = experiment.registry, experiment.settings.inference
    name = str(competition_of(experiment.source, experiment.task))
    message = f"{registry.model} version {champion.number}, run {champion.run_id}, "
    message += _cv_score(experiment, champion)
    with phase("Sending the predictions to Kaggle"):
        sent = submit(path, name, message)
    tags = {"kaggle_competition": name, "kaggle_submission": str(sent.reference)}
    _log_scores(experiment, champion, {}, tags)  # before the wait, which may be broken off
    with phase("Kaggle's score"):
        sent = scored(sent, settings.submit_wait)
    found = {} if sent.score is None else {"kaggle_public_score": sent.score}
    told = {"kaggle_fault": sent.fault} if sent.fault else {}
    _log_scores(experiment, champion, found, {key: str(one) for key, one in found.items()} | told)
    sent.check()
    log.info("%s", sent.sentence)


def _log_scores(
    experiment: Experiment, champion: Version, scores: dict[str, float], tags: dict[str, str]
) -> None:
    """Log scores and tags to the job's run, and to the champion's unless it has been deleted."""
    from mlflow import MlflowException

    experiment.store.log_scores(str(experiment.job.run_id), scores, tags=tags)
    with suppress(MlflowException):
        experiment.store.log_scores(champion.run_id, scores, tags=tags)


def _cv_score(experiment: Experiment, champion: Version) -> str:
    """Return name and value of the metric of the gate, cross-validated, as stored with a version.

    The version's run has it too, but of a champion of this very job only when the job has ended.
    """
    key, value = f"cv_{metric_names(experiment.task.problem)[0]}", None
    with suppress(RegistryError), temporary_folder() as temporary:
        path = experiment.registry.fetch(champion, REPORT_FILE, temporary)
        value = read_json(path)["metrics"].get(key)
    return f"{key} unknown" if value is None else f"{key} {value:.5f}"
