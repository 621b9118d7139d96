"""Drift of the rows that a champion predicts, measured, printed and logged to the job's run."""

import logging
from dataclasses import replace

from spaceship.drift.alert import (
    DRIFT_FILE,
    FEWEST_ROWS,
    LEGEND,
    drift_csv,
    drift_facts,
    drift_summary,
    drift_table,
)
from spaceship.drift.profile import PROFILE_FILE, Profile, Tally, profile_title
from spaceship.drift.psi import compare
from spaceship.drift.unseen import unseen_warnings
from spaceship.errors import RegistryError
from spaceship.experiment import Experiment
from spaceship.files import write_atomically, write_json
from spaceship.process.temporary import temporary_folder
from spaceship.records import read_record
from spaceship.registry.registry import Version
from spaceship.screen import show

log = logging.getLogger(__name__)

DRIFT_TABLE = "drift.csv"


def compare_with_training(
    experiment: Experiment,
    champion: Version,
    reference: Profile | None,
    tally: Tally | None,
) -> list[str] | None:
    """Print and log how far the rows have drifted from those the champion learnt from.

    Return the columns beyond `inference.max_drift`; None if drift cannot be measured.

    Raise DriftError if the drift is beyond `inference.max_drift`, and `inference.on_drift` is fail.
    """
    if reference is None or tally is None:
        return None
    alert, task, rows = experiment.alert, experiment.task, tally.rows
    drifts = compare(reference, tally.profile(reference))
    for line in unseen_warnings(drifts, reference, task):
        log.warning("%s", line)
    named = [replace(one, column=profile_title(one.column, task)) for one in drifts]
    if rows >= FEWEST_ROWS:
        compared = f"{rows:,} {task.nouns} against the {reference.rows:,} it learnt from"
        log.info("Drift of %s: %s", compared, drift_summary(named))
        show(log, drift_table(named), logging.DEBUG)
        log.debug("%s", LEGEND)
    beyond = [one.column for one in alert.exceeding(drifts, rows)]
    facts = {
        "model": experiment.registry.model,
        "champion": champion.number,
        "reference_rows": reference.rows,
        "rows": rows,
        "max_drift": alert.max_drift,
        "beyond": beyond,
        "columns": [drift_facts(one) for one in drifts],
    }
    _keep(experiment, facts, drift_csv(drifts))
    alert.raise_or_warn(named, rows)
    return beyond


def reference_profile(experiment: Experiment, champion: Version) -> Profile | None:
    """Return the profile stored with the champion, None if there is none that can be used.

    Raise RegistryError if it cannot be read, and drift is to end the run.
    """
    if PROFILE_FILE not in champion.digests:
        log.warning("The champion was registered without a profile: drift is not measured.")
        return None
    try:
        with temporary_folder() as temporary:
            path = experiment.registry.fetch(champion, PROFILE_FILE, temporary)
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
