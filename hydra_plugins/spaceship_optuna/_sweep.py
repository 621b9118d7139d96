"""One sweep, from the command line to its results: open, plan, work, report."""

import logging
import os
import shlex
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna import _study
from hydra_plugins.spaceship_optuna._plots import write_plots
from hydra_plugins.spaceship_optuna._progress import Progress
from hydra_plugins.spaceship_optuna._results import (
    commonest_error,
    leaderboard,
    show,
    write_results,
)
from hydra_plugins.spaceship_optuna._spaces import Plan, read_plan
from hydra_plugins.spaceship_optuna._worker import STOPPED, Worker, as_text
from spaceship.config import WORKERS_VARIABLE, usable_cores
from spaceship.errors import ConfigError, SpaceshipError
from spaceship.report import direction as metric_direction

log = logging.getLogger(__name__)

_SWEEP_DIR = "sweep_dir"


class Sweep:
    """A sweep of one multirun.

    Args:
        context: Hydra's, with its callbacks.
        task: The task function.
        config: The multirun's config.
        settings: `hydra.sweeper`.

    """

    def __init__(
        self,
        context: HydraContext,
        task: TaskFunction,
        config: DictConfig,
        settings: Mapping[str, Any],
    ) -> None:
        """Keep what Hydra handed over; the settings are checked in `run`."""
        self.context = context
        self.task = task
        self.config = config
        self.settings = _checked(settings)
        self.directions = _directions(settings["direction"], config)

    def run(self, arguments: Sequence[str]) -> Any:
        """Run what the command line describes and return the best value, or values.

        Raises:
            ConfigError: The sweep cannot be run as asked, or does not fit the study it resumes.
            SpaceshipError: So many trials failed that it was stopped.

        """
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        params = [f"{key}={value}" for key, value in (self.settings["params"] or {}).items()]
        node = self.settings["search_space"]
        plan = read_plan(self.context.config_loader, self.config, [*params, *arguments], node)
        if self.settings["dry_run"]:
            return _show_plan(plan, self.settings)
        study, located, created = self._open()
        self._settle(study, plan)
        n_trials, minimum = self.settings["n_trials"], self.settings["min_trials_per_candidate"]
        _study.bury(study)
        _study.plan_trials(study, plan, n_trials, minimum, created=created)
        self._work(study, located, plan)
        return self._conclude(study, plan)

    def _open(self) -> tuple[optuna.Study, Any, bool]:
        """Return the study, where it is stored, and whether this process created it."""
        folder, resume = self._folder(), self.settings["resume"]
        name = self.settings["study_name"] or resume or _study.new_name()
        if name == "last":
            name = _study.latest_study(folder)
        located = _study.locate_storage(self.settings["storage"], folder, name)
        storage = _study.open_storage(located)
        study, created = _study.open_study(
            storage, name, self.directions, must_exist=resume is not None
        )
        metrics = OmegaConf.select(self.config, "objective.metric")
        if created and metrics is not None:
            study.set_metric_names([metrics] if isinstance(metrics, str) else list(metrics))
        return study, located, created

    def _folder(self) -> Path:
        """Return where journal files go: beside the other state, or beside the sweep."""
        outputs = OmegaConf.select(self.config, "paths.outputs")
        parent = Path(outputs) if outputs else Path(self.config.hydra.sweep.dir).parent
        return parent.expanduser().absolute() / "studies"

    def _settle(self, study: optuna.Study, plan: Plan) -> None:
        """Agree with the study on its folder and on what it rests on."""
        if _SWEEP_DIR not in study.user_attrs:
            study.set_user_attr(_SWEEP_DIR, str(Path(self.config.hydra.sweep.dir).absolute()))
        with open_dict(self.config):
            self.config.hydra.sweep.dir = study.user_attrs[_SWEEP_DIR]
        facts: dict[str, Any] = {"search space": plan.describe(), "fixed": _lasting(plan.fixed)}
        for callback in self.context.callbacks.callbacks:
            start = getattr(callback, "on_study_start", None)
            if start is not None:
                facts |= start(config=self.config, study=study, workers=self._n_workers())
        _study.agree(study, facts)
        if study.user_attrs.get(STOPPED):
            study.set_user_attr(STOPPED, None)

    def _metric(self) -> str:
        """Return what the objective is called."""
        metric = OmegaConf.select(self.config, "objective.metric")
        return metric if isinstance(metric, str) else "value"

    def _n_workers(self) -> int:
        """Return how many workers are asked for, of the launcher or of the sweeper.

        Raises:
            ConfigError: Several, of a launcher that runs one job after the other.

        """
        launcher = self.config.hydra.launcher
        asked = self.settings["n_jobs"]
        serial = str(launcher._target_).endswith("BasicLauncher")
        if serial and (asked or 1) > 1:
            message = f"expected a launcher for n_jobs={asked} workers, found hydra/launcher=basic"
            raise ConfigError(f"{message}, which has one; add hydra/launcher=joblib")
        if serial:
            return 1
        own = launcher.get("n_jobs") or launcher.get("array_parallelism") or 1
        return int(asked or (own if own > 0 else usable_cores()))

    def _work(self, study: optuna.Study, located: Any, plan: Plan) -> None:
        """Run workers until nothing is left in the queue; bury the dead and go on without them."""
        timeout = self.settings["timeout"]
        deadline = time.time() + float(timeout) if timeout else float("inf")
        worker = Worker(
            self.context, self.task, self.config, plan, self.settings, study.study_name, located
        )
        worker = replace(worker, deadline=deadline)
        try:
            with Progress(study, self.settings["n_trials"], self._metric()):
                while self._launch(worker, study):
                    log.warning("A worker died; the sweep goes on without it.")
                _study.await_others(study)
        except BaseException:
            _study.bury(study, own=True)
            log.warning("The study is kept. Go on with: %s", resume_command(study))
            raise

    def _launch(self, worker: Worker, study: optuna.Study) -> bool:
        """Run the workers; return whether one died and trials are left to do."""
        n_workers = self._n_workers()
        if n_workers == 1 and str(self.config.hydra.launcher._target_).endswith("BasicLauncher"):
            worker.run()
            return False
        os.environ[WORKERS_VARIABLE] = str(n_workers)
        config = self._launcher_config(n_workers)
        context = HydraContext(self.context.config_loader, Callbacks())
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=worker, config=config
        )
        logging.getLogger(type(launcher).__module__.rpartition(".")[0]).setLevel(logging.WARNING)
        any_trial = [*worker.plan.fixed, *worker.plan.candidates[0].overrides]
        jobs = [[*any_trial, f"hydra.sweep.subdir=worker-{n}"] for n in range(n_workers)]
        try:
            for result in launcher.launch(jobs, initial_job_idx=0):
                _ = result.return_value
        except SpaceshipError:
            raise
        except Exception as error:
            if _study.bury(study) == 0:
                raise
            log.debug("The launcher ended with %r", error)
            return True
        finally:
            os.environ.pop(WORKERS_VARIABLE, None)
        return False

    def _launcher_config(self, n_workers: int) -> DictConfig:
        config = self.config.copy()
        with open_dict(config):
            if "n_jobs" in config.hydra.launcher:
                config.hydra.launcher.n_jobs = n_workers
        return config

    def _conclude(self, study: optuna.Study, plan: Plan) -> Any:
        """Report the study's results; raise if it had to be stopped."""
        folder = Path(study.user_attrs[_SWEEP_DIR])
        finished = _study.counted(study)
        complete = [trial for trial in finished if trial.state == TrialState.COMPLETE]
        stopped = study.user_attrs.get(STOPPED)
        if stopped or not complete:
            error = commonest_error(study) or "no trial was run; give hydra.sweeper.timeout more"
            message = f"{stopped or 'no trial has finished'}, most often with: {error}"
            again = resume_command(study)
            raise SpaceshipError(f"{message}. Mend it, then go on with: {again}")
        labels = [candidate.label for candidate in plan.candidates]
        rows = leaderboard(study, labels)
        log.info("%s", show(rows))
        path = write_results(study, folder, lambda trial: _retrain(plan, trial), labels)
        plots = write_plots(study, folder / "plots")
        log.info("Results: %s, %d plots beside it", path, len(plots))
        for callback in self.context.callbacks.callbacks:
            end = getattr(callback, "on_study_end", None)
            if end is not None:
                end(config=self.config, files=[path, *plots], summary=show(rows))
        if len(self.directions) == 1:
            return study.best_value
        return [trial.values for trial in study.best_trials]


