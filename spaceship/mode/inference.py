"""`mode=inference`: the champion predicts the test rows, unless they have drifted too far."""

import logging
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spaceship.data.submission import submission, usable, write
from spaceship.drift.alert import drift_csv, drift_facts, drift_table
from spaceship.drift.profile import PROFILE_FILE, Profile, take_profile
from spaceship.drift.psi import compare
from spaceship.errors import RegistryError
from spaceship.evaluation.cross_validation import decision_threshold, positive_probability
from spaceship.experiment import Experiment
from spaceship.files import write_atomically, write_json
from spaceship.records import read_record
from spaceship.registry import packaging
from spaceship.registry.registry import MODEL, Version

log = logging.getLogger(__name__)

DRIFT_FILE = "drift.json"
DRIFT_TABLE = "drift.csv"


def check(experiment: Experiment) -> Path:
    """Return the file of predictions once it is certain that the settings can be used.

    Raises:
        ConfigError: A setting cannot be used.
        SubmissionError: Something other than a file is in the file's place.

    """
    return usable(experiment.settings.inference.output)


def inference(experiment: Experiment) -> None:
    """Write the champion's predictions of the test rows as Kaggle wants them."""
    path = check(experiment)
    registry = experiment.registry
    champion, people = registry.champion(), experiment.dataset
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = packaging.load(str(registry.fetch(champion, MODEL, Path(temporary))))
    chances = positive_probability(pipeline, people.test)
    log.info("Champion: version %s of %s", champion.number, registry.model)
    _compare_with_training(experiment, champion, chances)
    table = submission(chances > decision_threshold(pipeline), people)
    write(table, path)
    share = table["Transported"].mean()
    log.info("%d predictions, %.1f %% transported: %s", len(table), 100 * share, path)


def _compare_with_training(
    experiment: Experiment, champion: Version, chances: npt.NDArray[np.float64]
) -> None:
    """Print and log how far the test rows have drifted from those the champion learnt from.

    Raises:
        DriftError: The drift is beyond `inference.max_drift`, and `inference.on_drift` is fail.

    """
    alert, frame = experiment.alert, experiment.dataset.test
    reference = _reference(experiment, champion)
    if reference is None:
        return
    drifts = compare(reference, take_profile(frame, chances, reference))
    log.info("Drift of %d passengers from the %d it learnt from:", len(frame), reference.rows)
    log.info("%s", drift_table(drifts))
    facts = {
        "model": experiment.registry.model,
        "champion": champion.number,
        "reference_rows": reference.rows,
        "rows": len(frame),
        "max_drift": alert.max_drift,
        "beyond": [one.column for one in alert.exceeding(drifts, len(frame))],
        "columns": [drift_facts(one) for one in drifts],
    }
    _keep(experiment, facts, drift_csv(drifts))
    alert.raise_or_warn(drifts, len(frame))


def _reference(experiment: Experiment, champion: Version) -> Profile | None:
    """Return the profile stored with the champion, None if there is none that can be used.

    Raises:
        RegistryError: It cannot be read, and drift is to end the run.

    """
    if PROFILE_FILE not in champion.digests:
        log.warning("The champion was registered without a profile: drift is not measured.")
        return None
    try:
        with tempfile.TemporaryDirectory() as temporary:
            path = experiment.registry.fetch(champion, PROFILE_FILE, Path(temporary))
            return read_record(path, Profile)
    except RegistryError as error:
        if experiment.alert.fails:
            raise
        log.warning("Drift is not measured: %s", error)
        return None


def _keep(experiment: Experiment, facts: dict[str, object], table: str) -> None:
    """Write the drift into the job's folder, and log it to the job's run."""
    job, client = experiment.job, experiment.store.client
    write_json(job.folder / DRIFT_FILE, facts)
    write_atomically(job.folder / DRIFT_TABLE, table)
    if job.run_id is not None:
        for name in (DRIFT_FILE, DRIFT_TABLE):
            client.log_artifact(job.run_id, str(job.folder / name))
