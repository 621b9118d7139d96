"""Configs of trials: what one trial has drawn is not in the next one's config."""

from typing import Any, cast

import optuna
import pytest
from hydra.core.config_loader import ConfigLoader
from omegaconf import DictConfig, OmegaConf
from optuna.distributions import FloatDistribution
from optuna.trial import Trial

from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._search_space import Arm, SearchPlan
from hydra_plugins.spaceship_optuna._trial_config import TrialConfigs

PARAMETERS = tuple(Parameter(key, FloatDistribution(0, 9)) for key in ("model.C", "model.tol"))
ARM = Arm("svm", ("model=svm",), PARAMETERS, {})


class Loader:
    """Composes the config of an arm, each time anew."""

    def load_sweep_config(self, _: DictConfig, overrides: list[str]) -> DictConfig:
        hydra = {"sweep": {}, "job": {}, "overrides": {"task": overrides}}
        return OmegaConf.create({"model": {"C": 1.0, "tol": "${seed}"}, "seed": 7, "hydra": hydra})


def configs(*, shared: bool) -> TrialConfigs:
    config = OmegaConf.create({"hydra": {"sweep": {"dir": "jobs"}}})
    loader = cast("ConfigLoader", Loader())
    return TrialConfigs(loader, config, SearchPlan((), (ARM,)), shared=shared)


@pytest.fixture
def trials() -> list[Trial]:
    study = optuna.create_study()
    return [study.ask() for _ in range(3)]


@pytest.mark.parametrize("shared", [True, False])
def test_a_trial_has_its_own_values_and_the_defaults_of_those_it_leaves_out(
    trials: list[Trial], *, shared: bool
) -> None:
    made, drawn = configs(shared=shared), [{"model.C": 2.0, "model.tol": 3.0}, {"model.C": 4.0}]
    found: list[Any] = []
    for trial, values in zip(trials, [*drawn, drawn[0] | {"model.C": 5.0}], strict=True):
        config = made.of(trial, ARM, cast("dict[str, object]", values))
        assert config.whole.model == config.own.model
        assert "hydra" not in config.own
        assert OmegaConf.create(config.yaml()) == config.own
        assert config.whole.hydra.job.num == trial.number
        overrides = [*config.whole.hydra.overrides.task]
        found.append((config.own.model.C, config.whole.model.tol, overrides))
    assert found == [
        (2.0, 3.0, ["model=svm", "model.C=2.0", "model.tol=3.0"]),
        (4.0, 7, ["model=svm", "model.C=4.0"]),
        (5.0, 3.0, ["model=svm", "model.C=5.0", "model.tol=3.0"]),
    ]


def test_a_job_that_may_change_its_config_has_one_of_its_own(trials: list[Trial]) -> None:
    made, values = configs(shared=False), {"model.C": 2.0, "model.tol": 3.0}
    first = made.of(trials[0], ARM, dict[str, object](values))
    first.own.model.C, first.whole.seed = "changed", 8
    second = made.of(trials[1], ARM, dict[str, object](values))
    assert (second.own.model.C, second.whole.seed, second.own.seed) == (2.0, 7, 7)


def test_jobs_that_change_nothing_share_one_config(trials: list[Trial]) -> None:
    made, values = configs(shared=True), {"model.C": 2.0, "model.tol": 3.0}
    first, second = (made.of(trial, ARM, dict[str, object](values)) for trial in trials[:2])
    assert first is second
    nested = {"model.C": {"kind": "list"}, "model.tol": 3.0}
    assert made.of(trials[2], ARM, dict[str, object](nested)) is not first
