"""One sweep, from the command line to its results: open, plan, work, report."""

import logging
import os
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

import optuna
from hydra._internal.callbacks import Callbacks
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from hydra_plugins.spaceship_optuna import _queue, _study
from hydra_plugins.spaceship_optuna import _recovery as _lost
from hydra_plugins.spaceship_optuna._commands import (
    as_text,
    resume_command,
    retrain_command,
    show_plan,
)
from hydra_plugins.spaceship_optuna._leaderboard import leaderboard, show
from hydra_plugins.spaceship_optuna._plots import write_plots
from hydra_plugins.spaceship_optuna._progress import Progress
from hydra_plugins.spaceship_optuna._ranking import (
    best_of,
    candidates_of,
    commonest_error,
    complete,
)
from hydra_plugins.spaceship_optuna._results import write_results
from hydra_plugins.spaceship_optuna._search_space import Plan, read_plan
from hydra_plugins.spaceship_optuna._settings import (
    check_budget,
    checked,
    is_grid,
    is_serial,
    metric_name,
    n_workers,
)
from hydra_plugins.spaceship_optuna._storage import hide_password, locate_storage, open_storage
from hydra_plugins.spaceship_optuna._study import STOPPED
from hydra_plugins.spaceship_optuna._worker import Worker
from spaceship.config.build import WORKERS_VARIABLE, redact
from spaceship.errors import ConfigError, SpaceshipError
from spaceship.evaluation.metrics import names_of
from spaceship.files import write_atomically

log = logging.getLogger(__name__)

