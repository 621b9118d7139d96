"""MLflow runs of jobs: scores logged, and an end with the true status."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from spaceship.config.build import redact
from spaceship.errors import RefusedError
from spaceship.evaluation.report import Report
from spaceship.tracking.job import FAILURE_FILE, Job
from spaceship.tracking.store import FOLDER_TAG, Store


@contextmanager
def run_of(
    job: Job, store: Store, name: str, tags: Mapping[str, str], parent_run_id: str | None = None
) -> Iterator[None]:
    """Log a job that Hydra does not run itself as a run, which ends with a true status."""
    own = {FOLDER_TAG: str(job.folder), **tags}
    job.note_run(store.start_run(name, own, parent_run_id))
    with ended(store, job):
        yield


@contextmanager
def ended(store: Store, job: Job) -> Iterator[None]:
    """End a job's run after the block: FAILED with its traceback if it raises, else FINISHED.

    A refusal by the gate is a result. Interrupts are left to the exit of the process, which ends
    all its runs.
    """
    run_id = job.logged_run()
    try:
        yield
    except RefusedError:
        store.end_run(run_id, "FINISHED")
        raise
    except Exception as error:
        store.client.log_text(run_id, redact(job.note_failure(error)), "traceback.txt")
        store.client.log_artifact(run_id, str(job.folder / FAILURE_FILE))
        store.end_run(run_id, "FAILED")
        raise
    store.end_run(run_id, "FINISHED")


def log_scores(store: Store, job: Job) -> None:
    """Log the report's metrics, the folds' as a curve over steps, and the names of the data."""
    if not job.scored:
        return
    report, run_id = Report.read(job.folder), job.logged_run()
    store.log_scores(run_id, report.metrics, report.folds, score_tags(report))
    store.client.log_artifact(run_id, str(job.folder / "report.json"))


def score_tags(report: Report) -> dict[str, str]:
    """Return the tags that name a report's data and candidate."""
    source = {"data_source": report.data_source, "data_digest": report.data_digest}
    return source | {"candidate": report.name}
