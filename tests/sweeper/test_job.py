"""A trial's job has what Hydra gives a job: its folder, and the working directory if asked for."""

from pathlib import Path
from typing import Any

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.core.hydra_config import HydraConfig
from hydra.types import HydraContext
from omegaconf import DictConfig

from hydra_plugins.spaceship_optuna._job import JobConfig, run_job
from tests.sweeper.studies import job_config


@pytest.mark.parametrize(("chdir", "inside"), [(None, False), (False, False), (True, True)])
@pytest.mark.parametrize("fails", [False, True])
def test_a_job_runs_in_its_folder_if_asked(
    tmp_path: Path, *, chdir: bool | None, inside: bool, fails: bool
) -> None:
    def task(_: DictConfig) -> str:
        if fails:
            raise ValueError(Path.cwd())
        return str(Path.cwd())

    before, outer = Path.cwd(), HydraConfig.instance().cfg
    nothing: Any = None
    context = HydraContext(nothing, Callbacks())
    done = run_job(context, task, JobConfig.of(job_config(tmp_path, chdir=chdir)))
    assert str(done._return_value) == str(tmp_path / "3" if inside else before)
    assert Path.cwd() == before
    assert HydraConfig.instance().cfg is outer