_SWEEP_DIR = "sweep_dir"
_SETTINGS_FILE = "multirun.yaml"
"""Hydra's own name for the settings of a multirun, those of Hydra included."""
_MOST_BARREN = 3
"""The launch in a row whose workers die before they have a trial that ends the sweep."""


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
        """Keep what Hydra handed over, and check the settings."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self.context = context
        self.task = task
        self.config = config
        self.settings = checked(settings, config)
        self.n_workers = n_workers(self.settings, config.hydra.launcher)
        self.barren = 0

    def run(self, arguments: Sequence[str]) -> Any:
        """Run what the command line describes and return the best value, or values.

        Raises:
            ConfigError: The sweep cannot be run as asked, or does not fit the study it resumes.
            SpaceshipError: So many trials failed that it was stopped.

        """
        plan = self._plan(arguments)
        if self.settings["dry_run"]:
            return show_plan(plan, self.settings["n_trials"])
        facts = self._facts(plan)
        study, located, created = self._open()
        _study.agree(study, facts)
        plan = plan.ordered(candidates_of(study))
        self._settle(study, created=created)
        for start in self._hooks("on_study_start"):
            start(config=self.config, study=study)
        if study.user_attrs.get(STOPPED):
            study.set_user_attr(STOPPED, None)
        self._lose(study, _lost.bury(study))
        n_trials, minimum = self.settings["n_trials"], self.settings["min_trials_per_candidate"]
        _queue.plan_trials(study, plan, n_trials, minimum, grid=is_grid(self.settings))
        _study.make_ready(study)
        self._work(study, located, plan)
        return self._conclude(study, plan)

    def _plan(self, arguments: Sequence[str]) -> Plan:
        params = [f"{key}={value}" for key, value in (self.settings["params"] or {}).items()]
        plan = read_plan(
            self.context.config_loader,
            self.config,
            [*params, *arguments],
            self.settings["search_space"],
            free=bool(self.settings["custom_search_space"]),
        )
        check_budget(self.settings, len(plan.candidates))
        if is_grid(self.settings):
            next(plan.grid(), None)  # or it tells what has no end of points
        return plan

    def _hooks(self, name: str) -> Iterator[Any]:
        """Return this project's own hooks of a name: callbacks of others have none."""
        for callback in self.context.callbacks.callbacks:
            hook = getattr(callback, name, None)
            if hook is not None:
                yield hook

    def _facts(self, plan: Plan) -> dict[str, Any]:
        """Return what the study rests on; what is wrong with it is told before there is a study."""
        facts: dict[str, Any] = {}
        for tell in self._hooks("study_facts"):
            facts |= tell(config=self.config, workers=self.n_workers)
        fixed = _study.lasting(plan.fixed, facts)
        return facts | {"search space": plan.describe(), "fixed": fixed}

    def _open(self) -> tuple[optuna.Study, str, bool]:
        """Return the study, where it is stored, and whether this process created it."""
        folder, resume = self._folder(), self.settings["resume"]
        name = self.settings["study_name"] or resume or _study.new_name()
        storage = self.settings["storage"]
        if resume == _study.LAST:
            kept = None if storage is None else open_storage(locate_storage(storage, folder, ""))
            name = _study.latest_study(folder, kept)
        if resume and storage is None and not (folder / f"{name}.journal").is_file():
            known = ", ".join(sorted(one.stem for one in folder.glob("*.journal"))) or "none"
            message = f"expected a study {name!r} in {folder} to resume, found {known}"
            raise ConfigError(f"{message}; check hydra.sweeper.resume")
        located = self.settings["storage"] = locate_storage(storage, folder, name)
        hide_password(self.config)
        study, created = _study.open_study(
            open_storage(located), name, self.settings["direction"], must_exist=resume is not None
        )
        metrics = OmegaConf.select(self.config, "objective.metric")
        if created and metrics is not None:
            study.set_metric_names(names_of(metrics))
        return study, located, created

    def _folder(self) -> Path:
        """Return where journal files go: beside the other state, or beside the sweeps."""
        outputs = OmegaConf.select(self.config, "paths.outputs")
        sweep = Path(self.config.hydra.sweep.dir)
        beside = sweep.parent if sweep.is_absolute() else Path(sweep.parts[0])
        return Path(outputs or beside).expanduser().absolute() / "studies"

    def _settle(self, study: optuna.Study, *, created: bool) -> None:
        """Agree with the study on the folder of its jobs, and write down there what is run.

        No job that the study has is ever overwritten.
        """
        asked = Path(self.config.hydra.sweep.dir).absolute()
        if _SWEEP_DIR not in study.user_attrs:
            study.set_user_attr(_SWEEP_DIR, str(asked))
        folder = study.user_attrs[_SWEEP_DIR]
        given = any(
            str(item).startswith("hydra.sweep.dir=") for item in self.config.hydra.overrides.hydra
        )
        if given and str(asked) != folder:
            message = f"expected hydra.sweep.dir={folder}, as the study has it, found {asked}"
            raise ConfigError(f"{message}; leave it out")
        if created and (asked / "0").exists():
            message = f"expected a folder without jobs for a new study, found some in {asked}"
            raise ConfigError(f"{message}; give another hydra.sweep.dir, or go on: resume=NAME")
        with open_dict(self.config):
            self.config.hydra.sweep.dir = folder
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = redact(OmegaConf.to_yaml(self.config))
        write_atomically(Path(folder, _SETTINGS_FILE), text)

    def _work(self, study: optuna.Study, located: str, plan: Plan) -> None:
        """Run workers until nothing is left in the queue; bury the dead and go on without them."""
        n_trials, timeout = self.settings["n_trials"], self.settings["timeout"]
        worker = Worker(
            self.context, self.task, self.config, plan, self.settings, study.study_name, located
        )
        worker.deadline = time.time() + timeout if timeout else float("inf")
        if not _queue.is_left(study, n_trials):
            log.info("All %d trials are done; more n_trials go on with it.", n_trials)
        try:
            with Progress(study, n_trials, metric_name(self.config)):
                while _queue.is_left(study, n_trials) and worker.may_go_on(study):
                    self._launch(worker, study)
                    self._lose(study, _lost.await_others(study))
                self._lose(study, _lost.await_rest(study, n_trials))
        except BaseException:
            log.warning("The study is kept. Go on with: %s", resume_command(study))
            afresh = open_storage(located)  # the old one may have been interrupted as it was read
            _lost.abandon(optuna.load_study(study_name=study.study_name, storage=afresh))
            raise
        if time.time() >= worker.deadline and _queue.is_left(study, n_trials):
            log.info("Time is up. Go on with: %s", resume_command(study))

    def _launch(self, worker: Worker, study: optuna.Study) -> None:
        """Run workers until they have no more to do, or one of them dies."""
        if is_serial(self.config.hydra.launcher):
            worker.run()
            return
        os.environ[WORKERS_VARIABLE] = str(self.n_workers)
        config = self._launcher_config()
        context = HydraContext(self.context.config_loader, Callbacks())
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=context, task_function=worker, config=config
        )
        logging.getLogger(type(launcher).__module__.rpartition(".")[0]).setLevel(logging.WARNING)
        any_trial = [*worker.plan.fixed, *worker.plan.candidates[0].overrides]
        any_trial.append(f"hydra.sweep.dir={as_text(str(self.config.hydra.sweep.dir))}")
        names = [f"workers/{os.getpid()}-{time.time_ns()}-{n}" for n in range(self.n_workers)]
        jobs = [[*any_trial, f"hydra.sweep.subdir={name}"] for name in names]
        try:
            for result in launcher.launch(jobs, initial_job_idx=0):
                _ = result.return_value
        except SpaceshipError:
            raise
        except Exception as error:  # noqa: BLE001 - raised again unless workers died
            self._mourn(study, error)
        finally:
            os.environ.pop(WORKERS_VARIABLE, None)

    def _mourn(self, study: optuna.Study, error: Exception) -> None:
        """Close what dead workers were at; raise the launcher's error if nobody died."""
        gone = _lost.bury(study)
        self.barren = 0 if gone else self.barren + 1
        if not gone and (not isinstance(error, BrokenExecutor) or self.barren >= _MOST_BARREN):
            raise error
        log.warning("A worker died; the sweep goes on without it.")
        log.debug("The launcher ended with %r", error)
        self._lose(study, gone)

    def _lose(self, study: optuna.Study, numbers: Sequence[int]) -> None:
        """Let the callbacks know of trials whose workers died, and count those given up for it."""
        if set(numbers) & {trial.number for trial in _study.counted(study)}:
            _study.stop_if_failing(study, self.settings)
        for lose in self._hooks("on_trial_lost"):
            for number in numbers:
                lose(config=self.config, folder=Path(study.user_attrs[_SWEEP_DIR], str(number)))

    def _launcher_config(self) -> DictConfig:
        config = self.config.copy()
        with open_dict(config):
            if "n_jobs" in config.hydra.launcher:
                config.hydra.launcher.n_jobs = self.n_workers
        return config

    def _conclude(self, study: optuna.Study, plan: Plan) -> Any:
        """Report the study's results; raise if it had to be stopped."""
        folder, done = Path(study.user_attrs[_SWEEP_DIR]), complete(study)
        stopped, best = study.user_attrs.get(STOPPED), best_of(done, study.directions)
        if stopped or best is None:
            error = commonest_error(study) or "no trial was run; give hydra.sweeper.timeout more"
            message = f"{stopped or 'no trial has finished'}, most often with: {error}"
            again = resume_command(study)
            raise SpaceshipError(f"{message}. Mend it, then go on with: {again}")
        labels = [candidate.label for candidate in plan.candidates]
        rows = leaderboard(study, labels)
        log.info("%s", show(rows))
        path = write_results(study, folder, lambda trial: retrain_command(plan, trial), labels)
        plots = write_plots(study, folder / "plots")
        shared = [*(folder / "plots").glob("*.js")]  # what the pages draw with, downloaded or here
        log.info("Results: %s, %d plots beside it", path, len(plots))
        for end in self._hooks("on_study_end"):
            job = folder / str(best.number)
            end(config=self.config, files=[path, *plots, *shared], summary=show(rows), best=job)
        if len(study.directions) == 1:
            return best.value
        return [trial.values for trial in study.best_trials]
