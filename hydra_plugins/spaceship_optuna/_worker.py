"""Worker process of a study: claims a trial, runs it as a Hydra job, stores its result."""

import gc
import logging
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import optuna
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig
from optuna.trial import Trial, TrialState

from hydra_plugins.spaceship_optuna import _study
from hydra_plugins.spaceship_optuna._hooks import StudyTerms, host_of
from hydra_plugins.spaceship_optuna._job import (
    JobConfig,
    Outcome,
    error_text,
    outcome_of,
    run_job,
)
from hydra_plugins.spaceship_optuna._queue import claim, discard
from hydra_plugins.spaceship_optuna._recovery import release_own
from hydra_plugins.spaceship_optuna._samplers import SamplerMaker, build
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE, Arm, SearchPlan
from hydra_plugins.spaceship_optuna._settings import Settings
from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._trial import reporting_to
from hydra_plugins.spaceship_optuna._trial_config import TrialConfigs
from hydra_plugins.spaceship_optuna._trial_process import TrialProcess
from hydra_plugins.spaceship_optuna._upstream import suggest
from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import is_orphan, process_tags, uninterrupted

log = logging.getLogger(__name__)

_STARTED = (TrialState.RUNNING, *_study.FINISHED)
_ORPHANED = 1
_REPEATS = "repeats another trial"
_PROBES = 500  # points drawn in search of one that has not been tried


