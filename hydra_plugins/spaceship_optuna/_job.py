"""One trial as a Hydra job: Hydra's own `run_job` without the steps that are equal in all trials.

Hydra sets up logging, copies the whole config five times and writes its own settings for each job:
some 60 ms, much for a trial of a second. Here a worker's logging is set up once, each trial adds
its log file, and the multirun's settings are written once.
"""

import logging
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import chdir, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import optuna
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, env_override
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from optuna.trial import TrialState

from hydra_plugins.spaceship_optuna._errors import PrunedError
from hydra_plugins.spaceship_optuna._upstream import returned
from hydra_plugins.spaceship_optuna.yaml_text import to_yaml

_FORMAT = "[%(asctime)s][%(name)s][%(levelname)s] %(message)s"


@dataclass(frozen=True)
class JobConfig:
    """Config of a trial's job."""

    whole: DictConfig  # for callbacks
    own: DictConfig  # for the task: without Hydra's own node
    _texts: dict[str, str] = field(default_factory=dict)  # the sections of `own` as YAML

    @classmethod
    def of(cls, config: DictConfig) -> Self:
        """Return the config of a job whose task may change its own."""
        names = [str(key) for key in config if key != "hydra"]
        return cls(config, OmegaConf.masked_copy(config, names))

    def change(self, values: Mapping[str, object]) -> None:
        """Set the values of keys, in both configs."""
        for config in (self.whole, self.own):
            with open_dict(config):
                for key, value in values.items():
                    OmegaConf.update(config, key, value, force_add=True)
        for key in values:
            self._texts.pop(re.split(r"[.\[]", key)[0], None)

    def yaml(self) -> str:
        """Return the task's config as YAML; sections that have not changed are known."""
        names = [str(name) for name in self.own]
        for name in names:
            if name not in self._texts:
                self._texts[name] = _yaml(OmegaConf.masked_copy(self.own, [name]))
        return "".join(self._texts[name] for name in names)


def run_job(context: HydraContext, task: TaskFunction, job: JobConfig) -> JobReturn:
    """Run the task in a folder of its own, between the callbacks; return its result or error."""
    config, own = job.whole, job.own
    folder = Path(str(config.hydra.sweep.dir), str(config.hydra.sweep.subdir)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with open_dict(config):
        config.hydra.runtime.output_dir = str(folder)
    overrides = config.hydra.overrides.task
    if config.hydra.output_subdir is not None:
        saved = folder / str(config.hydra.output_subdir)
        saved.mkdir(parents=True, exist_ok=True)
        (saved / "config.yaml").write_text(job.yaml(), encoding="utf-8")
        (saved / "overrides.yaml").write_text(_yaml(overrides), encoding="utf-8")
    result = JobReturn(cfg=own, hydra_cfg=config, overrides=list(overrides))
    hydra: Any = HydraConfig.instance()
    outer, hydra.cfg = hydra.cfg, config
    environment: Any = env_override(dict(config.hydra.job.env_set))
    log_file = logging.FileHandler(folder / f"{config.hydra.job.name}.log", delay=True)
    log_file.setFormatter(logging.Formatter(_FORMAT))
    logging.root.addHandler(log_file)
    try:
        with environment, chdir(folder) if config.hydra.job.chdir else nullcontext():
            context.callbacks.on_job_start(config=config, task_function=task)
            try:
                result.return_value, result.status = task(own), JobStatus.COMPLETED
            except Exception as error:  # noqa: BLE001 - a failed trial is data
                result.return_value, result.status = error, JobStatus.FAILED
            context.callbacks.on_job_end(config=config, job_return=result)
    finally:
        hydra.cfg = outer
        logging.root.removeHandler(log_file)
        log_file.close()
    return result


@dataclass(frozen=True)
class Outcome:
    """Result of a trial's job, which may have run in another process."""

    state: TrialState
    values: Sequence[float] = ()
    error: str = ""
    lost: str = ""  # why its process ended; its tracking run is still open then

    @classmethod
    def lost_by(cls, reason: str) -> Self:
        return cls(TrialState.FAIL, error=f"TrialLost: {reason}", lost=reason)


def outcome_of(result: JobReturn, wanted: int) -> Outcome:
    """Return the outcome of a job that is to return so many numbers."""
    found = returned(result)
    if isinstance(found, PrunedError | optuna.TrialPruned):
        return Outcome(TrialState.PRUNED)
    if result.status != JobStatus.FAILED:
        try:
            return Outcome(TrialState.COMPLETE, numbers(found, wanted))
        except ValueError as error:
            found = error
    return Outcome(TrialState.FAIL, error=error_text(found))


def error_text(error: object) -> str:
    return f"{type(error).__name__}: {error}"


def numbers(returned: Any, wanted: int) -> list[float]:
    """Return a job's objectives as numbers; raise a ValueError for NaN or another count."""
    several = returned if isinstance(returned, tuple | list) else [returned]
    try:
        found = [float(value) for value in several]
    except (TypeError, ValueError):
        raise ValueError(f"expected a number from the job, found {returned!r}") from None
    if len(found) != wanted:
        message = f"expected {wanted} number(s) from the job, found {len(found)}: {returned!r}"
        raise ValueError(f"{message}; see hydra.sweeper.direction")
    if any(math.isnan(number) for number in found):
        raise ValueError("the objective is NaN")
    return found


def _yaml(node: DictConfig | ListConfig) -> str:
    return to_yaml(OmegaConf.to_container(node, enum_to_str=True))
