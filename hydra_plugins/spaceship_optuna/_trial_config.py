"""Configs of trials: an arm's config is composed once, and each trial sets its drawn values."""

import copy

from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf, open_dict
from optuna.trial import Trial

from hydra_plugins.spaceship_optuna._commands import as_override, suggested_override
from hydra_plugins.spaceship_optuna._job import JobConfig
from hydra_plugins.spaceship_optuna._search_space import Arm, SearchPlan
from hydra_plugins.spaceship_optuna._settings import own_function


class TrialConfigs:
    """Configs of a study's trials.

    Args:
        loader: Composes the config of an arm.
        config: Of the multirun.
        plan: Of the study.
        custom: Name of the user's function that suggests more parameters, if there is one.
        shared: Whether jobs change nothing in their config. Then trials that draw a plain value for
            every parameter of an arm share one object, as each sets them all.

    """

    def __init__(
        self,
        loader: ConfigLoader,
        config: DictConfig,
        plan: SearchPlan,
        custom: str | None = None,
        *,
        shared: bool,
    ) -> None:
        self.loader, self.config, self.plan = loader, config, plan
        self.custom, self.shared = custom, shared
        self._bases: dict[str, DictConfig] = {}
        self._latest: dict[str, JobConfig] = {}

    def of(self, trial: Trial, arm: Arm, values: dict[str, object]) -> JobConfig:
        """Return the config of a trial: its arm's, with the drawn values."""
        base, whole = self._base(arm), {one.key for one in arm.parameters} == values.keys()
        plain = not any(isinstance(value, dict | list) for value in values.values())
        shared = self.shared and whole and plain and not self.custom
        made = self._latest.get(arm.label) if shared else None
        made = JobConfig.of(copy.deepcopy(base)) if made is None else made
        config = made.whole
        made.change(values)
        prefix = {one.key: one.prefix for one in arm.parameters}
        with open_dict(config):
            config.hydra.sweep.dir = self.config.hydra.sweep.dir
            config.hydra.sweep.subdir = str(trial.number)
            config.hydra.job.id = str(trial.number)
            config.hydra.job.num = trial.number
            task = config.hydra.overrides.task
            while len(task) > len(base.hydra.overrides.task):  # those of the trial before
                task.pop()
            task.extend([as_override(key, value, prefix[key]) for key, value in values.items()])
        if self.custom:
            _customise(config, trial, self.custom)
            return JobConfig.of(config)
        if shared:
            self._latest[arm.label] = made
        return made

    def _base(self, arm: Arm) -> DictConfig:
        if arm.label not in self._bases:
            overrides = [*self.plan.fixed, *arm.overrides]
            self._bases[arm.label] = self.loader.load_sweep_config(self.config, overrides)
        return self._bases[arm.label]


def _customise(config: DictConfig, trial: Trial, function: str) -> None:
    """Let the user's function suggest more parameters; a name that begins with `+` is new."""
    before = set(trial.params)
    own_function(function)(config, trial)
    with open_dict(config):
        for name, value in trial.params.items():
            if name not in before:
                OmegaConf.update(config, name.lstrip("+"), value, force_add=True)
                config.hydra.overrides.task.append(suggested_override(name, value))