@dataclass
class Worker:
    """Runs trials of one study until none is left; pickled to other processes as plain values."""

    context: HydraContext  # with the callbacks of each trial's job
    task: TaskFunction
    config: DictConfig  # of the multirun
    plan: SearchPlan
    settings: Settings
    study_name: str
    storage: str  # located
    deadline: float = float("inf")  # after which no trial is started, seconds since the epoch
    parent: Mapping[str, str] = field(default_factory=process_tags)  # this worker ends after it
    _configs: TrialConfigs | None = field(default=None, init=False)
    _terms: StudyTerms | None = field(default=None, init=False)
    _process: TrialProcess | None = field(default=None, init=False)  # of trials with a time limit

    def __call__(self, _: DictConfig) -> None:
        """Work, as the task function of a launcher's job."""
        self.run()
        if is_orphan(self.parent):
            os._exit(_ORPHANED)  # a launcher's process would wait for more jobs
        gc.freeze()  # it may end now: the search of its objects for cycles would take a second

    def run(self) -> None:
        """Claim and run trials until none is left, time is up or the study is stopped."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        study = optuna.load_study(
            study_name=self.study_name,
            storage=open_storage(self.storage),
            pruner=build("pruner", self.settings.pruner),
        )
        sampler = SamplerMaker(self.settings.sampler)
        try:
            while self.may_continue(study):
                trial = claim(study, self.settings.n_trials, sampler)
                if trial is None:
                    return
                self.run_trial(study, trial)
        except BaseException:
            self._end_process()
            release_own(study)
            raise
        finally:
            self._end_process()

    def may_continue(self, study: optuna.Study) -> bool:
        in_time = time.time() < self.deadline
        return in_time and not study.user_attrs.get(_study.STOPPED) and not is_orphan(self.parent)

    def run_trial(self, study: optuna.Study, trial: Trial) -> None:
        """Run a claimed trial; signals interrupt its job, but none of its writes."""
        try:
            config = self._prepare(study, trial)
            if config is not None:
                self._store(study, trial, self._run_job(study, trial, config))
        except optuna.exceptions.UpdateFinishedTrialError:
            log.warning("Trial %d was given up by another process meanwhile.", trial.number)

    @uninterrupted()
    def _prepare(self, study: optuna.Study, trial: Trial) -> JobConfig | None:
        """Return the config of a trial's job; None if it is closed: a repetition, or a misfit."""
        arm, values = self._draw(trial)
        if self._repeats(study, trial):
            self.replace(study, trial, arm)
            return None
        try:
            return self.configs.of(trial, arm, values)
        except Exception as error:  # noqa: BLE001 - values that fit no config are a result, too
            self._fail(study, trial, error_text(error))
            return None

    def _draw(self, trial: Trial) -> tuple[Arm, dict[str, object]]:
        labels, arm = self.plan.labels, self.plan.arms[0]
        if len(labels) > 1:
            arm = self.plan.arm(trial.suggest_categorical(CANDIDATE, labels))
        values = {}
        for name, one in self.plan.parameters(arm).items():
            if trial.user_attrs.get(_study.DEFAULT) and one.key not in arm.defaults:
                continue  # the default lies outside the space: the config's own value stays
            values[one.key] = one.value(suggest(trial, name, one.distribution))
        return arm, values

    def _repeats(self, study: optuna.Study, trial: Trial) -> bool:
        others = study.get_trials(deepcopy=False, states=_STARTED)
        return not self.settings.custom_search_space and any(
            other.params == trial.params and _study.VOID not in other.user_attrs
            for other in others
            if other.number != trial.number
        )

    def replace(self, study: optuna.Study, trial: Trial, arm: Arm) -> None:
        """Discard a trial that repeats another one, and queue a new point if there is one."""
        known = [other.params for other in study.get_trials(deepcopy=False)]
        scratch = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=trial.number))
        spaces = {name: one.distribution for name, one in self.plan.parameters(arm).items()}
        for _ in range(_PROBES):
            params = self.plan.choose(arm) | scratch.ask(spaces).params
            if params not in known:
                discard(study, trial, _REPEATS, params)
                return
        log.info("Nothing new is left to try for %s.", arm.label)
        discard(study, trial, _REPEATS)

    @property
    def configs(self) -> TrialConfigs:
        """The configs of the study's trials."""
        if self._configs is None:
            loader, custom = self.context.config_loader, self.settings.custom_search_space
            shared = not self.terms.changes_config
            self._configs = TrialConfigs(loader, self.config, self.plan, custom, shared=shared)
        return self._configs

    @property
    def terms(self) -> StudyTerms:
        """The study's terms, by its host."""
        if self._terms is None:
            self._terms = host_of(self.context.callbacks.callbacks).study_terms(self.config)
        return self._terms

    def _run_job(self, study: optuna.Study, trial: Trial, config: JobConfig) -> Outcome:
        terms = self.terms
        metric = [*terms.objectives, *self.settings.objectives][0].step_metric

        def is_hopeless(step: int, metrics: Mapping[str, float]) -> bool:
            if len(study.directions) > 1:
                return False
            with uninterrupted():
                trial.report(metrics[metric], step)
            if trial.user_attrs.get(_study.DEFAULT) or step + 1 == terms.n_steps:
                return False  # defaults are measured whole; after the last step, so is this trial
            return trial.should_prune()

        n_values, limit = len(study.directions), self.settings.trial_timeout
        if limit is None:
            with reporting_to(is_hopeless):
                return outcome_of(run_job(self.context, self.task, config), n_values)
        if self._process is None:
            self._process = TrialProcess(self.context, self.task, self.config)
        return self._process.run(config, n_values, is_hopeless, limit)

    @uninterrupted()
    def _store(self, study: optuna.Study, trial: Trial, outcome: Outcome) -> None:
        if outcome.state == TrialState.FAIL:
            self._fail(study, trial, outcome.error)
        else:
            values = outcome.values or None
            study.tell(trial, values, outcome.state, skip_if_finished=True)
        if outcome.lost:
            log.warning("Trial %d was ended: %s.", trial.number, outcome.lost)
            folder = Path(self.config.hydra.sweep.dir, str(trial.number)).absolute()
            host = host_of(self.context.callbacks.callbacks)
            host.on_trial_lost(self.config, folder, outcome.lost)

    def _fail(self, study: optuna.Study, trial: Trial, error: str) -> None:
        """Store a trial's error, and stop the study if too many trials have failed."""
        trial.set_user_attr(_study.ERROR, redact(error)[:500])
        study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        _study.stop_if_failing(study, self.settings.most_failures)

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.end()