def _retrain(plan: Plan, trial: FrozenTrial) -> str:
    """Return the command that runs a trial's configuration by itself."""
    label = trial.params.get(_study.CANDIDATE)
    candidate = plan.candidates[0] if label is None else plan.candidate(label)
    alone = len(plan.candidates) == 1
    names = [
        (parameter, _study.parameter_name(candidate, parameter.key, alone=alone))
        for parameter in candidate.parameters
    ]
    values = [
        f"{parameter.key}={as_text(parameter.value(trial.params[name]))}"
        for parameter, name in names
        if name in trial.params
    ]
    fixed = ["mode=train" if item == "mode=tune" else item for item in plan.fixed]
    return f"python {sys.argv[0]} {shlex.join([*fixed, *candidate.overrides, *values])}"


def resume_command(study: optuna.Study) -> str:
    """Return the command that goes on with a study."""
    given = [item for item in sys.argv[1:] if not item.startswith("hydra.sweeper.resume=")]
    return f"python {sys.argv[0]} {shlex.join(given)} hydra.sweeper.resume={study.study_name}"


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings as plain values, or say which one cannot be used.

    Raises:
        ConfigError: A number is out of range.

    """
    bounds = {"n_trials": 1, "min_trials_per_candidate": 1, "max_failure_rate": 0}
    for key, least in bounds.items():
        value = settings[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
            message = f"expected hydra.sweeper.{key} to be a number of at least {least}"
            raise ConfigError(f"{message}, found {value!r}")
    plain = {
        key: OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
        for key, value in settings.items()
    }
    if plain["resume"] and plain["study_name"] and plain["resume"] != plain["study_name"]:
        message = "expected hydra.sweeper.resume or study_name, found both, of different names"
        raise ConfigError(f"{message}; drop study_name")
    return plain


def _directions(direction: Any, config: DictConfig) -> list[str]:
    """Return the directions as told, else those that the objective's metrics declare."""
    if direction is None:
        metrics = OmegaConf.select(config, "objective.metric") or []
        several = [metrics] if isinstance(metrics, str) else list(metrics)
        return [metric_direction(metric) for metric in several] or ["minimize"]
    names = [str(one) for one in ([direction] if isinstance(direction, str) else list(direction))]
    if not names or set(names) - {"minimize", "maximize"}:
        message = f"expected hydra.sweeper.direction minimize or maximize, found {direction!r}"
        raise ConfigError(message)
    return names


def _lasting(fixed: Sequence[str]) -> list[str]:
    """Return the fixed overrides that a trial's figures rest on."""
    passing = ("paths.", "hydra", "tracking", "gate", "threads", "inference.", "mode=", "reason")
    return sorted(item for item in fixed if not item.lstrip("+~").startswith(passing))


def _show_plan(plan: Plan, settings: Mapping[str, Any]) -> None:
    """Print candidates, spaces and first trials."""
    log.info("%d trials would be run; nothing is run with dry_run=true.", settings["n_trials"])
    for candidate in plan.candidates:
        log.info("%s  (%s)", candidate.label, " ".join([*candidate.overrides, *plan.fixed]))
        for parameter in candidate.parameters:
            default = candidate.defaults.get(parameter.key, "outside its space")
            log.info("  %-40s %s  default %s", parameter.key, parameter.distribution, default)
        first = [f"{key}={as_text(value)}" for key, value in candidate.defaults.items()]
        log.info("  first trial: %s", shlex.join([*candidate.overrides, *first]))
