"""Verdict of a job in its folder, in its MLflow run and on the screen."""

import logging
from typing import NamedTuple

from spaceship.evaluation.report import Report
from spaceship.files import write_json
from spaceship.gate.verdict import VERDICT_FILE, LoggedVerdict, Verdict
from spaceship.gate.verdict_texts import remarks, rule_table, score_table, verdict_sentence
from spaceship.records import to_plain
from spaceship.registry.registry import Registry
from spaceship.screen import show
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

HELD_OUT = "holdout_"
"""Start of the names of figures of the hold-out."""


class Outcome(NamedTuple):
    """A verdict, the version that was registered for it, and the champion it was compared with.

    >>> from spaceship.gate.award import Award
    >>> Outcome(Verdict(Award.REFUSED, "Refused: no gain.", "gain"), None, "3").champion_before
    '3'
    """

    verdict: Verdict
    version: str | None
    champion_before: str | None


def log_verdict(job: Job, outcome: Outcome, registry: Registry, *, dry_run: bool) -> None:
    """Write `verdict.json`, and log it to the job's run with the figures of the hold-out.

    >>> from spaceship.gate.award import Award
    >>> job = Job(tmp_path, in_multirun=False)
    >>> job.note_run(registry.store.start_run("job", {}))
    >>> Report("lgbm", "local", "ab12").write(tmp_path)
    >>> refused = Verdict(Award.REFUSED, "Refused: no gain.", "gain")
    >>> log_verdict(job, Outcome(refused, None, "3"), registry, dry_run=False)
    >>> LoggedVerdict.read(tmp_path).champion_before
    '3'
    """
    verdict, store, run_id = outcome.verdict, registry.store, str(job.run_id)
    logged = LoggedVerdict(
        **vars(verdict),
        dry_run=dry_run,
        model=registry.model,
        version_registered=outcome.version,
        champion_before=outcome.champion_before,
    )
    write_json(job.folder / VERDICT_FILE, to_plain(logged))
    metrics = Report.read(job.folder).metrics
    told = {name: metrics[name] for name in metrics if name.startswith(HELD_OUT)}
    store.log_scores(run_id, told, tags={"award": str(verdict.award), "reason": verdict.reason})
    store.client.log_artifact(run_id, str(job.folder / VERDICT_FILE))


def show_verdict(outcome: Outcome, *, dry_run: bool) -> None:
    """Print scores, verdict and rules; those of a passed gate are details.

    >>> from spaceship.gate.award import Award
    >>> first = Verdict(Award.CHAMPION, "Champion: the first one.", "all")
    >>> show_verdict(Outcome(first, "1", None), dry_run=False)  # logged
    """
    verdict, first = outcome.verdict, outcome.champion_before is None
    if verdict.scores:
        show(log, score_table(verdict.scores, verdict.rival))
    show(log, verdict_sentence(verdict, first=first, dry_run=dry_run))
    if verdict.checks:
        met = all(check.passed for check in verdict.checks)
        show(log, rule_table(verdict.checks), logging.DEBUG if met else logging.INFO)
    for passed, line in remarks(verdict):
        log.log(logging.DEBUG if passed else logging.INFO, "  %s", line)
