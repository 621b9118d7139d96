"""Attacks: a file from somebody else, by whatever way it comes, runs nothing and writes nowhere."""

import logging
import pickle
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal import hydra as hydra_app
from omegaconf import DictConfig

from spaceship.cli.main import main, prepare
from spaceship.config.installation import configs
from spaceship.config.loader import CheckedLoader
from tests.commands import QUICK, QUICK_MODEL, ROOT
from tests.config.attacks import OF_CONFIG

Refused = Callable[..., str]

pytestmark = pytest.mark.slow
QUICKLY = ["mode=train", QUICK_MODEL, *QUICK]


class _Bomb:
    """Object that makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.mkdir, (str(self.path),)


@pytest.fixture
def friend(tmp_path: Path) -> Path:
    """Give the folder of somebody else, with a pickle and a program in it."""
    folder = tmp_path / "friend"
    (folder / "experiment").mkdir(parents=True)
    (folder / "trap.pkl").write_bytes(pickle.dumps(_Bomb(tmp_path / "canary")))
    (folder / "bin").mkdir()
    (folder / "bin" / "git").write_text(f"#!/bin/sh\ntouch {tmp_path / 'canary'}\n")
    (folder / "bin" / "git").chmod(0o755)
    return folder


def written(folder: Path, name: str, attack: str) -> None:
    """Write an attack into a file of a folder."""
    canary = folder.parent / "canary"
    content = OF_CONFIG[attack].replace("PICKLE", str(folder / "trap.pkl"))
    content = content.replace("CANARY", str(canary)).replace("FOLDER", str(folder))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"# @package _global_\n{content}\n")


@pytest.fixture(autouse=True)
def _undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a command sets up in this process."""
    monkeypatch.setattr(hydra_app, "ConfigLoaderImpl", CheckedLoader)
    factory = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(factory)


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Refused]:
    """Give a function that runs a command line, which must be refused and leave nothing."""
    handler = signal.getsignal(signal.SIGTERM)
    (tmp_path / "here").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "here")

    def run(*line: str) -> str:
        before = {path.name for path in tmp_path.iterdir()} | {"outputs"}
        outputs = f"paths.outputs={tmp_path / 'outputs'}"
        monkeypatch.setattr(sys, "argv", [str(ROOT / "scripts" / "run.py"), *line, outputs])
        with pytest.raises(SystemExit) as end:
            main()
        message = capsys.readouterr().err
        assert end.value.code == 2
        assert "error: expected " in message
        assert message.count("error:") == 1
        assert "Traceback" not in message
        assert {path.name for path in tmp_path.iterdir()} <= before
        assert not [*(tmp_path / "outputs").rglob("report.json")]
        return message

    yield run
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.parametrize("attack", OF_CONFIG)
def test_an_experiment_of_a_friend_is_refused(refused: Refused, friend: Path, attack: str) -> None:
    written(friend, "experiment/shared.yaml", attack)
    found = refused("--config-dir", str(friend), "experiment=shared", *QUICKLY)
    assert any(word in found for word in ("_target_", "shared.yaml", "no file in"))


@pytest.mark.parametrize("name", ["experiment/shared.yaml", "experiment/new/shared.yaml"])
@pytest.mark.parametrize("attack", ["an environment", "a log file anywhere", "a key nobody reads"])
def test_an_experiment_in_the_working_directory_is_still_somebody_elses(
    refused: Refused, friend: Path, attack: str, name: str
) -> None:
    written(friend, name, attack)
    (friend.parent / "here" / "configs").symlink_to(friend)
    refused(f"experiment={name.removeprefix('experiment/').removesuffix('.yaml')}", *QUICKLY)


