"""From a fitted candidate to a verdict: twin against twin, logged, registered, alias moved last."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spaceship.drift.profile import PROFILE_FILE
from spaceship.errors import OutdatedError, RefusedError, RegistryError, SpaceshipError
from spaceship.evaluation.holdout import HOLDOUT_FILE
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.files import digest, write_json
from spaceship.gate.award import Award
from spaceship.gate.policy import Gate, forced
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.records import to_plain
from spaceship.registry.registry import CHALLENGER, CHAMPION, DIGESTS, MODEL, Registry, Version
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

TWIN = "twin"
_ATTEMPTS = 10
"""Champions that may change under a candidate before it gives up."""


@dataclass(frozen=True)
class Referee:
    """Applies one gate to candidates of one registry.

    Attributes:
        gate: The policy.
        registry: Where champions and challengers live.
        update: Brings a champion's report up to the data in use: its twin predicts the present
            hold-out, and it is scored on whatever further seeds the gate asks for.
        reason: Why the gate is forced, where it is.

    """

    gate: Gate
    registry: Registry
    update: Callable[[Report, Path], Report]
    reason: str = ""

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
            verdict = Verdict.read(job.folder)
        else:
            verdict = self._judge(job, ceiling)
        if self.gate.require and verdict.award == Award.REFUSED:
            message = (
                f"expected a candidate that passes the gate, found: {verdict.reason}; "
                "gate.require=false accepts a refusal as a result"
            )
            raise RefusedError(message)
        return verdict

    def _judge(self, job: Job, ceiling: str) -> Verdict:
        """Give and note the verdict; one that was carried out just before a crash is noted only."""
        run_id = job.logged_run()
        report = replace(Report.read(job.folder), run_id=run_id)
        report.write(job.folder)
        with self.registry.lock():
            if (move := self.registry.move_of(run_id)) is None:
                verdict, version, before = self._settle(job, report, ceiling)
            else:
                verdict, version = Verdict(Award(move.alias), move.reason, "recorded"), move.after
                before = move.before if move.alias == CHAMPION else None
                _clear(job)
        self._note(job, verdict, version, before)
        return verdict

    def _settle(
        self, job: Job, report: Report, ceiling: str
    ) -> tuple[Verdict, str | None, str | None]:
        """Return the verdict, and the numbers of the version registered and of the champion before.

        A champion that another machine replaces meanwhile is not the one to be replaced: the
        candidate is held against the new one.
        """
        for _ in range(_ATTEMPTS):
            aliases = self.registry.aliases()
            number = aliases.get(CHAMPION)
            champion = None if number is None else self.registry.version(number)
            verdict = self._decide(report, champion, ceiling)
            try:
                return verdict, self._act(job, report, verdict, aliases), number
            except OutdatedError as error:
                log.info("Held against the new champion: %s", error)
        message = f"expected a champion that stays for a moment, found {_ATTEMPTS} new ones"
        raise RegistryError(f"{message}; run the command again")

    def _decide(self, report: Report, champion: Version | None, ceiling: str) -> Verdict:
        known = None if champion is None else self._champion_report(champion, report)
        verdict = self.gate.decide(report, known, ceiling=Award(ceiling))
        return forced(verdict, self.reason) if self.gate.force else verdict

    def _champion_report(self, champion: Version, candidate: Report) -> Report:
        """Return the champion's report, on the candidate's hold-out."""
        try:
            with tempfile.TemporaryDirectory() as temporary:
                return self._up_to_date(champion, candidate, Path(temporary))
        except SpaceshipError as error:
            log.warning("The champion's report cannot be used: %s", error)
            return Report.missing(f"version {champion.number}", champion.run_id)

    def _up_to_date(self, champion: Version, candidate: Report, folder: Path) -> Report:
        """Return the champion's report as logged where it fits, else brought up to the data."""
        for name in (REPORT_FILE, HOLDOUT_FILE):
            self.registry.fetch(champion, name, folder)
        report = Report.read(folder)
        seeds = {str(seed) for seed in self.gate.cv_seeds}
        same_data = report.data_digest == candidate.data_digest
        seen = f"{_seen(report, candidate)} in the hold-out that it was trained on"
        if not same_data:
            seen = "a hold-out that it was trained on in part, by another salt or fraction"
        if _seen(report, candidate) if same_data else report.may_have_seen_holdout_of(candidate):
            message = f"expected passengers that the champion's twin has not seen, found {seen}"
            raise RegistryError(f"{message}; use the split.* that it was trained with")
        repeated = not seeds or len(report.folds) == len(candidate.folds)
        if same_data and repeated and _same_rows(report, candidate) and seeds <= {*report.repeats}:
            return report
        now = self.update(report, self.registry.fetch(champion, TWIN, folder))
        return replace(now, judged_on=report.holdout)

    def _act(
        self, job: Job, report: Report, verdict: Verdict, aliases: Mapping[str, str]
    ) -> str | None:
        """Log what later comparisons need, register, and move the alias last, if one was earned.

        A model that is registered lies in MLflow and no longer in the job's folder; the serving
        model of a candidate that earned nothing stays in the folder, to be looked at.
        """
        client, run_id = self.registry.store.client, str(report.run_id)
        names = (REPORT_FILE, HOLDOUT_FILE, PROFILE_FILE)
        figures = {name: job.folder / name for name in names if (job.folder / name).is_file()}
        for path in figures.values():
            client.log_artifact(run_id, str(path))
        if verdict.award == Award.REFUSED or self.gate.dry_run:
            shutil.rmtree(job.twin)
            return None
        seen = {alias: aliases.get(alias) for alias in (CHAMPION, CHALLENGER)}
        move = self.registry.prepare(str(verdict.award), seen, verdict.reason)
        client.log_artifacts(run_id, str(job.twin), TWIN)
        files = {MODEL: job.model, TWIN: job.twin} | figures
        tags = {
            "recipe": json.dumps(report.recipe),
            "award": str(verdict.award),
            "reason": verdict.reason[:1000],
            "data_digest": report.data_digest,
            "holdout_accuracy": repr(report.metrics["holdout_accuracy"]),
            DIGESTS: json.dumps({name: digest(path) for name, path in files.items()}),
        }
        number = self.registry.register(job.model, run_id, tags)
        self.registry.complete(move, number)
        if verdict.award == CHAMPION:
            self._retire_challenger(number)
        _clear(job)
        return number

    def _note(self, job: Job, verdict: Verdict, version: str | None, before: str | None) -> None:
        content = {
            **to_plain(verdict),
            "dry_run": self.gate.dry_run,
            "model": self.registry.model,
            "version_registered": version,
            "champion_before": before,
        }
        write_json(job.folder / VERDICT_FILE, content)
        store, run_id = self.registry.store, str(job.run_id)
        store.set_tags(run_id, {"award": str(verdict.award), "reason": verdict.reason})
        store.client.log_artifact(run_id, str(job.folder / VERDICT_FILE))
        said = "Dry run, no alias moves; the verdict" if self.gate.dry_run else "Verdict"
        log.info("%s: %s. %s", said, verdict.award, verdict.reason)
        if verdict.checks:
            log.info("%s", verdict.table())

    def _retire_challenger(self, champion: str) -> None:
        """Take the challenger's alias away: it was measured against a champion that is no more."""
        challenger = self.registry.aliases().get(CHALLENGER)
        if challenger is not None:
            reason = f"version {champion} became champion"
            self.registry.take_away(CHALLENGER, challenger, reason)


def _clear(job: Job) -> None:
    """Remove a registered model and its twin from the job's folder: MLflow has them."""
    for folder in (job.twin, job.model):
        shutil.rmtree(folder, ignore_errors=True)


def _seen(champion: Report, candidate: Report) -> int:
    """Return how many of the candidate's hold-out rows were no hold-out in the same data before."""
    if champion.holdout is None or candidate.holdout is None:
        return 0
    return len({*candidate.holdout.ids} - {*champion.holdout.ids})


def _same_rows(report: Report, candidate: Report) -> bool:
    if report.holdout is None or candidate.holdout is None:
        return False
    return report.holdout.ids == candidate.holdout.ids
