"""`mode=inference`: the champion predicts the test passengers, unless they have drifted too far."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from omegaconf import DictConfig

from spaceship import experiment as parts
from spaceship.data.submission import submission, usable, write
from spaceship.drift.alert import DriftAlert, drift_csv, drift_facts, drift_table
from spaceship.drift.profile import PROFILE_FILE, Profile, take_profile
from spaceship.drift.psi import compare
from spaceship.errors import RegistryError
from spaceship.evaluation.cross_validation import decision_threshold, positive_probability
from spaceship.files import write_atomically, write_json
from spaceship.records import read_record
from spaceship.registry import packaging
from spaceship.registry.registry import MODEL, Registry, Version
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

DRIFT_FILE = "drift.json"
DRIFT_TABLE = "drift.csv"


def check(cfg: DictConfig) -> Path:
    """Return where the submission goes, once it is sure that the settings can be used.

    Raises:
        ConfigError: A setting cannot be used.
        SubmissionError: There is something else in the file's place.

    """
    parts.alarm(cfg)
    return usable(cfg.inference.output)


def inference(cfg: DictConfig) -> None:
    """Write the champion's predictions of the test passengers as Kaggle wants them."""
    path = check(cfg)  # what cannot be used is told before the work
    registry = parts.registry(cfg)
    champion = registry.champion()
    people = parts.passengers(cfg)
    with tempfile.TemporaryDirectory() as temporary:
        pipeline = packaging.load(str(registry.fetch(champion, MODEL, Path(temporary))))
    chances = positive_probability(pipeline, people.test)
    log.info("Champion: version %s of %s", champion.number, registry.model)
    _watch_drift(cfg, champion, people.test, chances)
    table = submission(chances > decision_threshold(pipeline), people)
    write(table, path)
    share = table["Transported"].mean()
    log.info("%d predictions, %.1f %% transported: %s", len(table), 100 * share, path)


def _watch_drift(
    cfg: DictConfig, champion: Version, frame: pd.DataFrame, chances: npt.NDArray[np.float64]
) -> None:
    """Tell how far passengers are from those the champion learnt from; keep it on record.

    Raises:
        DriftError: It is too far, and the config wants that to end the run.

    """
    alarm, registry = parts.alarm(cfg), parts.registry(cfg)
    reference = _reference(registry, champion, alarm)
    if reference is None:
        return
    drifts = compare(reference, take_profile(frame, chances, reference))
    log.info("Drift of %d passengers from the %d it learnt from:", len(frame), reference.rows)
    log.info("%s", drift_table(drifts))
    facts = {
        "model": registry.model,
        "champion": champion.number,
        "reference_rows": reference.rows,
        "rows": len(frame),
        "max_drift": alarm.max_drift,
        "beyond": [one.column for one in alarm.exceeding(drifts, len(frame))],
        "columns": [drift_facts(one) for one in drifts],
    }
    _keep(registry, Job.current(), facts, drift_csv(drifts))
    alarm.raise_or_warn(drifts, len(frame))


def _reference(registry: Registry, champion: Version, alarm: DriftAlert) -> Profile | None:
    """Return the profile the champion carries, None where there is none to be used.

    Raises:
        RegistryError: It cannot be read, and the config wants drift to end the run.

    """
    if PROFILE_FILE not in champion.digests:
        log.warning("The champion is from before profiles were kept: drift cannot be told.")
        return None
    try:
        with tempfile.TemporaryDirectory() as temporary:
            return read_record(registry.fetch(champion, PROFILE_FILE, Path(temporary)), Profile)
    except RegistryError as error:
        if alarm.fails:
            raise
        log.warning("Drift cannot be told: %s", error)
        return None


def _keep(registry: Registry, job: Job, facts: dict[str, Any], table: str) -> None:
    """Write the drift into the job's folder, and log it to its run."""
    write_json(job.folder / DRIFT_FILE, facts)
    write_atomically(job.folder / DRIFT_TABLE, table)
    if job.run_id is not None:
        for name in (DRIFT_FILE, DRIFT_TABLE):
            registry.store.client.log_artifact(job.run_id, str(job.folder / name))
