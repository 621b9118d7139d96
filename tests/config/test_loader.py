"""The config of a command is composed once, and checked as Hydra checks it."""

from contextlib import suppress
from pathlib import Path

import pytest
from hydra._internal.utils import create_config_search_path
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from spaceship.cli.main import main
from spaceship.config import loader as loader_module
from spaceship.config.installation import configs
from spaceship.config.loader import CheckedLoader
from spaceship.config.resolvers import register_resolvers


@pytest.fixture
def loader() -> CheckedLoader:
    register_resolvers()
    return CheckedLoader(create_config_search_path(str(configs())))


def asked_for_the_mode(loader: CheckedLoader, *words: str) -> DictConfig:
    """Compose a config as Hydra does to learn `hydra.mode`."""
    return loader.load_configuration(
        "config", [*words], RunMode.MULTIRUN, validate_sweep_overrides=False
    )


def test_the_config_that_names_the_mode_is_the_one_that_runs(loader: CheckedLoader) -> None:
    first = asked_for_the_mode(loader, "seed=7")
    assert loader.load_configuration("config", ["seed=7"], RunMode.RUN) is first
    assert loader.load_configuration("config", ["seed=7"], RunMode.RUN) is not first


@pytest.mark.parametrize("mode", [*RunMode])
def test_the_mode_that_hydra_adds_changes_nothing_else(
    loader: CheckedLoader, mode: RunMode
) -> None:
    first = asked_for_the_mode(loader, "seed=7", "hydra.verbose=false")
    added = ["seed=7", "hydra.verbose=false", f"hydra.mode={mode.name}"]
    kept = loader.load_configuration("config", added, mode)
    assert kept is first
    composed = loader.load_configuration("config", added, mode)
    assert composed is not first
    assert OmegaConf.to_container(kept) == OmegaConf.to_container(composed)


def test_a_command_composes_its_config_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(loader_module, "check_config", asked.append)
    command = ["run.py", "mode=history", f"paths.outputs={tmp_path / 'outputs'}"]
    monkeypatch.setattr("sys.argv", command)
    with suppress(SystemExit):
        main()
    assert len(asked) == 1


def test_a_sweep_is_refused_where_there_is_none(loader: CheckedLoader) -> None:
    asked_for_the_mode(loader, "seed=7,8")
    with pytest.raises(ConfigCompositionException, match="To sweep over it, add --multirun"):
        loader.load_configuration("config", ["seed=7,8"], RunMode.RUN)


def test_other_overrides_make_a_config_of_their_own(loader: CheckedLoader) -> None:
    asked_for_the_mode(loader, "seed=7")
    assert loader.load_configuration("config", ["seed=8"], RunMode.RUN).seed == 8
