"""One sweep from the command line to its results: plan, open the study, work, report."""

import logging
import os
import time
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict

from hydra_plugins.spaceship_optuna import (
    _commands,
    _queue,
    _recovery,
    _results,
    _settings,
    _storage,
    _study,
)
from hydra_plugins.spaceship_optuna._errors import SweepError, mismatch
from hydra_plugins.spaceship_optuna._hooks import host_of
from hydra_plugins.spaceship_optuna._live_line import columns
from hydra_plugins.spaceship_optuna._plots import write_plots
from hydra_plugins.spaceship_optuna._progress import Progress
from hydra_plugins.spaceship_optuna._search_space import SearchPlan, read_plan
from hydra_plugins.spaceship_optuna._upstream import without_callbacks
from hydra_plugins.spaceship_optuna._worker import Worker
from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.files import write_atomically
from hydra_plugins.spaceship_optuna.process import WORKERS_VARIABLE

log = logging.getLogger(__name__)

_SWEEP_DIR = "sweep_dir"
_SETTINGS_FILE = "multirun.yaml"  # Hydra's own name for the settings of a multirun
_MOST_FRUITLESS = 3
"""Launches in a row whose workers die before they have a trial, after which the sweep ends."""


class Sweep:
    """A sweep of one multirun, given what Hydra hands a sweeper and the `hydra.sweeper` node."""

    def __init__(
        self,
        context: HydraContext,
        task: TaskFunction,
        config: DictConfig,
        node: Mapping[str, object],
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        self.context, self.task, self.config = context, task, config
        self.host = host_of(context.callbacks.callbacks)
        self.terms = self.host.study_terms(config)
        self.settings = _settings.check_settings(node, config, self.terms.objectives)
        self.n_workers = _settings.n_workers(self.settings, config.hydra.launcher)
        self.fruitless_launches = 0

    def run(self, arguments: Sequence[str]) -> Any:
        """Run the sweep of a command line and return the best value, or values."""
        plan = self._plan(arguments)
        if self.settings.dry_run:
            return _commands.show_plan(plan, self.settings.n_trials)
        facts = dict(self.host.study_facts(self.config, self.n_workers))
        fixed = _study.result_overrides(plan.fixed, {*self.terms.without_effect, *facts})
        facts |= {"search space": plan.describe(), "fixed": fixed}
        study, created = self._open()
        _study.check_facts(study, facts)
        code, on_change = self.host.study_code(), self.settings.on_code_change
        _study.check_code(study, code, on_change)
        plan = plan.ordered(_results.candidates_of(study))
        self._settle_folder(study, created=created)
        self.host.on_study_start(self.config, study)
        study.set_user_attr(_study.STOPPED, None)
        self._follow_lost(study, _recovery.requeue_dead(study))
        n_trials, minimum = self.settings.n_trials, self.settings.min_trials_per_candidate
        _queue.plan_trials(study, plan, n_trials, minimum, grid=self.settings.grid)
        _study.open_to_joiners(study)
        self.work(study, plan)
        self.host.on_trials_end(self.config)
        return self._report(study, plan)

    def _plan(self, arguments: Sequence[str]) -> SearchPlan:
        params = [f"{key}={value}" for key, value in (self.settings.params or {}).items()]
        plan = read_plan(
            self.context.config_loader,
            self.config,
            [*params, *arguments],
            self.settings.search_space,
            may_be_empty=bool(self.settings.custom_search_space),
        )
        _settings.check_budget(self.settings, len(plan.arms))
        if self.settings.grid:
            next(plan.grid(), None)  # raises if a space is continuous
        return plan

    def _open(self) -> tuple[optuna.Study, bool]:
        """Return the study, and whether this process created it; the storage is located."""
        folder, resume, storage = self._folder(), self.settings.resume, self.settings.storage
        name = self.settings.study_name or resume or _study.new_name()
        locate = partial(_storage.locate_storage, storage, folder)
        if resume == _study.LAST:
            kept = None if storage is None else _storage.open_storage(locate(""))
            name = _study.latest_study(folder, kept)
        if resume and storage is None and not (folder / f"{name}.journal").is_file():
            raise _study.no_such_study(name, folder, [one.stem for one in folder.glob("*.journal")])
        self.settings.storage = locate(name)
        _storage.hide_password(self.config)
        opened, directions = _storage.open_storage(self.settings.storage), self.settings.directions
        study, created = _study.open_study(opened, name, directions, must_exist=resume is not None)
        if created and self.terms.objectives:
            study.set_metric_names([objective.name for objective in self.terms.objectives])
        return study, created

    def _folder(self) -> Path:
        """Return the folder of journal files: the host's, or one beside the sweeps."""
        sweep = Path(self.config.hydra.sweep.dir)
        beside = sweep.parent if sweep.is_absolute() else Path(sweep.parts[0])
        return (self.terms.folder or beside / "studies").expanduser().absolute()

    @property
    def _home(self) -> Path:
        """The folder of sweeps and journals on this machine; it may be moved with both."""
        return self._folder().parent

    def _jobs_of(self, study: optuna.Study) -> Path:
        """Return the folder of a study's jobs."""
        return Path(self._home, study.user_attrs[_SWEEP_DIR])

    def _settle_folder(self, study: optuna.Study, *, created: bool) -> None:
        """Settle the folder of the study's jobs, never overwriting one, and save the settings."""
        asked = Path(self.config.hydra.sweep.dir).absolute()
        if _SWEEP_DIR not in study.user_attrs:
            below = asked.is_relative_to(self._home)  # so each machine has it in its own home
            study.set_user_attr(_SWEEP_DIR, str(asked.relative_to(self._home) if below else asked))
        folder = self._jobs_of(study)
        if _settings.is_given(self.config, "hydra.sweep.dir=") and asked != folder:
            raise mismatch(f"hydra.sweep.dir={folder}, as the study has it", asked, "leave it out")
        if created and (asked / "0").exists():
            action = "give another hydra.sweep.dir, or resume: resume=NAME"
            raise mismatch("a folder without jobs for a new study", f"some in {asked}", action)
        with open_dict(self.config):
            self.config.hydra.sweep.dir = str(folder)
        write_atomically(Path(folder, _SETTINGS_FILE), redact(OmegaConf.to_yaml(self.config)))

    def work(self, study: optuna.Study, plan: SearchPlan) -> None:
        """Run workers until the queue is empty; after a worker's death the others continue."""
        n_trials, timeout = self.settings.n_trials, self.settings.timeout
        located, name = str(self.settings.storage), study.study_name
        deadline = time.time() + (timeout or float("inf"))
        worker = Worker(
            self.context, self.task, self.config, plan, self.settings, name, located, deadline
        )
        if not _queue.is_left(study, n_trials):
            log.info("All %d trials are done; a larger n_trials adds more.", n_trials)
        try:
            objective = self.settings.objectives[0]
            with Progress(study, n_trials, objective, self.terms, timeout=timeout):
                while _queue.is_left(study, n_trials) and worker.may_continue(study):
                    self.launch(worker, study)
                    self._follow_lost(study, _recovery.wait_for_workers(study))
                self._follow_lost(study, _recovery.wait_until_idle(study, n_trials))
        except BaseException:
            _commands.log_resume(logging.WARNING, "The study is kept", study)
            storage = _storage.open_storage(located)  # the old one may have been interrupted
            _recovery.release_all(optuna.load_study(study_name=name, storage=storage))
            raise
        if time.time() >= deadline and _queue.is_left(study, n_trials):
            _commands.log_resume(logging.INFO, "Time is up", study)

    def launch(self, worker: Worker, study: optuna.Study) -> None:
        """Run workers until the queue is empty for them, or one of them dies."""
        if _settings.is_serial(self.config.hydra.launcher):
            worker.run()
            return
        os.environ[WORKERS_VARIABLE] = str(self.n_workers)
        config = self.config.copy()
        if "n_jobs" in config.hydra.launcher:
            with open_dict(config):
                config.hydra.launcher.n_jobs = self.n_workers
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=without_callbacks(self.context), task_function=worker, config=config
        )
        logging.getLogger(type(launcher).__module__.rpartition(".")[0]).setLevel(logging.WARNING)
        any_trial = [*worker.plan.fixed, *worker.plan.arms[0].overrides]
        any_trial.append(_commands.as_override("hydra.sweep.dir", config.hydra.sweep.dir))
        names = [f"workers/{os.getpid()}-{time.time_ns()}-{n}" for n in range(self.n_workers)]
        jobs = [[*any_trial, f"hydra.sweep.subdir={name}"] for name in names]
        try:
            for result in launcher.launch(jobs, initial_job_idx=0):
                _ = result.return_value
        except SweepError:
            raise
        except Exception as error:  # noqa: BLE001 - raised again unless workers died
            self._after_worker_death(study, error)
        finally:
            os.environ.pop(WORKERS_VARIABLE, None)

    def _after_worker_death(self, study: optuna.Study, error: Exception) -> None:
        """Requeue the trials of dead workers; raise the launcher's error if no worker died."""
        lost = _recovery.requeue_dead(study)
        self.fruitless_launches = 0 if lost else self.fruitless_launches + 1
        broken = isinstance(error, BrokenExecutor) and self.fruitless_launches < _MOST_FRUITLESS
        if not lost and not broken:
            raise error
        log.warning("A worker died; the sweep goes on without it.")
        log.debug("The launcher ended with %r", error)
        self._follow_lost(study, lost)

    def _follow_lost(self, study: optuna.Study, numbers: Sequence[int]) -> None:
        """Inform the host of trials whose workers died, and count those that stand as failed."""
        if set(numbers) & {trial.number for trial in _study.counted(study)}:
            _study.stop_if_failing(study, self.settings.most_failures)
        for number in numbers:
            folder = self._jobs_of(study) / str(number)
            self.host.on_trial_lost(self.config, folder, _recovery.DIED)

    def _report(self, study: optuna.Study, plan: SearchPlan) -> object:
        """Write the study's results and return the best value, or values."""
        folder, stopped = self._jobs_of(study), study.user_attrs.get(_study.STOPPED)
        rows = _results.leaderboard(study, plan.labels)
        table = _results.show(rows)
        best = _results.best_of(_results.complete(study), study.directions)
        error = _results.commonest_error(study)
        files = []
        if not stopped and (best or error):  # failures that max_failure_rate allows are a result
            log.info("%s", _results.show(rows, columns()))
            command = partial(_commands.retrain_command, plan, self.host.retrain_overrides)
            run_id = self.host.trial_run_id
            files.append(_results.write_results(study, folder, command, plan.labels, run_id))
        if stopped or best is None:
            error = error or "no trial was run; give hydra.sweeper.timeout more"
            message = f"{stopped or 'no trial has finished'}, most often with: {error}"
            command_line = _commands.resume_command(study)
            raise SweepError(f"{message}. Mend it, then go on with: {command_line}")
        plots = write_plots(study, folder / "plots")
        beside = f"{len(plots)} plot{'' if len(plots) == 1 else 's'} beside it"
        log.info("Results: %s, %s", files[0], beside)
        self.host.on_study_end(self.config, [*files, *plots], table, folder / str(best.number))
        if len(study.directions) == 1:
            return best.value
        return [trial.values for trial in study.best_trials]
