"""Card of a job that comes to the gate: its costly part before the verdict, the rest with it."""

import logging
from dataclasses import replace

from spaceship.card.held_out import HeldOut
from spaceship.card.make import Judged, lasting_card
from spaceship.card.markdown import description
from spaceship.errors import only_logged
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import holdout_metrics
from spaceship.experiment import Experiment
from spaceship.files import write_json
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.progress import phase
from spaceship.record.run_record import RunRecord
from spaceship.records import to_plain
from spaceship.registry import packaging
from spaceship.registry.registry import CARD_FILE
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

_INCOMPLETE = "The model card is not complete"


def held_out_of(experiment: Experiment, job: Job, *, explained: bool) -> HeldOut | None:
    """Return what the hold-out shows of a job's candidate; with its twin, if it is `explained`.

    It takes seconds, so it is made before the registry is locked. A card has it only if the
    verdict may be told. None if the job is judged or not fitted, or on a failure.

    >>> held_out_of(experiment, Job(tmp_path, in_multirun=False), explained=True)
    """
    if not job.fitted or (job.folder / VERDICT_FILE).exists():
        return None
    with only_logged(log, _INCOMPLETE), phase("Making the model card"):
        report = Report.read(job.folder, experiment.labels)
        if report.holdout is not None:
            figures = report.metrics | holdout_metrics(report.holdout)
            report = replace(report, metrics=figures)
        twin = packaging.load(job.twin) if explained else None
        return HeldOut.of(report, experiment.dataset, twin)
    return None


def keep_card(  # noqa: PLR0913, PLR0917
    experiment: Experiment,
    job: Job,
    held: HeldOut | None,
    report: Report,
    verdict: Verdict,
    champion: str | None,
) -> str:
    """Write record and card of a job with its verdict; return the description of its version.

    `champion` is the version compared with. A failure is logged and changes no verdict.

    >>> refused = Verdict("refused", "Refused: no gain.", "any_gain", told=False)
    >>> job = Job(tmp_path, in_multirun=False)
    >>> keep_card(experiment, job, None, report(8, 10), refused, None)  # it has no run
    ''
    """
    with only_logged(log, "The record of the run is not complete"):
        RunRecord.of(experiment, job).judged(verdict)
    with only_logged(log, _INCOMPLETE):
        run = experiment.store.client.get_run(job.logged_run())
        judged = Judged.of(experiment, run, job.folder, report, verdict, champion)
        card = lasting_card(experiment, judged, held, experiment.dataset)
        write_json(job.folder / CARD_FILE, to_plain(card))
        return description(card)
    return ""
