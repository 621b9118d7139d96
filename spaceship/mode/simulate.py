"""`mode=simulate`: rows arrive in eras, a candidate is retrained and gated in each."""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import candidate
from spaceship.config.settings import Settings, Simulate, Tracking
from spaceship.data.synthetic import SyntheticData, check_built_in
from spaceship.errors import ConfigError, RefusedError, expected
from spaceship.evaluation.cross_validation import decision_threshold, predict
from spaceship.evaluation.metrics import decide
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.files import write_atomically
from spaceship.gate.award import Award
from spaceship.gate.verdict import Verdict
from spaceship.process.kept import Kept
from spaceship.progress import phase
from spaceship.registry import packaging
from spaceship.registry.moves import completed_moves
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.registry.role import SETTING
from spaceship.results import Result, report_result
from spaceship.screen import show
from spaceship.simulation import arrivals as arriving
from spaceship.simulation import plot as timeline
from spaceship.simulation.arrivals import Arrivals
from spaceship.simulation.eras import EraResult, conclusion, eras_csv, eras_table, summarise_eras
from spaceship.tracking.connection import addresses_kept
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import job_run, log_report

log = logging.getLogger(__name__)

TABLE, PICTURE = "simulation.csv", "simulation.png"


@dataclass(frozen=True)
class SimulateResult(Result):
    """Retrainings, one an era."""

    eras: list[EraResult]
    figures: dict[str, float]  # over all eras
    conclusion: str
    table: str  # file
    picture: str  # file


def simulate(experiment: Experiment) -> SimulateResult:
    """Retrain and gate a recipe era by era, and compare it with the first champion.

    All state is in the job's folder, a registry of its own included: no model in production moves.

    Raise ConfigError if a setting cannot be used here; RefusedError if a candidate was refused, and
    `gate.require` is true.
    """
    _check(experiment)
    schedule = experiment.settings.simulate
    folder = experiment.job.folder / "simulation"
    drifts = _write_eras(experiment, schedule, folder / "arrivals")
    with addresses_kept():
        spans = [schedule.span(era) for era in range(1, schedule.eras + 1)]
        with phase("Eras", len(spans)) as steps:
            eras = []
            for span, drift in zip(spans, drifts, strict=False):
                eras.append(_run_era(experiment, folder, span, drift))
                steps.advance(str(eras[-1].award))
    _log_results(experiment, eras)
    table, picture = (str(experiment.job.folder / name) for name in (TABLE, PICTURE))
    result = SimulateResult(eras, summarise_eras(eras), conclusion(eras), table, picture)
    refused = ", ".join(str(era.era) for era in eras if era.award == Award.REFUSED)
    if refused and experiment.gate.require:
        report_result(result)
        found = f"expected every candidate to pass the gate, found refused in eras {refused}"
        raise RefusedError(f"{found}; gate.require=false accepts a refusal as a result")
    return result


def _check(experiment: Experiment) -> None:
    """Raise if no simulation can be made of these settings."""
    if in_trial():
        message = "expected mode=simulate outside a sweep that tunes, found it in a trial"
        raise ConfigError(f"{message}; -m with Hydra's own sweeper simulates several settings")
    if not experiment.task.is_classification:
        do = "simulate a task whose label is a class: numbers are not there yet"
        raise ConfigError(expected("mode=simulate with classes", experiment.task.problem, do))
    if experiment.gate.reseal:
        what, do = "gate.reseal=false", "the simulation has a registry of its own: leave it out"
        raise ConfigError(expected(what, "true", do))
    if not experiment.registry.aliases.may_promote:
        do = "leave it to a process that may: a simulation has champions of its own"
        raise ConfigError(expected("a process that may promote", SETTING, do))
    if experiment.gate.dry_run:
        message = "expected a gate that moves aliases, found gate.dry_run=true"
        raise ConfigError(
            f"{message}; choose gate=default: only the simulation's own registry is touched"
        )


def _write_eras(experiment: Experiment, schedule: Simulate, folder: Path) -> list[float]:
    """Write the rows of each era and of one more; return their drift, NaN where it is unknown."""
    source = experiment.source
    if isinstance(source, SyntheticData):
        drifts = schedule.drifts
        check_built_in(experiment.task)
        eras = arriving.generate_eras(experiment.task, schedule.groups, source.seed, drifts)
    else:
        drifts = [float("nan")] * (schedule.eras + 1)
        data = experiment.dataset
        eras = arriving.cut_into_eras(data.train, data.task, len(drifts))
    arriving.write_eras(eras, folder)
    return drifts


