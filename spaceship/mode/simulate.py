"""`mode=simulate`: eras of passengers arrive, a candidate is trained in each, the gate decides."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from omegaconf import DictConfig, OmegaConf
from sklearn.pipeline import Pipeline

from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship import experiment as parts
from spaceship.callbacks import _job as logbook
from spaceship.config.build import settings
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import ConfigError, RefusedError
from spaceship.evaluation.report import Report
from spaceship.files import write_atomically
from spaceship.gate.award import Award
from spaceship.gate.verdict import Verdict
from spaceship.mode.train import conclude, fit_candidate, score_candidate
from spaceship.registry import packaging
from spaceship.registry.moves import reigns
from spaceship.registry.registry import CHAMPION, MODEL, Registry
from spaceship.simulation import arrivals as _arrivals
from spaceship.simulation import eras as chronicle
from spaceship.simulation import plot as timeline
from spaceship.simulation.arrivals import Arrivals, Plan
from spaceship.simulation.eras import EraResult
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

TABLE, PICTURE = "simulation.csv", "simulation.png"
_ARRIVED = "arrivals"
"""Folder of the files of the eras."""


def simulate(cfg: DictConfig) -> None:
    """Play a model's life through the eras, and hold it against that of the first champion.

    Whatever the eras leave is in the job's folder, a registry of their own included: no model in
    production is touched.

    Raises:
        ConfigError: A setting cannot be used here.
        RefusedError: A candidate was refused, and the gate requires otherwise.

    """
    job, plan = Job.current(), _plan(cfg)
    folder = job.folder / "simulation"
    drifts = _let_arrive(cfg, plan, folder / _ARRIVED)
    with _mlflow_restored():
        spans = [plan.span(era) for era in range(1, plan.eras + 1)]
        eras = [_live_through(cfg, folder, *each) for each in zip(spans, drifts, strict=False)]
    _tell(cfg, job, eras)
    refused = ", ".join(str(era.era) for era in eras if era.award == Award.REFUSED)
    if refused and parts.gate(cfg).require:
        found = f"expected every candidate to pass the gate, found refused in eras {refused}"
        raise RefusedError(f"{found}; gate.require=false accepts a refusal as a result")


def _plan(cfg: DictConfig) -> Plan:
    """Return the settings once it is sure that a simulation can be made of this config."""
    if in_trial():
        message = "expected mode=simulate outside a sweep that tunes, found it in a trial"
        raise ConfigError(f"{message}; -m with Hydra's own sweeper simulates several settings")
    if parts.gate(cfg).dry_run:
        message = (
            "expected a gate that moves aliases, or nobody ever becomes champion; found "
            "gate.dry_run=true; choose gate=default: only the simulation's own registry is touched"
        )
        raise ConfigError(message)
    return Plan(*settings(cfg, "simulate", *(field.name for field in fields(Plan))))


def _let_arrive(cfg: DictConfig, plan: Plan, folder: Path) -> list[float]:
    """Write down who arrives in each era, and after the last; return the drift, NaN if unknown."""
    source = parts.data_source(cfg)
    if isinstance(source, SyntheticData):
        drifts = plan.drifts
        eras = _arrivals.invent(plan.groups, source.seed, drifts)
    else:
        drifts = [float("nan")] * (plan.eras + 1)
        eras = _arrivals.cut(parts.passengers(cfg).train, len(drifts))
    _arrivals.store(eras, folder)
    return drifts


def _live_through(cfg: DictConfig, folder: Path, span: tuple[int, int], drift: float) -> EraResult:
    """Train a candidate on a span of eras, let the gate decide, and see who does well next."""
    own, source = _config_of(cfg, folder, span), Arrivals(folder / _ARRIVED, *span)
    people = parts.passengers(own)
    log.info("Era %d: %d passengers to learn from", span[1], len(people.train))
    job = Job(folder / f"era-{span[1]}", in_multirun=False)
    candidate, verdict = _retrain(own, job)
    report = Report.read(job.folder)
    registry, fate = parts.registry(own), source.fate().to_numpy()
    reigned = [str(move.after) for move in reigns(registry.moves(), CHAMPION)]
    models = {number: _loaded(registry, number) for number in {*reigned[:1], *reigned[-1:]}}
    right = {number: model.predict(people.test) == fate for number, model in models.items()}
    first, present = (right[reigned[at]] if reigned else fate[:0] for at in (0, -1))
    return EraResult(
        era=span[1],
        arrived=source.newest(),
        learnt_from=len(people.train),
        drift=drift,
        candidate=report.name,
        holdout_candidate=report.metrics["holdout_accuracy"],
        holdout_champion=_number(verdict, "champion_accuracy"),
        relative_gain=_number(verdict, "relative_gain"),
        needed=_needed(verdict),
        award=verdict.award,
        champion=reigned[-1] if reigned else "",
        next_arrived=len(fate),
        next_candidate=_share(candidate.predict(people.test) == fate),
        next_retrained=_share(present),
        next_first=_share(first),
        only_retrained=int((present & ~first).sum()),
        only_first=int((first & ~present).sum()),
    )


def _config_of(cfg: DictConfig, folder: Path, span: tuple[int, int]) -> DictConfig:
    """Return the config of one era's job: other passengers, and all its state in the folder."""
    plain: Any = OmegaConf.to_container(cfg, resolve=False)
    target = f"{Arrivals.__module__}.{Arrivals.__qualname__}"
    arrived = {"folder": str(folder / _ARRIVED), "first": span[0], "last": span[1]}
    plain["data"] = {"_target_": target} | arrived
    plain["paths"]["outputs"] = str(folder)
    places = {"uri": f"sqlite:///{folder}/mlflow.db", "artifacts": str(folder / "mlartifacts")}
    plain["tracking"] = places | {"experiment": "simulation"}
    own = OmegaConf.create(plain)
    assert isinstance(own, DictConfig)  # noqa: S101
    return own


