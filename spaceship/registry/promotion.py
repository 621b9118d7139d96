"""Promotion: compare a fitted candidate with the champion, register it, move its alias last."""

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from spaceship.drift.profile import PROFILE_FILE
from spaceship.errors import OutdatedError, RefusedError, RegistryError, SpaceshipError, expected
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import REPORT_FILES, Report
from spaceship.evaluation.twins import holdout_metrics
from spaceship.gate.award import Award
from spaceship.gate.policy import Gate, against_challenger, capped, forced, forced_reason
from spaceship.gate.verdict import VERDICT_FILE, LoggedVerdict, Verdict
from spaceship.process.temporary import temporary_folder
from spaceship.progress import phase
from spaceship.records import fitting
from spaceship.registry.descriptions import describe
from spaceship.registry.looks import LookRecords
from spaceship.registry.registry import (
    CARD_FILE,
    CHALLENGER,
    CHAMPION,
    MODEL,
    PROVENANCE_FILE,
    RECIPE,
    TWIN,
    Registry,
    Version,
)
from spaceship.registry.reproduced import NEEDS_PROOF
from spaceship.registry.verdict_log import HELD_OUT, Outcome, log_verdict, show_verdict
from spaceship.registry.version_scores import SCORES, VersionScores
from spaceship.results import COMMAND
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

_FORCE = "accept a candidate without comparing it: gate.force=true reason='…'"
_ATTEMPTS = 10  # champions that may come and go during a comparison before it is given up


@dataclass(frozen=True)
class Promotion:
    """Applies one gate to the candidates of one registry.

    >>> from spaceship.gate.rule.floor import Floor
    >>> gate, labels = Gate(floor=Floor(minimum=0.78)), Labels.of(task, people.train)
    >>> promotion = Promotion(gate, registry, lambda champion, candidate, twin: champion, labels)
    >>> promotion.judge(Job(tmp_path, in_multirun=False))
    Traceback (most recent call last):
    spaceship.errors.TrackingError: expected an MLflow run for the job in ...
    """

    gate: Gate
    registry: Registry
    update: Callable[[Report, Report, Path], Report]
    """Returns a champion's report on a candidate's data and protocol, given the champion's twin."""
    labels: Labels  # of the data in use
    reason: str = ""  # for `gate.force=true` and `gate.reseal=true`
    quiet: bool = False  # the verdict is not printed
    keep: Callable[[Report, Verdict, str | None], str] = lambda *_: ""
    """Keeps a card, given report, verdict and the champion's version, in little time, as the
    registry is locked; returns the description of the version that is registered."""

    def judge(self, job: Job, *, ceiling: str = CHAMPION) -> Verdict:
        """Decide on a job's candidate, log the verdict, and move the alias that it awards.

        A job that has a verdict keeps it. The registry is locked throughout, so that the champion
        compared with is the champion replaced. No alias above the ceiling is awarded. Raise
        RefusedError if the candidate is refused under `gate.require=true`.
        """
        judged = (job.folder / VERDICT_FILE).exists()
        verdict = Verdict.read(job.folder) if judged else self._first_verdict(job, ceiling)
        if not self.quiet:
            COMMAND.verdict = LoggedVerdict.read(job.folder)
        if self.gate.require and verdict.award == Award.REFUSED:
            message = f"expected a candidate that passes the gate, found: {verdict.reason}"
            raise RefusedError(f"{message}; gate.require=false accepts a refusal as a result")
        return verdict

    @property
    def _may_promote(self) -> bool:
        return self.gate.may_promote and self.registry.aliases.may_promote

    def _first_verdict(self, job: Job, ceiling: str) -> Verdict:
        """Decide and log; only log if the alias has moved just before a crash."""
        run_id = job.logged_run()
        report = replace(Report.read(job.folder, self.labels), run_id=run_id)
        report.write(job.folder)
        with phase("Applying the gate"), self.registry.aliases.lock():
            if (move := self.registry.move_of(run_id)) is None:
                outcome = self._settle(job, report, ceiling)
            else:
                before = move.before if move.alias == CHAMPION else None
                told = any(name.startswith(HELD_OUT) for name in report.metrics)
                recorded = Verdict(Award(move.alias), move.reason, "recorded", told=told)
                outcome = Outcome(recorded, move.after, before)
                _clear(job)
        log_verdict(job, outcome, self.registry, dry_run=self.gate.dry_run)
        if not self.quiet:
            show_verdict(outcome, dry_run=self.gate.dry_run)
        return outcome.verdict

    def _settle(self, job: Job, report: Report, ceiling: str) -> Outcome:
        """Decide and act on it; again if another machine replaces the champion meanwhile."""
        for _ in range(_ATTEMPTS):
            current = self.registry.aliases.current()
            seen = {alias: current.get(alias) for alias in (CHAMPION, CHALLENGER)}
            verdict = self._decide(report, seen, ceiling)
            judged = _with_figures(report, verdict)
            judged.write(job.folder)
            try:
                version = self._act(job, judged, verdict, seen)
                return Outcome(verdict, version, seen[CHAMPION])
            except OutdatedError as error:
                log.info("Compared again: %s", error)
        what, found = "a champion that stays for a moment", f"{_ATTEMPTS} new ones"
        raise RegistryError(expected(what, found, "run the command again"))

    def _decide(self, report: Report, seen: dict[str, str | None], ceiling: str) -> Verdict:
        """Return the verdict of one look at the hold-out, which goes on record before and after.

        The rival is the champion. Without one, a process that may not promote, or a gate that wants
        a proof first, compares with the challenger in place, which it would replace.
        """
        aliases, protocol = self.registry.aliases, report.protocol
        records = LookRecords.read(aliases)
        records.check(report, reseal=self.gate.reseal)
        if self.gate.reseal:
            records.reseal(protocol, self.reason)
        if (worn := self.gate.refuse_worn(records.next(report))) is not None:
            return forced(worn, self.reason) if self.gate.force and self._may_promote else worn
        look = records.begin(report)
        looks = LookRecords.read(aliases).next(report)  # those of other machines included
        first = self._may_promote and not self.gate.needs_proof
        alias = CHAMPION if seen[CHAMPION] or first else CHALLENGER
        rival = None if (number := seen[alias]) is None else self._rival_report(number, report)
        verdict = self.gate.decide(report, rival, looks, ceiling=Award(ceiling))
        if rival is not None and alias == CHALLENGER:
            verdict = against_challenger(verdict)
        if self.gate.force and self._may_promote:
            verdict = forced(verdict, self.reason)
        if not self._may_promote:
            verdict = capped(verdict, Award.CHALLENGER, "this process may not promote")
        records.end(look, verdict)
        return verdict

    def _rival_report(self, number: str, candidate: Report) -> Report:
        """Return a version's report on the candidate's hold-out; a missing one if it cannot."""
        rival = self.registry.version(number)
        try:
            with phase(f"Reading version {number}"), temporary_folder() as temporary:
                return self._comparable(rival, candidate, temporary)
        except SpaceshipError as error:
            log.warning("The report of version %s cannot be used: %s, or %s", number, error, _FORCE)
            return Report.missing(f"version {number}", rival.run_id)

    def _comparable(self, rival: Version, candidate: Report, folder: Path) -> Report:
        """Return a version's report as logged if it fits the candidate's, else updated."""
        names = [name for name in REPORT_FILES if name in rival.digests]
        for name in names:
            self.registry.fetch(rival, name, folder)
        same_data = Report.read(folder).data_digest == candidate.data_digest
        report = Report.read(folder, self.labels if same_data else None)
        if same_data and _fits(report, candidate):
            return report
        return self.update(report, candidate, self.registry.fetch(rival, TWIN, folder))

    def _act(
        self, job: Job, report: Report, verdict: Verdict, seen: dict[str, str | None]
    ) -> str | None:
        """Log the files of later comparisons; register the model and move the alias, if awarded.

        A registered model is in MLflow and no longer in the job's folder; the serving model of a
        refused candidate stays in the folder, for inspection.
        """
        client, run_id = self.registry.store.client, str(report.run_id)
        text = self.keep(report, verdict, seen[CHAMPION])
        names = (*REPORT_FILES, PROFILE_FILE, CARD_FILE, PROVENANCE_FILE)
        figures = {name: job.folder / name for name in names if (job.folder / name).is_file()}
        for path in figures.values():
            client.log_artifact(run_id, str(path))
        if verdict.award == Award.REFUSED or self.gate.dry_run:
            shutil.rmtree(job.twin)
            return None
        aliases = self.registry.aliases
        why = forced_reason(self.reason) if verdict.rule == "forced" else verdict.reason
        move = aliases.prepare(str(verdict.award), seen, why)
        files = {MODEL: job.model, TWIN: job.twin} | figures
        scores = [name for name in ("accuracy", "rmse") if f"holdout_{name}" in report.metrics]
        tags = {
            RECIPE: json.dumps(report.recipe),
            SCORES: VersionScores.of(report).to_tag(),
            "award": str(verdict.award),
            "reason": fitting(verdict.reason, 1000),
            "data_digest": report.data_digest,
            **({NEEDS_PROOF: "true"} if self.gate.needs_proof else {}),
            **{f"holdout_{name}": repr(report.metrics[f"holdout_{name}"]) for name in scores},
        }
        with phase("Registering the model"):
            number = self.registry.register(files, run_id, tags, text)
        aliases.complete(move, number)
        # a challenger was compared with a champion that is replaced now
        if verdict.award == CHAMPION and (challenger := aliases.current().get(CHALLENGER)):
            aliases.take_away(CHALLENGER, challenger, f"version {number} became champion")
        describe(self.registry)
        _clear(job)
        return number


