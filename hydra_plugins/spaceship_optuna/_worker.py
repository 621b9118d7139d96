"""The loop of one worker process: claim a trial, run it as a Hydra job, tell how it went."""

import copy
import logging
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.storages import BaseStorage
from optuna.trial import Trial, TrialState

from hydra_plugins.spaceship_optuna._commands import as_text
from hydra_plugins.spaceship_optuna._job import numbers, run_job
from hydra_plugins.spaceship_optuna._queue import claim, void
from hydra_plugins.spaceship_optuna._recovery import give_back
from hydra_plugins.spaceship_optuna._search_space import CANDIDATE, Candidate, Plan
from hydra_plugins.spaceship_optuna._settings import is_grid, metric_name, own_function
from hydra_plugins.spaceship_optuna._storage import open_storage
from hydra_plugins.spaceship_optuna._study import DEFAULT, FINISHED, STOPPED, VOID, stop_if_failing
from hydra_plugins.spaceship_optuna.trial import PrunedError, reporting_to
from spaceship.at_exit import PENDING
from spaceship.config.build import build
from spaceship.errors import ConfigError
from spaceship.process import is_orphan, process_tags, uninterrupted

log = logging.getLogger(__name__)

_STARTED = (TrialState.RUNNING, *FINISHED)
_ORPHANED = 1
_REPEATS = "repeats another trial"
_PROBES = 500
"""Points drawn in search of one that has not been tried."""


