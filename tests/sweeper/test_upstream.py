"""Private names of other packages behave as in the releases that the sweeper was written for.

They hold for hydra-core 1.3.8, optuna 5.0.0 and omegaconf 2.3.1. A failure after an update means:
read the new source, mend `_upstream.py`, and write the new release here.
"""

import importlib
import inspect
import re
from importlib.metadata import version
from pathlib import Path

import optuna
import pytest
import yaml
from hydra._internal.callbacks import Callbacks
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext
from omegaconf._utils import OmegaConfDumper
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from hydra_plugins import spaceship_optuna
from hydra_plugins.spaceship_optuna import _upstream, trial

PLUGIN = Path(_upstream.__file__).parent
RELEASES = {"hydra-core": "1.3.8", "optuna": "5.0.0", "omegaconf": "2.3.1"}


@pytest.mark.parametrize("package", RELEASES)
def test_release_is_the_one_that_these_contracts_name(package: str) -> None:
    assert version(package) == RELEASES[package]


def test_no_other_module_uses_private_names() -> None:
    names = r"(?:from|import) (?:hydra|optuna|omegaconf)\b[\w.]*(?:\._| import .*\b_)|SLF001"
    private = re.compile(names)
    guilty = {path.name for path in PLUGIN.glob("*.py") if private.search(path.read_text())}
    assert guilty == {"_upstream.py"}


def test_hydra_callbacks_are_a_list_that_may_be_empty() -> None:
    assert list(inspect.signature(Callbacks).parameters) == ["config"]
    assert Callbacks().callbacks == []
    context = _upstream.without_callbacks(HydraContext(loader := object(), Callbacks()))  # type: ignore[arg-type]
    assert context.callbacks.callbacks == []
    assert context.config_loader is loader


def test_hydra_job_keeps_an_error_that_its_property_would_raise() -> None:
    error = ValueError("no")
    job = JobReturn(overrides=[])
    job.return_value, job.status = error, JobStatus.FAILED
    assert _upstream.returned(job) is error
    with pytest.raises(ValueError, match="no"):
        _ = job.return_value


def test_omegaconf_quotes_text_that_looks_like_another_type() -> None:
    assert list(inspect.signature(OmegaConfDumper.str_representer).parameters) == ["dumper", "data"]

    class Dumper(yaml.Dumper):
        pass

    Dumper.add_representer(str, _upstream.represent_text)
    dumped = yaml.dump(["1", "1e5", "true", "text"], Dumper=Dumper)
    assert dumped == "- '1'\n- '1e5'\n- 'true'\n- text\n"


def test_optuna_storage_takes_attributes_of_trials_by_their_id() -> None:
    study = optuna.create_study()
    trial = study.ask()
    storage = _upstream.storage_of(study)
    assert isinstance(storage, BaseStorage)
    storage.set_trial_user_attr(_upstream.trial_id(trial), "key", 1)
    (frozen,) = study.get_trials()
    assert frozen.user_attrs == {"key": 1}
    assert _upstream.trial_id(frozen) == _upstream.trial_id(trial)


def test_optuna_storage_lets_a_waiting_trial_be_claimed_once() -> None:
    study = optuna.create_study()
    study.enqueue_trial({})
    storage, identity = _upstream.storage_of(study), _upstream.trial_id(study.get_trials()[0])
    assert storage.set_trial_state_values(identity, TrialState.RUNNING)
    assert not storage.set_trial_state_values(identity, TrialState.RUNNING)


@pytest.mark.parametrize(
    "distribution",
    [FloatDistribution(0, 1), IntDistribution(1, 9, step=2), CategoricalDistribution(["a", None])],
)
def test_optuna_draws_from_a_distribution_object_once(distribution: BaseDistribution) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    trial = study.ask()
    drawn = _upstream.suggest(trial, "x", distribution)
    assert trial.params == {"x": drawn}
    assert trial.distributions == {"x": distribution}
    assert _upstream.suggest(trial, "x", distribution) == drawn


def test_optuna_distribution_contains_its_bounds_and_steps() -> None:
    stepped = IntDistribution(1, 9, step=2)
    assert [x for x in range(11) if _upstream.contains(stepped, x)] == [1, 3, 5, 7, 9]
    assert not _upstream.contains(FloatDistribution(0, 1), 1.5)


def test_optuna_study_ids_grow(tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/s.db"
    for name in ("b", "c", "a"):
        optuna.create_study(study_name=name, storage=storage)
    found = _upstream.by_creation(optuna.get_all_study_summaries(storage)[::-1])
    assert [one.study_name for one in found] == ["b", "c", "a"]


@pytest.mark.parametrize("name", ["trial", "__init__"])
def test_classes_stay_the_same_though_hydra_executes_public_modules_again(name: str) -> None:
    module = spaceship_optuna if name == "__init__" else trial
    before = {key: value for key, value in vars(module).items() if inspect.isclass(value)}
    assert "PrunedError" in before
    importlib.reload(module)
    assert all(vars(module)[key] is value for key, value in before.items())