def _run_era(
    experiment: Experiment, folder: Path, span: tuple[int, int], drift: float
) -> EraResult:
    """Train a candidate on a span of eras, gate it, and score all models on the next era."""
    source = Arrivals(folder / "arrivals", *span)
    settings = _settings_in(folder, experiment.settings)
    own = replace(experiment, settings=settings, given=source, kept=Kept())
    data = own.dataset
    task = data.task
    log.info("Era %d: %d %s to learn from", span[1], len(data.train), task.nouns)
    job = Job(folder / f"era-{span[1]}", in_multirun=False)
    model, verdict = _retrain(own, job)
    report, registry = Report.read(job.folder), own.registry
    target = task.target(source.next_rows())

    def right_of(fitted: Pipeline) -> npt.NDArray[np.bool_]:
        values = predict(fitted, data.test, task)
        found = decide(values, task.problem, decision_threshold(fitted)) == target
        return np.asarray(found)

    reigned = [str(move.after) for move in completed_moves(registry.aliases.moves(), CHAMPION)]
    models = {number: _loaded(registry, number) for number in {*reigned[:1], *reigned[-1:]}}
    right = {number: right_of(one) for number, one in models.items()}
    none = np.zeros(0, dtype=bool)
    first, present = (right[reigned[at]] if reigned else none for at in (0, -1))
    return EraResult(
        era=span[1],
        arrived=source.count_newest(),
        learnt_from=len(data.train),
        drift=drift,
        candidate=report.name,
        holdout_candidate=report.metrics.get("holdout_accuracy", float("nan")),
        holdout_champion=_number(verdict, "champion_accuracy"),
        relative_gain=_number(verdict, "relative_gain"),
        needed=_needed(verdict),
        award=verdict.award,
        champion=reigned[-1] if reigned else "",
        next_arrived=len(target),
        next_candidate=_share(right_of(model)),
        next_retrained=_share(present),
        next_first=_share(first),
        only_retrained=int((present & ~first).sum()),
        only_first=int((first & ~present).sum()),
    )


def _settings_in(folder: Path, settings: Settings) -> Settings:
    """Return the settings with all state in a folder."""
    uri, artifacts = f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts")
    tracking = Tracking(uri=uri, artifacts=artifacts, experiment="simulation")
    paths = settings.paths.model_copy(update={"outputs": str(folder)})
    return settings.model_copy(update={"paths": paths, "tracking": tracking})


def _retrain(experiment: Experiment, job: Job) -> tuple[Pipeline, Verdict]:
    """Score and fit a candidate as `mode=train` does, and return it with the gate's verdict."""
    store = experiment.store
    with job_run(job, store, job.folder.name, {"mode": "simulate"}):
        experiment.check()
        candidate.score(experiment, job, experiment.recipe())
        candidate.fit(experiment, job)
        model = packaging.load(str(job.model))  # a verdict moves the model into the registry
        log_report(store, job)
        with suppress(RefusedError):  # `simulate` raises it once all eras are over
            candidate.judge(experiment, job, quiet=True)
    return model, Verdict.read(job.folder)


def _log_results(experiment: Experiment, eras: list[EraResult]) -> None:
    """Print the table and the conclusion; write and log the table, its plot and the figures."""
    show(log, eras_table(eras))
    log.info("%s", conclusion(eras))
    job, store = experiment.job, experiment.store
    write_atomically(job.folder / TABLE, eras_csv(eras))
    timeline.draw(eras, job.folder / PICTURE)
    run_id = job.logged_run()
    for name in (TABLE, PICTURE):
        store.client.log_artifact(run_id, str(job.folder / name))
        log.info("%s", job.folder / name)
    figures = {f"simulation_{key}": value for key, value in summarise_eras(eras).items()}
    store.log_scores(run_id, figures, tags={"conclusion": conclusion(eras)})


def _loaded(registry: Registry, number: str) -> Pipeline:
    return packaging.load_version(registry, registry.version(number)).pipeline


def _number(verdict: Verdict, name: str) -> float:
    value = verdict.numbers.get(name)
    return float("nan") if value is None else value


def _needed(verdict: Verdict) -> float:
    """Return the relative gain that the gate demands of a champion, NaN if it demands none."""
    demanded = (check.threshold for check in verdict.checks if check.rule == "relative_gain")
    return next(demanded, float("nan"))


def _share(right: npt.NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else float("nan")