@dataclass
class Worker:
    """Runs trials of one study until none is left; travels to other processes as plain values.

    Attributes:
        context: Hydra's, with the callbacks each trial's job is to have.
        task: The task function.
        config: The multirun's config.
        plan: Candidates and spaces.
        settings: `hydra.sweeper`, checked.
        study_name: The study.
        storage: Where it is, in words any process understands.
        parent: Tags of the process to stop with; workers outlive it for one trial at the most.
        deadline: Time after which no trial is started, seconds since the epoch.

    """

    context: HydraContext
    task: TaskFunction
    config: DictConfig
    plan: Plan
    settings: Mapping[str, Any]
    study_name: str
    storage: str
    parent: Mapping[str, str] = field(default_factory=process_tags)
    deadline: float = float("inf")

    def __call__(self, _: DictConfig) -> None:
        """Work, as the task function of a launcher's job."""
        self.run()
        if is_orphan(self.parent):
            os._exit(_ORPHANED)  # a launcher's process would wait for more, and nobody is left

    def run(self) -> None:
        """Claim and run trials until none is left, time is up or the study has been stopped."""
        self._bases: dict[str, DictConfig] = {}
        self._unseeded: optuna.samplers.BaseSampler | None = None
        storage, study = self._open()
        try:
            while self.may_go_on(study):
                trial = claim(study, storage, self.settings["n_trials"], self._sampler)
                if trial is None:
                    return
                self._run_trial(study, trial)
        except BaseException:
            give_back(study)
            raise

    def _open(self) -> tuple[BaseStorage, optuna.Study]:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        storage, pruner = open_storage(self.storage), build(self.settings["pruner"])
        return storage, optuna.load_study(
            study_name=self.study_name, storage=storage, pruner=pruner
        )

    def may_go_on(self, study: optuna.Study) -> bool:
        """Tell whether another trial may be started."""
        timely = time.time() < self.deadline
        return timely and not study.user_attrs.get(STOPPED) and not is_orphan(self.parent)

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """Return the sampler of a trial, its seed following from the trial's number.

        A resumed study therefore goes on instead of drawing the same points again, and two workers
        do not draw the same. (A quasi-random sequence is to go on under the seed it began with.)
        Without a seed, one sampler serves all trials of this process.
        """
        if is_grid(self.settings):
            return optuna.samplers.RandomSampler()
        node = dict(self.settings["sampler"])
        if node.get("seed") is None:
            self._unseeded = self._unseeded or build(node)
            return self._unseeded
        if not str(node["_target_"]).endswith("QMCSampler"):
            node["seed"] = (int(node["seed"]) * 1_000_003 + number) % 2**31
        return build(node)  # type: ignore[no-any-return]

    def _run_trial(self, study: optuna.Study, trial: Trial) -> None:
        """Run a claimed trial; only its job can be interrupted, not what is written of it."""
        try:
            config = self._prepare(study, trial)
            if config is not None:
                self._tell(study, trial, self._run_job(study, trial, config))
        except optuna.exceptions.UpdateFinishedTrialError:
            log.warning("Trial %d was given up by another process meanwhile.", trial.number)

    @uninterrupted()
    def _prepare(self, study: optuna.Study, trial: Trial) -> DictConfig | None:
        """Return the config of a trial, or None if it is closed: repeated, or it does not fit."""
        candidate, values = self._draw(trial)
        if self._repeats(study, trial):
            self._replace(study, trial, candidate)
            return None
        try:
            return self._configure(trial, candidate, values)
        except Exception as error:  # noqa: BLE001 - values that do not fit the config are data, too
            self._fail(study, trial, error)
            return None

    def _draw(self, trial: Trial) -> tuple[Candidate, dict[str, Any]]:
        """Return the candidate and the config values of a trial."""
        labels = [one.label for one in self.plan.candidates]
        candidate = self.plan.candidates[0]
        if len(labels) > 1:
            candidate = self.plan.candidate(trial.suggest_categorical(CANDIDATE, labels))
        values = {}
        for parameter in candidate.parameters:
            if trial.user_attrs.get(DEFAULT) and parameter.key not in candidate.defaults:
                continue  # the default lies outside the space: the config's own value stays
            name = self.plan.name(candidate, parameter.key)
            drawn = trial._suggest(name, parameter.distribution)  # noqa: SLF001 - any distribution
            values[parameter.key] = parameter.value(drawn)
        return candidate, values

    def _repeats(self, study: optuna.Study, trial: Trial) -> bool:
        if self.settings["custom_search_space"]:
            return False
        others = study.get_trials(deepcopy=False, states=_STARTED)
        return any(
            other.params == trial.params and VOID not in other.user_attrs
            for other in others
            if other.number != trial.number
        )

    def _replace(self, study: optuna.Study, trial: Trial, candidate: Candidate) -> None:
        """Void a trial that repeats another one, and queue a point that is new, if there is one."""
        known = [other.params for other in study.get_trials(deepcopy=False)]
        scratch = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=trial.number))
        for _ in range(_PROBES):
            probe = scratch.ask()
            params: dict[str, Any] = dict(self.plan.choose(candidate))
            for parameter in candidate.parameters:
                name = self.plan.name(candidate, parameter.key)
                params[name] = probe._suggest(name, parameter.distribution)  # noqa: SLF001
            if params not in known:
                void(study, trial, _REPEATS, params)
                return
        log.info("Nothing new is left to try for %s.", candidate.label)
        void(study, trial, _REPEATS)

    def _configure(self, trial: Trial, candidate: Candidate, values: dict[str, Any]) -> DictConfig:
        """Return the config of a trial: its candidate's, composed once, with the values drawn."""
        base = self._bases.get(candidate.label)
        if base is None:
            overrides = [*self.plan.fixed, *candidate.overrides]
            base = self.context.config_loader.load_sweep_config(self.config, overrides)
            self._bases[candidate.label] = base
        config = copy.deepcopy(base)
        with open_dict(config):
            for key, value in values.items():
                OmegaConf.update(config, key, value, force_add=True)
            config.hydra.sweep.dir = self.config.hydra.sweep.dir
            config.hydra.sweep.subdir = str(trial.number)
            config.hydra.job.id = str(trial.number)
            config.hydra.job.num = trial.number
            prefix = {one.key: one.prefix for one in candidate.parameters}
            drawn = [f"{prefix[key]}{key}={as_text(value)}" for key, value in values.items()]
            config.hydra.overrides.task.extend(drawn)
        self._customise(config, trial)
        return config

    def _customise(self, config: DictConfig, trial: Trial) -> None:
        """Let the user's own function suggest more, as in Hydra's own plugin."""
        if self.settings["custom_search_space"]:
            before = set(trial.params)
            own_function(self.settings["custom_search_space"])(config, trial)
            more = {key: value for key, value in trial.params.items() if key not in before}
            with open_dict(config):
                for key, value in more.items():
                    OmegaConf.update(config, key, value, force_add=True)
                given = [f"++{key}={as_text(value)}" for key, value in more.items()]
                config.hydra.overrides.task.extend(given)

    def _run_job(self, study: optuna.Study, trial: Trial, config: DictConfig) -> JobReturn:
        metric = metric_name(config)
        n_folds = OmegaConf.select(config, "split.n_folds")

        def hopeless(step: int, metrics: Mapping[str, float]) -> bool:
            if len(study.directions) > 1:
                return False
            with uninterrupted():
                trial.report(metrics[metric.removeprefix("cv_")], step)
            if trial.user_attrs.get(DEFAULT) or step + 1 == n_folds:
                return False  # defaults are measured whole; after the last fold, so is this one
            return trial.should_prune()

        with reporting_to(hopeless):
            return run_job(self.context, self.task, config)

    @uninterrupted()
    def _tell(self, study: optuna.Study, trial: Trial, result: JobReturn) -> None:
        returned = result._return_value  # noqa: SLF001 - the property would raise it
        failures = [*PENDING.failures]
        PENDING.failures.clear()  # a callback's failure is this trial's, not the next one's
        if isinstance(returned, PrunedError | optuna.TrialPruned):
            study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        elif result.status == JobStatus.FAILED:
            self._fail(study, trial, returned)
        elif failures:
            self._fail(study, trial, failures[0])
        else:
            try:
                values = numbers(returned, len(study.directions))
            except (ConfigError, ArithmeticError) as error:
                self._fail(study, trial, error)
            else:
                study.tell(trial, values, skip_if_finished=True)

    def _fail(self, study: optuna.Study, trial: Trial, error: Any) -> None:
        """Note an error as the trial's, and stop the study if there have been too many."""
        trial.set_user_attr("error", f"{type(error).__name__}: {error}"[:500])
        study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
        stop_if_failing(study, self.settings)