@pytest.mark.parametrize("attack", ["an environment", "a factory of filters", "outputs elsewhere"])
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("local/default.yaml", []),  # read without being asked for
        ("model/shared.yaml", ["model=shared"]),
        ("hydra/launcher/shared.yaml", ["hydra/launcher=shared"]),
        ("config.yaml", ["--config-path", "FRIEND"]),
        ("other.yaml", ["--config-path", "FRIEND", "--config-name", "other"]),
        ("other.yaml", ["--config-dir", "FRIEND", "--config-name", "other"]),
        ("experiment/shared.yaml", ["hydra.searchpath=[file://FRIEND]", "experiment=shared"]),
        ("experiment/shared.yaml", ["--multirun", "experiment=shared,catboost_strict"]),
    ],
)
def test_every_way_of_a_file_is_watched(
    refused: Refused, friend: Path, attack: str, name: str, line: list[str]
) -> None:
    written(friend, name, attack)
    own = [] if "--config-path" in line else ["--config-dir", str(friend)]
    refused(*own, *(word.replace("FRIEND", str(friend)) for word in line))


@pytest.mark.parametrize("flag", ["--config-path", "--config-dir"])
def test_a_primary_config_of_others_imports_no_package(
    refused: Refused, friend: Path, flag: str
) -> None:
    (friend / "own.yaml").write_text("hydra: {searchpath: [pkg://antigravity]}\n")
    assert "found hydra.searchpath in" in refused(flag, str(friend), "--config-name", "own")
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "line", [["--experimental-rerun", "FILE"], ["--experimental-rerun=FILE"], ["--exp", "FILE"]]
)
def test_a_pickled_job_is_not_run_again(refused: Refused, friend: Path, line: list[str]) -> None:
    own = [word.replace("FILE", str(friend / "trap.pkl")) for word in line]
    assert "unpickles its file" in refused(*own, "mode=train")


def test_a_swept_file_is_watched_too(refused: Refused, friend: Path) -> None:
    written(friend, "model/a.yaml", "a key nobody reads")
    written(friend, "model/b.yaml", "a model")
    refused("-m", "--config-dir", str(friend), "model=a,b", *QUICK, "mode=train")


HARMLESS = """# @package _global_
defaults: [override /model: logistic_regression, override /hydra/sweeper: optuna]
seed: 7
hydra:
  mode: MULTIRUN
  sweeper: {n_trials: 3, sampler: {seed: "${seed}"}, params: {model.estimator.C: "1,2"}}
  launcher: {}
"""


def test_values_and_sweeps_of_a_friend_are_taken(friend: Path) -> None:
    (friend / "experiment" / "shared.yaml").write_text(HARMLESS)
    cfg = composed(f"hydra.searchpath=[file://{friend}]", "experiment=shared")
    assert (cfg.seed, cfg.hydra.sweeper.n_trials, cfg.hydra.sweeper.sampler.seed) == (7, 3, 7)


def test_a_copy_of_the_shipped_folder_is_taken(friend: Path) -> None:
    copy = shutil.copytree(configs(), friend / "copy")
    (copy / "config.yaml").write_text((copy / "config.yaml").read_text().replace("42", "43"))
    assert composed("model=svm", folder=copy).seed == 43


def test_own_files_set_what_they_like(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "configs"
    (own / "local").mkdir(parents=True)
    text = f"# @package _global_\npaths: {{outputs: {tmp_path}}}\nhydra: {{run: {{dir: here}}}}\n"
    (own / "local" / "default.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    cfg = composed()
    assert (cfg.paths.outputs, cfg.hydra.run.dir) == (str(tmp_path), "here")


def composed(*line: str, folder: Path | None = None) -> DictConfig:
    """Return the config of a command line, Hydra's node included."""
    prepare()
    with initialize_config_dir(str(folder or configs()), version_base="1.3"):
        return compose("config", [*line], return_hydra_config=True)


def test_a_wrong_choice_is_still_an_error_of_the_command_line(refused: Refused) -> None:
    assert "Config group override must be" in refused("task=null")


@pytest.mark.parametrize("text", ["'%(nope)s'", "5", "'%'", "{a: 1}"])
def test_a_format_that_no_record_fits_is_refused(refused: Refused, text: str) -> None:
    key = "hydra.job_logging.formatters.plain"
    assert f"in {key}, found" in refused(f"{key}.format={text}", "mode=history")
