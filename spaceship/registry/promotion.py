"""Promotion: compare a fitted candidate with the champion, register it, move its alias last."""

import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from spaceship.drift.profile import PROFILE_FILE
from spaceship.errors import OutdatedError, RefusedError, RegistryError, SpaceshipError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE
from spaceship.evaluation.report import REPORT_FILE, Report
from spaceship.files import write_json
from spaceship.gate.award import Award
from spaceship.gate.policy import Gate, forced
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.records import fitting, to_plain
from spaceship.registry.registry import CHALLENGER, CHAMPION, MODEL, Registry, Version
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

TWIN = "twin"
_FORCE = "accept a candidate without comparing it: gate.force=true reason='…'"
_ATTEMPTS = 10  # champions that may come and go during a comparison before it is given up


class _Outcome(NamedTuple):
    verdict: Verdict
    version: str | None  # registered for it
    champion_before: str | None


@dataclass(frozen=True)
class Promotion:
    """Applies one gate to the candidates of one registry.

    >>> from spaceship.gate.rule.floor import Floor
    >>> promotion = Promotion(Gate(floor=Floor(minimum=0.78)), registry, lambda report, _: report)
    >>> promotion.judge(Job(tmp_path, in_multirun=False))
    Traceback (most recent call last):
    spaceship.errors.TrackingError: expected an MLflow run for the job in ...
    """

    gate: Gate
    registry: Registry
    update: Callable[[Report, Path], Report]
    """Brings a champion's report up to the data in use: its twin predicts the present hold-out, and
    its recipe is scored on the further seeds that the gate needs."""
    reason: str = ""  # for `gate.force=true`

    def judge(self, job: Job, *, ceiling: str = CHAMPION) -> Verdict:
        """Decide on a job's candidate, log the verdict, and move the alias that it awards.

        A job that has a verdict keeps it. The registry is locked throughout, so that the champion
        compared with is the champion replaced. No alias above the ceiling is awarded. Raise
        RefusedError if the candidate is refused under `gate.require=true`.
        """
        judged = (job.folder / VERDICT_FILE).exists()
        verdict = Verdict.read(job.folder) if judged else self._first_verdict(job, ceiling)
        if self.gate.require and verdict.award == Award.REFUSED:
            message = f"expected a candidate that passes the gate, found: {verdict.reason}"
            raise RefusedError(f"{message}; gate.require=false accepts a refusal as a result")
        return verdict

    def _first_verdict(self, job: Job, ceiling: str) -> Verdict:
        """Decide and log; only log if the alias has moved just before a crash."""
        run_id = job.logged_run()
        report = replace(Report.read(job.folder), run_id=run_id)
        report.write(job.folder)
        with self.registry.aliases.lock():
            if (move := self.registry.move_of(run_id)) is None:
                outcome = self._settle(job, report, ceiling)
            else:
                before = move.before if move.alias == CHAMPION else None
                recorded = Verdict(Award(move.alias), move.reason, "recorded")
                outcome = _Outcome(recorded, move.after, before)
                _clear(job)
        self._log(job, outcome)
        return outcome.verdict

    def _settle(self, job: Job, report: Report, ceiling: str) -> _Outcome:
        """Decide and act on it; again if another machine replaces the champion meanwhile."""
        for _ in range(_ATTEMPTS):
            current = self.registry.aliases.current()
            seen = {alias: current.get(alias) for alias in (CHAMPION, CHALLENGER)}
            verdict = self._decide(report, seen[CHAMPION], ceiling)
            try:
                version = self._act(job, report, verdict, seen)
                return _Outcome(verdict, version, seen[CHAMPION])
            except OutdatedError as error:
                log.info("Compared again, with the new champion: %s", error)
        what, found = "a champion that stays for a moment", f"{_ATTEMPTS} new ones"
        raise RegistryError(expected(what, found, "run the command again"))

    def _decide(self, report: Report, number: str | None, ceiling: str) -> Verdict:
        champion = None if number is None else self._champion_report(number, report)
        verdict = self.gate.decide(report, champion, ceiling=Award(ceiling))
        return forced(verdict, self.reason) if self.gate.force else verdict

    def _champion_report(self, number: str, candidate: Report) -> Report:
        """Return the champion's report on the candidate's hold-out; a missing one if it cannot."""
        champion = self.registry.version(number)
        try:
            with tempfile.TemporaryDirectory() as temporary:
                return self._comparable(champion, candidate, Path(temporary))
        except SpaceshipError as error:
            log.warning("The champion's report cannot be used: %s, or %s", error, _FORCE)
            return Report.missing(f"version {number}", champion.run_id)

    def _comparable(self, champion: Version, candidate: Report, folder: Path) -> Report:
        """Return the champion's report as logged if it fits the candidate's, else updated."""
        for name in (REPORT_FILE, HOLDOUT_FILE):
            self.registry.fetch(champion, name, folder)
        report = Report.read(folder)
        same_data = report.data_digest == candidate.data_digest
        _check_unseen(report, candidate, same_data=same_data)
        seeds = {str(seed) for seed in self.gate.cv_seeds}
        repeated = not seeds or len(report.folds) == len(candidate.folds)
        a, b = report.holdout, candidate.holdout
        same_rows = a is not None and b is not None and a.ids.equals(b.ids)
        if same_data and repeated and seeds <= {*report.repeats} and same_rows:
            return report
        now = self.update(report, self.registry.fetch(champion, TWIN, folder))
        return replace(now, judged_on=report.holdout)

    def _act(
        self, job: Job, report: Report, verdict: Verdict, seen: dict[str, str | None]
    ) -> str | None:
        """Log the files of later comparisons; register the model and move the alias, if awarded.

        A registered model is in MLflow and no longer in the job's folder; the serving model of a
        refused candidate stays in the folder, for inspection.
        """
        client, run_id = self.registry.store.client, str(report.run_id)
        names = (REPORT_FILE, HOLDOUT_FILE, PROFILE_FILE)
        figures = {name: job.folder / name for name in names if (job.folder / name).is_file()}
        for path in figures.values():
            client.log_artifact(run_id, str(path))
        if verdict.award == Award.REFUSED or self.gate.dry_run:
            shutil.rmtree(job.twin)
            return None
        aliases = self.registry.aliases
        move = aliases.prepare(str(verdict.award), seen, verdict.reason)
        files = {MODEL: job.model, TWIN: job.twin} | figures
        scores = [name for name in ("accuracy", "rmse") if f"holdout_{name}" in report.metrics]
        tags = {
            "recipe": json.dumps(report.recipe),
            "award": str(verdict.award),
            "reason": fitting(verdict.reason, 1000),
            "data_digest": report.data_digest,
            **{f"holdout_{name}": repr(report.metrics[f"holdout_{name}"]) for name in scores},
        }
        number = self.registry.register(files, run_id, tags)
        aliases.complete(move, number)
        # a challenger was compared with a champion that is replaced now
        if verdict.award == CHAMPION and (challenger := aliases.current().get(CHALLENGER)):
            aliases.take_away(CHALLENGER, challenger, f"version {number} became champion")
        _clear(job)
        return number

    def _log(self, job: Job, outcome: _Outcome) -> None:
        """Write `verdict.json`, and log it to the job's run and to the screen."""
        verdict, store, run_id = outcome.verdict, self.registry.store, str(job.run_id)
        content = {
            **to_plain(verdict),
            "dry_run": self.gate.dry_run,
            "model": self.registry.model,
            "version_registered": outcome.version,
            "champion_before": outcome.champion_before,
        }
        write_json(job.folder / VERDICT_FILE, content)
        store.set_tags(run_id, {"award": str(verdict.award), "reason": verdict.reason})
        store.client.log_artifact(run_id, str(job.folder / VERDICT_FILE))
        heading = "Dry run, no alias moves; the verdict" if self.gate.dry_run else "Verdict"
        log.info("%s: %s. %s", heading, verdict.award, verdict.reason)
        if verdict.checks:
            log.info("%s", verdict.table())


def _clear(job: Job) -> None:
    """Remove a registered model and its twin from the job's folder: MLflow has them."""
    for folder in (job.twin, job.model):
        shutil.rmtree(folder, ignore_errors=True)


def _check_unseen(champion: Report, candidate: Report, *, same_data: bool) -> None:
    """Raise if the champion's twin was, or may have been, trained on the candidate's hold-out."""
    found = ""
    if not same_data and champion.may_have_seen_holdout_of(candidate):
        found = "a hold-out that it may have been trained on, by another split"
    if same_data and champion.holdout and candidate.holdout:
        ids = {*candidate.holdout.ids}.difference(champion.holdout.ids)
        found = f"{len(ids)} in the hold-out that it was trained on" if ids else ""
    if found:
        what = "rows that the champion's twin has not seen"
        do = "use the split.* that it was trained with, begin anew with task.name=NAME, "
        raise RegistryError(expected(what, found, f"{do}or gate.force=true reason='…'"))
