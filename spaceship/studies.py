"""What the callback does for a sweep: one run above all its trials, resumed with the study."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship import logbook, parts
from spaceship.config import resolved, usable_cores
from spaceship.errors import ConfigError
from spaceship.outcome import OUTCOME
from spaceship.process import process_tags

_RUN = "mlflow_run_id"


def start_study(config: DictConfig, study: Any, workers: int) -> tuple[str, dict[str, Any]]:
    """Start the run above a study's trials, or go on with the one it has.

    The data are loaded once here, so that workers find them checked and stored.

    Args:
        config: The multirun's config.
        study: An Optuna study.
        workers: How many trials run at once.

    Returns:
        The run's id, and the facts that must not change while the study goes on.

    Raises:
        ConfigError: The trials would use more threads than there are cores.

    """
    _check_threads(config, workers)
    store = parts.store(config)
    store.close_orphans()
    run_id = study.user_attrs.get(_RUN)
    if run_id is None:
        run_id = logbook.start_multirun(config, study.study_name)
        study.set_user_attr(_RUN, run_id)
    else:
        store.client.update_run(run_id, status="RUNNING")
        store.set_tags(run_id, process_tags())
        OUTCOME.closers[run_id] = partial(store.end_run, run_id)
    facts = {
        "objective": resolved(config.objective),
        "data": parts.passengers(config).digest,
        "protocol": repr(parts.protocol(config)),
    }
    return run_id, facts


def end_study(config: DictConfig, run_id: str, files: Sequence[Path], summary: str) -> None:
    """Log what a sweep found out to the run above its trials."""
    store = parts.store(config)
    for path in files:
        store.client.log_artifact(run_id, str(path))
    store.client.log_text(run_id, summary, "leaderboard.txt")


def _check_threads(config: DictConfig, workers: int) -> None:
    """Refuse threads that were asked for in so many words, if they exceed the cores."""
    asked = OmegaConf.to_container(config, resolve=False)["threads"]  # type: ignore[index, call-overload]
    cores = usable_cores()
    if isinstance(asked, int) and asked > 1 and asked * workers > cores:
        message = f"expected at most {cores} threads in all, found {workers} workers of {asked}"
        raise ConfigError(f"{message} threads; leave out threads=, the sweep shares the cores")
