"""A callback's failures reach the parent of a launcher's process."""

from typing import Any

import pytest
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import RunMode
from omegaconf import OmegaConf

from spaceship.callbacks import _job as logbook
from spaceship.callbacks.mlflow import MLflowCallback
from spaceship.errors import RegistryError
from spaceship.process.at_exit import PENDING


def test_what_fails_at_a_jobs_end_comes_back_from_a_launchers_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise RegistryError("no registry")

    monkeypatch.setattr(logbook, "end_job", fail)
    hydra: dict[str, object] = {
        "sweeper": None,
        "mode": RunMode.MULTIRUN,
        "runtime": {},
        "output_subdir": None,
    }
    config = OmegaConf.create({"hydra": hydra, "mode": {}})
    done = JobReturn(overrides=[], status=JobStatus.COMPLETED, _return_value=0.4)
    try:
        MLflowCallback().on_job_end(config, done)
    finally:
        PENDING.failures.clear()
    with pytest.raises(RegistryError, match="no registry"):
        _ = done.return_value