def _retrain(cfg: DictConfig, job: Job) -> tuple[Pipeline, Verdict]:
    """Score and fit a candidate as `mode=train` does, and return it with the gate's verdict."""
    store = parts.store(cfg)
    with logbook.run_of(job, store, job.folder.name, {"mode": "simulate"}):
        score_candidate(cfg, job)
        fit_candidate(cfg, job)
        candidate = packaging.load(str(job.model))  # a verdict moves the model away
        logbook.log_scores(store, job)
        with suppress(RefusedError):  # what the gate requires is seen to when all is told
            conclude(cfg, job)
    return candidate, Verdict.read(job.folder)


def _tell(cfg: DictConfig, job: Job, eras: list[EraResult]) -> None:
    """Show the table, and keep it, its picture and the figures of the conclusion."""
    log.info("%s", chronicle.eras_table(eras))
    log.info("%s", chronicle.conclusion(eras))
    write_atomically(job.folder / TABLE, chronicle.eras_csv(eras))
    timeline.draw(eras, job.folder / PICTURE)
    store, run_id = parts.store(cfg), job.logged_run()
    for name in (TABLE, PICTURE):
        store.client.log_artifact(run_id, str(job.folder / name))
        log.info("%s", job.folder / name)
    figures = {f"simulation_{key}": value for key, value in chronicle.summarise_eras(eras).items()}
    store.log_scores(run_id, figures, tags={"conclusion": chronicle.conclusion(eras)})


@contextmanager
def _mlflow_restored() -> Iterator[None]:
    """Let MLflow point to the simulation's store within, and afterwards to where it did."""
    import mlflow

    tracking, registry = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    try:
        yield
    finally:
        mlflow.set_tracking_uri(tracking)
        mlflow.set_registry_uri(registry)


def _loaded(registry: Registry, number: str) -> Pipeline:
    with tempfile.TemporaryDirectory() as folder:
        model = registry.fetch(registry.version(number), MODEL, Path(folder))
        return packaging.load(str(model))


def _number(verdict: Verdict, name: str) -> float:
    value = verdict.numbers.get(name)
    return float("nan") if value is None else value


def _needed(verdict: Verdict) -> float:
    """Return the relative gain that the gate asks of a champion, NaN if it asks for none."""
    asked = (check.threshold for check in verdict.checks if check.rule == "relative_gain")
    return next(asked, float("nan"))


def _share(right: npt.NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else float("nan")
