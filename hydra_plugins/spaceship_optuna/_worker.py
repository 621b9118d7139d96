"""The loop of one worker process: claim a trial, run it as a Hydra job, tell how it went."""

import copy
import importlib
import json
import logging
import math
import os
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from hydra.core.utils import JobReturn, JobStatus, run_job
from hydra.types import HydraContext, TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.storages import BaseStorage
from optuna.trial import Trial, TrialState

from hydra_plugins.spaceship_optuna._spaces import Candidate, Plan
from hydra_plugins.spaceship_optuna._study import (
    CANDIDATE,
    DEFAULT,
    FINISHED,
    VOID,
    bury,
    claim,
    counted,
    open_storage,
    parameter_name,
)
from spaceship.errors import ConfigError
from spaceship.trial import PrunedError, reporting_to

log = logging.getLogger(__name__)

STOPPED = "stopped"
"""User attribute of a study that no worker goes on with; its value says why."""
_STARTED = (TrialState.RUNNING, *FINISHED)
_PROBES = 50


@dataclass
class Worker:
    """Runs trials of one study until none is left; travels to other processes as plain values.

    Attributes:
        context: Hydra's, with the callbacks each trial's job is to have.
        task: The task function.
        config: The multirun's config.
        plan: Candidates and spaces.
        settings: `hydra.sweeper`.
        study_name: The study.
        storage: What `hydra.sweeper.storage` names, or an open storage within one process.
        parent: Process to stop with; workers outlive a killed parent for one trial at the most.
        deadline: Time after which no trial is started, seconds since the epoch.

    """

    context: HydraContext
    task: TaskFunction
    config: DictConfig
    plan: Plan
    settings: Mapping[str, Any]
    study_name: str
    storage: Any
    parent: int = field(default_factory=os.getpid)
    deadline: float = float("inf")

    def __call__(self, _: DictConfig) -> None:
        """Work, as the task function of a launcher's job."""
        self.run(in_parent=False)

    def run(self, *, in_parent: bool = True) -> None:
        """Claim and run trials until none is left, time is up or the study has been stopped."""
        self._bases: dict[str, DictConfig] = {}
        storage, study = self._open()
        while self._may_go_on(study, in_parent=in_parent):
            study.sampler = self._sampler(study)
            trial = claim(study, storage)
            if trial is None:
                return
            self._run_trial(study, trial)

    def _open(self) -> tuple[BaseStorage, optuna.Study]:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
        storage = open_storage(self.storage)
        pruner = instantiate(self.settings["pruner"])
        return storage, optuna.load_study(
            study_name=self.study_name, storage=storage, pruner=pruner
        )

    def _may_go_on(self, study: optuna.Study, *, in_parent: bool) -> bool:
        if time.time() >= self.deadline or study.user_attrs.get(STOPPED):
            return False
        return in_parent or _is_alive(self.parent)

    def _sampler(self, study: optuna.Study) -> optuna.samplers.BaseSampler:
        """Return a sampler whose seed follows from how far the study is.

        A resumed study therefore goes on instead of drawing the same points again, and two workers
        do not draw the same.
        """
        node = dict(self.settings["sampler"])
        if node.get("seed") is not None:
            started = study.get_trials(deepcopy=False, states=_STARTED)
            node["seed"] = (int(node["seed"]) * 1_000_003 + len(started)) % 2**31
        return instantiate(node)  # type: ignore[no-any-return]

    def _run_trial(self, study: optuna.Study, trial: Trial) -> None:
        try:
            candidate, values = self._draw(trial)
            if self._repeats(study, trial):
                self._replace(study, trial, candidate)
                return
            config = self._configure(trial, candidate, values)
            result = self._run_job(study, trial, config)
            self._tell(study, trial, result)
        except BaseException:
            bury(study, own=True)  # void, and queued again for whoever goes on
            raise

    def _draw(self, trial: Trial) -> tuple[Candidate, dict[str, Any]]:
        """Return the candidate and the config values of a trial."""
        alone = len(self.plan.candidates) == 1
        labels = [one.label for one in self.plan.candidates]
        candidate = self.plan.candidates[0]
        if not alone:
            candidate = self.plan.candidate(trial.suggest_categorical(CANDIDATE, labels))
        values = {}
        for parameter in candidate.parameters:
            if trial.user_attrs.get(DEFAULT) and parameter.key not in candidate.defaults:
                continue  # the default lies outside the space: the config's own value stays
            name = parameter_name(candidate, parameter.key, alone=alone)
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
        trial.set_user_attr(VOID, "repeats another trial")
        study.tell(trial, state=TrialState.FAIL)
        known = [other.params for other in study.get_trials(deepcopy=False)]
        random = optuna.samplers.RandomSampler(seed=trial.number)
        scratch = optuna.create_study(sampler=random)
        alone = len(self.plan.candidates) == 1
        for _ in range(_PROBES):
            probe = scratch.ask()
            params = {} if alone else {CANDIDATE: candidate.label}
            for parameter in candidate.parameters:
                name = parameter_name(candidate, parameter.key, alone=alone)
                params[name] = probe._suggest(name, parameter.distribution)  # noqa: SLF001
            if params not in known:
                study.enqueue_trial(params)
                return
        log.info("Nothing new is left to try for %s.", candidate.label)

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
                OmegaConf.update(config, key.lstrip("+"), value, force_add=True)
            config.hydra.sweep.dir = self.config.hydra.sweep.dir
            config.hydra.sweep.subdir = str(trial.number)
            config.hydra.job.id = str(trial.number)
            config.hydra.job.num = trial.number
            config.hydra.overrides.task += [f"{key}={as_text(v)}" for key, v in values.items()]
        self._customise(config, trial)
        return config

    def _customise(self, config: DictConfig, trial: Trial) -> None:
        """Let the user's own function suggest more, as in Hydra's own plugin."""
        path = self.settings["custom_search_space"]
        if path:
            module, _, name = path.rpartition(".")
            before = set(trial.params)
            getattr(importlib.import_module(module), name)(config, trial)
            with open_dict(config):
                for key in set(trial.params) - before:
                    OmegaConf.update(config, key, trial.params[key], force_add=True)

    def _run_job(self, study: optuna.Study, trial: Trial, config: DictConfig) -> JobReturn:
        metric = OmegaConf.select(config, "objective.metric")

        def hopeless(step: int, metrics: Mapping[str, float]) -> bool:
            if len(study.directions) > 1:
                return False
            trial.report(metrics[str(metric).removeprefix("cv_")], step)
            return trial.should_prune()

        with reporting_to(hopeless):
            return run_job(
                hydra_context=self.context,
                task_function=self.task,
                config=config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )

    def _tell(self, study: optuna.Study, trial: Trial, result: JobReturn) -> None:
        returned = result._return_value  # noqa: SLF001 - the property would raise it
        if isinstance(returned, PrunedError | optuna.TrialPruned):
            study.tell(trial, state=TrialState.PRUNED)
            return
        if result.status != JobStatus.FAILED:
            numbers, returned = _numbers(returned)
            if returned is None:
                study.tell(trial, numbers)
                return
        trial.set_user_attr("error", f"{type(returned).__name__}: {returned}"[:500])
        study.tell(trial, state=TrialState.FAIL)
        self._stop_if_hopeless(study)

    def _stop_if_hopeless(self, study: optuna.Study) -> None:
        failed = [one for one in counted(study) if one.state == TrialState.FAIL]
        if len(failed) > self.settings["max_failure_rate"] * self.settings["n_trials"]:
            study.set_user_attr(STOPPED, f"{len(failed)} trials have failed")


def _numbers(returned: Any) -> tuple[list[float], Exception | None]:
    """Return a job's objectives as numbers, or what is wrong with them."""
    several = returned if isinstance(returned, tuple | list) else [returned]
    try:
        numbers = [float(value) for value in several]
    except (TypeError, ValueError):
        return [], ConfigError(f"expected a number from the job, found {returned!r}")
    if any(math.isnan(number) for number in numbers):
        return [], ArithmeticError("the objective is NaN")
    return numbers, None


def as_text(value: Any) -> str:
    """Return a value as it stands in an override."""
    if isinstance(value, str | list | dict):
        return json.dumps(value)
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else repr(value)
    )


def _is_alive(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid))