def _clear(job: Job) -> None:
    """Remove a registered model and its twin from the job's folder: MLflow has them."""
    for folder in (job.twin, job.model):
        shutil.rmtree(folder, ignore_errors=True)


def _with_figures(report: Report, verdict: Verdict) -> Report:
    """Return a candidate's report with the figures of its hold-out only if they may be shown."""
    known = {name: one for name, one in report.metrics.items() if not name.startswith(HELD_OUT)}
    if report.holdout is not None and verdict.told:
        known |= holdout_metrics(report.holdout)
    return replace(report, metrics=known)


def _fits(champion: Report, candidate: Report) -> bool:
    """Return whether two reports on the same data have the same hold-out, folds and repeats.

    Folds of another seed or release are as good: every row is predicted by a model that has not
    seen it. Repeats are compared seed by seed, so these have to be dealt alike.
    """
    a, b = champion.holdout, candidate.holdout
    same_rows = a is not None and b is not None and a.ids.equals(b.ids)
    scored = champion.out_of_fold is not None or candidate.out_of_fold is None
    mine, theirs = (_settings(one.protocol) for one in (candidate, champion))
    repeats = {(seed, mine[1]) for seed in candidate.repeats}
    repeated = repeats <= {(seed, theirs[1]) for seed in champion.repeats}
    return same_rows and mine[0] == theirs[0] and scored and repeated


def _settings(protocol: Protocol | None) -> tuple[Protocol | None, int | None]:
    """Return a protocol without what draws its folds, and the version of their dealing."""
    if protocol is None:
        return None, None
    return replace(protocol, seed=0, dealing=None), protocol.dealing
