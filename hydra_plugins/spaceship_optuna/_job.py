"""One trial as a Hydra job: what Hydra's own `run_job` does, less what a thousand jobs repeat.

Hydra sets logging up anew for each job, copies the whole config five times and writes its own
settings beside every job: some 60 ms that a trial of a second need not pay. Here a worker's logging
is set up once, each trial adds its own log file, and the multirun's settings are written once.
"""

import logging
import math
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus, _flush_loggers, env_override
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, ListConfig, OmegaConf, open_dict
from omegaconf._utils import OmegaConfDumper

from spaceship.errors import ConfigError

_FORMAT = "[%(asctime)s][%(name)s][%(levelname)s] %(message)s"


def run_job(context: HydraContext, task: TaskFunction, config: DictConfig) -> JobReturn:
    """Run the task on a config in a folder of its own, callbacks around it.

    Args:
        context: Hydra's, with the callbacks the job is to have.
        task: The task function.
        config: The job's config with Hydra's own node; it is not used by anyone else.

    Returns:
        What the task returned or raised.

    """
    folder = Path(str(config.hydra.sweep.dir), str(config.hydra.sweep.subdir)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with open_dict(config):
        config.hydra.runtime.output_dir = str(folder)
    own = OmegaConf.masked_copy(config, [str(key) for key in config if key != "hydra"])
    _save(config, own, folder)
    result = JobReturn(cfg=own, hydra_cfg=config, overrides=list(config.hydra.overrides.task))
    hydra: Any = HydraConfig.instance()
    outer, hydra.cfg = hydra.cfg, config
    try:
        with (
            _log_file(folder / f"{config.hydra.job.name}.log"),
            _environment(config),
            chdir(folder) if config.hydra.job.chdir else nullcontext(),
        ):
            context.callbacks.on_job_start(config=config, task_function=task)
            try:
                result.return_value, result.status = task(own), JobStatus.COMPLETED
            except Exception as error:  # noqa: BLE001 - a failed trial is data
                result.return_value, result.status = error, JobStatus.FAILED
            _flush_loggers()
            context.callbacks.on_job_end(config=config, job_return=result)
    finally:
        hydra.cfg = outer
    return result


def _save(config: DictConfig, own: DictConfig, folder: Path) -> None:
    """Write down what the job is run with, as Hydra does; its own settings are in the sweep's."""
    if config.hydra.output_subdir is not None:
        place = folder / str(config.hydra.output_subdir)
        place.mkdir(parents=True, exist_ok=True)
        _save_yaml(own, place / "config.yaml")
        _save_yaml(config.hydra.overrides.task, place / "overrides.yaml")


class _Dumper(getattr(yaml, "CDumper", yaml.Dumper)):  # type: ignore[misc]
    """OmegaConf's own dumper on libyaml, where PyYAML has it: a third of the time."""


_Dumper.add_representer(str, OmegaConfDumper.str_representer)


def _save_yaml(node: DictConfig | ListConfig, path: Path) -> None:
    plain = OmegaConf.to_container(node, enum_to_str=True)
    text = yaml.dump(plain, Dumper=_Dumper, allow_unicode=True, sort_keys=False)
    path.write_text(text, encoding="utf-8")


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """Let the job's log lines go to a file of its own too."""
    handler = logging.FileHandler(path, delay=True)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


@contextmanager
def _environment(config: DictConfig) -> Iterator[None]:
    with env_override(dict(config.hydra.job.env_set)):
        yield


def numbers(returned: Any, wanted: int) -> list[float]:
    """Return a job's objectives as numbers.

    Raises:
        ConfigError: They are no numbers, or not as many as the study has directions.
        ArithmeticError: One is NaN.

    """
    several = returned if isinstance(returned, tuple | list) else [returned]
    try:
        found = [float(value) for value in several]
    except (TypeError, ValueError):
        raise ConfigError(f"expected a number from the job, found {returned!r}") from None
    if len(found) != wanted:
        message = f"expected {wanted} number(s) from the job, found {len(found)}: {returned!r}"
        raise ConfigError(f"{message}; see hydra.sweeper.direction")
    if any(math.isnan(number) for number in found):
        raise ArithmeticError("the objective is NaN")
    return found
