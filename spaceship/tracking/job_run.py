"""MLflow runs of jobs: start, log the report, end with a true status."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from spaceship.errors import RefusedError
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.progress import phase
from spaceship.tracking.job import FAILURE_FILE, Job
from spaceship.tracking.markdown import page, plain, run_link
from spaceship.tracking.store import FOLDER_TAG, Store
from spaceship.tracking.tag_names import hidden
from spaceship.tracking.views import NOTE


@contextmanager
def job_run(
    job: Job, store: Store, name: str, tags: Mapping[str, str], parent_run_id: str | None = None
) -> Iterator[None]:
    """Run the block as a job that Hydra does not run itself, in an MLflow run of its own.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> with job_run(job, store, "era-1", {"mode": "simulate"}):
    ...     log_report(store, job)
    >>> store.client.get_run(job.logged_run()).info.status
    'FINISHED'
    """
    above = parent_run_id and run_link(store.experiment_id, parent_run_id, "this run")
    note = page(f"{plain(name)}: a job of {above}" if above else plain(name))
    own = {FOLDER_TAG: str(job.folder), NOTE: note, **tags}
    job.note_run(store.start_run(name, own, parent_run_id))
    with ended_run(store, job):
        yield


@contextmanager
def ended_run(store: Store, job: Job) -> Iterator[None]:
    """End a job's run after the block: FINISHED, or FAILED with the traceback of an exception.

    A refusal by the gate is a result, so FINISHED. An interruption (Ctrl-C, SIGTERM) leaves the run
    open for `at_exit.PENDING`, which ends every run of the process.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> job.note_run(store.start_run("job", {}))
    >>> with ended_run(store, job):
    ...     raise ValueError("no memory")
    Traceback (most recent call last):
    ValueError: no memory
    """
    run_id = job.logged_run()
    try:
        yield
    except RefusedError:
        store.end_run(run_id, "FINISHED")
        raise
    except Exception as error:
        store.log_traceback(run_id, job.note_failure(error))
        store.client.log_artifact(run_id, str(job.folder / FAILURE_FILE))
        store.end_run(run_id, "FAILED")
        raise
    store.end_run(run_id, "FINISHED")


def log_report(store: Store, job: Job) -> None:
    """Log a job's report, if it has one: metrics, tags and the file, which has the folds'.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> log_report(store, job)  # the folder holds no report: nothing is logged
    """
    if not job.scored:
        return
    with phase("Logging the report in MLflow"):
        report, run_id = Report.read(job.folder), job.logged_run()
        task = {"task": str(report.task["name"])} if "name" in report.task else {}
        store.log_scores(run_id, report.metrics, score_tags(report) | task)
        store.client.log_artifact(run_id, str(job.folder / REPORT_FILE))


def score_tags(report: Report) -> dict[str, str]:
    """Return the tags that name data, sample, split and candidate, and the digest of stages.

    >>> score_tags(Report("lgbm on full", "kaggle", "0f3a"))
    {'data_source': 'kaggle', 'data_digest': '0f3a', 'candidate': 'lgbm on full'}
    """
    source = {"data_source": report.data_source, "data_digest": report.data_digest}
    split = {} if report.protocol is None else {"split": report.protocol.words}
    sample = {"sample": report.sample_words} if report.drawn_from else {}
    stages = {hidden("stages"): json.dumps(report.stages)} if report.stages else {}
    return source | sample | split | stages | {"candidate": report.name}
