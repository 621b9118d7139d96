"""From a fitted candidate to a verdict: twin against twin, logged, registered, alias moved last."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from spaceship.drift import PROFILE_FILE
from spaceship.errors import RefusedError, RegistryError, SpaceshipError
from spaceship.gate._base import VERDICT_FILE, Gate, Verdict
from spaceship.job import Job
from spaceship.record import write_json
from spaceship.registry import CHALLENGER, CHAMPION, Registry, Version
from spaceship.report import HOLDOUT_FILE, REPORT_FILE, Report

log = logging.getLogger(__name__)

TWIN = "twin"


@dataclass(frozen=True)
class Referee:
    """Applies one gate to candidates of one registry.

    Attributes:
        gate: The policy.
        registry: Where champions and challengers live.
        update: Brings a champion's report up to the data in use: its twin predicts the present
            hold-out, and it is scored on whatever further seeds the gate asks for.

    """

    gate: Gate
    registry: Registry
    update: Callable[[Report, Path], Report]

    def conclude(self, job: Job, *, ceiling: str = CHAMPION) -> Verdict:
        """Judge a job's candidate, log it, and move the alias it has earned.

        A verdict is given once: a job that has one keeps it. The registry is held throughout, so
        that the champion compared with is the champion replaced.

        Args:
            job: Holds report, hold-out, twin and serving model; its MLflow run is open.
            ceiling: The highest alias it may earn.

        Raises:
            RefusedError: Refused, and the gate requires otherwise.

        """
        if (job.folder / VERDICT_FILE).exists():
            return Verdict.read(job.folder)
        run_id = job.logged_run()
        report = replace(Report.read(job.folder), run_id=run_id)
        report.write(job.folder)
        with self.registry.lock():
            champion = self.registry.find(CHAMPION)
            verdict = self._decide(report, champion, ceiling)
            version = self._act(job, report, verdict)
        self._note(job, verdict, version, champion)
        if self.gate.require and verdict.award == "refused":
            message = (
                f"expected a candidate that passes the gate, found: {verdict.reason}; "
                "gate.require=false accepts a refusal as a result"
            )
            raise RefusedError(message)
        return verdict

    def _decide(self, report: Report, champion: Version | None, ceiling: str) -> Verdict:
        known = None if champion is None else self._champion_report(champion, report)
        return self.gate.decide(report, known, ceiling=ceiling)

    def _champion_report(self, champion: Version, candidate: Report) -> Report:
        """Return the champion's report, on the candidate's hold-out."""
        try:
            with tempfile.TemporaryDirectory() as temporary:
                return self._up_to_date(champion.run_id, candidate, Path(temporary))
        except SpaceshipError as error:
            log.warning("The champion's report cannot be used: %s", error)
            return Report.missing(f"version {champion.number}", champion.run_id)

    def _up_to_date(self, run_id: str, candidate: Report, folder: Path) -> Report:
        """Return the champion's report as logged where it fits, else brought up to the data."""
        for name in (REPORT_FILE, HOLDOUT_FILE):
            self.registry.download(run_id, name, folder)
        report = Report.read(folder)
        seeds = {str(seed) for seed in self.gate.cv_seeds}
        same_data = report.data_digest == candidate.data_digest
        if same_data and (seen := _seen(report, candidate)):
            message = (
                f"expected passengers that the champion's twin has not seen, found {seen} in the "
                "hold-out that it was trained on; use the split.* that it was trained with"
            )
            raise RegistryError(message)
        if same_data and _same_rows(report, candidate) and seeds <= set(report.repeats):
            return report
        return self.update(report, self.registry.download(run_id, TWIN, folder))

    def _act(self, job: Job, report: Report, verdict: Verdict) -> str | None:
        """Log what later comparisons need, register, and move the alias last, if one was earned.

        A model that is registered lies in MLflow and no longer in the job's folder; the serving
        model of a candidate that earned nothing stays in the folder, to be looked at.
        """
        client, run_id = self.registry.store.client, str(report.run_id)
        for name in (REPORT_FILE, HOLDOUT_FILE):
            client.log_artifact(run_id, str(job.folder / name))
        if (job.folder / PROFILE_FILE).exists():
            client.log_artifact(run_id, str(job.folder / PROFILE_FILE))
        if verdict.award == "refused" or not self.gate.moves:
            shutil.rmtree(job.twin)
            return None
        client.log_artifacts(run_id, str(job.twin), TWIN)
        tags = {
            "recipe": json.dumps(report.recipe),
            "award": verdict.award,
            "reason": verdict.reason[:1000],
            "data_digest": report.data_digest,
            "holdout_accuracy": repr(report.metrics["holdout_accuracy"]),
        }
        number = self.registry.register(job.model, run_id, tags)
        self.registry.move(verdict.award, number, verdict.reason)
        if verdict.award == CHAMPION:
            self._retire_challenger(number)
        shutil.rmtree(job.twin)
        shutil.rmtree(job.model)
        return number

    def _note(
        self, job: Job, verdict: Verdict, version: str | None, champion: Version | None
    ) -> None:
        content = {
            **verdict.to_dict(),
            "model": self.registry.model,
            "version_registered": version,
            "champion_before": None if champion is None else champion.number,
        }
        write_json(job.folder / VERDICT_FILE, content)
        store, run_id = self.registry.store, str(job.run_id)
        store.set_tags(run_id, {"award": verdict.award, "reason": verdict.reason})
        store.client.log_artifact(run_id, str(job.folder / VERDICT_FILE))
        log.info("Verdict: %s. %s", verdict.award, verdict.reason)

    def _retire_challenger(self, champion: str) -> None:
        """Take the challenger's alias away: it was measured against a champion that is no more."""
        if self.registry.find(CHALLENGER) is not None:
            self.registry.move(CHALLENGER, None, f"version {champion} became champion")


def _seen(champion: Report, candidate: Report) -> int:
    """Return how many of the candidate's hold-out rows were no hold-out in the same data before."""
    if champion.holdout is None or candidate.holdout is None:
        return 0
    return len({*candidate.holdout.passenger_ids} - {*champion.holdout.passenger_ids})


def _same_rows(report: Report, candidate: Report) -> bool:
    if report.holdout is None or candidate.holdout is None:
        return False
    return report.holdout.passenger_ids == candidate.holdout.passenger_ids
