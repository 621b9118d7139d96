"""Answers of the program about itself: help, version and keys, within a terminal's width."""

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from hydra_plugins.spaceship_optuna.config import OptunaSweeperConf
from spaceship.cli.flags import read
from spaceship.cli.help import GROUPS, description, files, help_text, version_line
from spaceship.cli.keys import keys_text
from spaceship.config.installation import configs, program_typed
from spaceship.errors import ConfigError
from tests.commands import ROOT

SCRIPT = ROOT / "scripts" / "run.py"
TERMINAL = 80
CHOICES = sorted(
    path for path in configs().rglob("*.yaml") if path.relative_to(configs()).parts[0] != "hydra"
)


def test_help_fits_a_terminal() -> None:
    text = help_text().replace(program_typed(), "python scripts/run.py")
    assert max(map(len, text.splitlines())) <= TERMINAL
    assert len(version_line()) <= TERMINAL


@pytest.mark.parametrize("path", CHOICES[1:], ids=lambda path: str(path.relative_to(configs())))
def test_every_choice_is_described_in_the_first_line_of_its_yaml(path: Path) -> None:
    if path.parent != configs() and path.parent.name != "local":
        text = path.read_text(encoding="utf-8").removeprefix("# @package _global_\n")
        assert text.startswith("# "), "a comment that says what the choice is"
        assert f"  {path.stem}" in help_text()
        assert description(path) in help_text()


def test_examples_of_the_help_have_right_names() -> None:
    from spaceship.cli.suggestions import CommandLine

    examples = help_text().partition("Examples:\n")[2].partition("\n\n")[0].splitlines()[1::2]
    lines = [line.split("run.py")[1].split() for line in examples]
    assert len(lines) > 4
    for words in lines:
        assert CommandLine(words, read(words)[0].overrides).message() is None


def test_choices_of_the_working_directory_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "configs" / "model"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("# A model of my own.\nname: mine\n")
    monkeypatch.chdir(tmp_path)
    (folder / "long.yaml").write_text(f"# {'A model of many words ' * 9}.\nname: long\n")
    assert "  mine                    A model of my own." in help_text()
    (line,) = [one for one in help_text().splitlines() if one.startswith("  long ")]
    assert line.endswith("A model of many words A model o…")
    assert len(line) == TERMINAL
    assert [path.stem for path in files("model")].count("lgbm") == 1


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            "",
            "# of folds and models; data.seed and hydra.sweeper.sampler.seed are separate\nseed",
        ),
        (
            "inference",
            "# above max_drift: warn, or fail (exit status 2, no submission)\n  on_drift: warn",
        ),
        ("data", "  on_leak: warn"),
        ("hydra.sweeper", "    n_trials: 20  # finished trials in all"),
        ("model=catboost", "  # class spaceship.model.catboost.CategoryCatBoost"),
        ("model=lgbm", "num_leaves: 16 # most leaves"),
        ("gate/rule", "# gate/rule=floor"),
        ("gate", "\n\n# Settings of each gate/rule, its threshold too: --keys gate/rule\n"),
    ],
)
def test_keys_come_with_their_comments(section: str, said: str) -> None:
    assert said in keys_text(section)


EVERY = [*GROUPS, *(f"{group}={path.stem}" for group in GROUPS for path in files(group))]


@pytest.mark.parametrize("section", ["", "hydra.sweeper", *EVERY])
def test_keys_fit_a_terminal_and_say_values(section: str) -> None:
    text = keys_text(section)
    assert [line for line in text.splitlines() if len(line) > TERMINAL] == []
    assert "_target_" not in text
    assert "${seed}" not in text


def test_a_long_value_is_broken_into_lines_that_yaml_joins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "configs" / "model"
    folder.mkdir(parents=True)
    value = {f"a key of number {n}": ["red and blue", "x, y"] for n in range(9)}
    (folder / "mine.yaml").write_text(f"# Mine.\nnames: {json.dumps(value)}  # of colours\n")
    monkeypatch.chdir(tmp_path)
    text = keys_text("model=mine")
    assert max(map(len, text.splitlines())) <= TERMINAL
    assert yaml.safe_load(text)["names"] == value


def test_every_setting_of_the_sweeper_has_a_comment() -> None:
    shown = yaml.safe_load(keys_text("hydra.sweeper"))["hydra"]["sweeper"]
    known = {one.name for one in fields(OptunaSweeperConf) if not one.name.startswith("_")}
    assert {*shown} == known - {"defaults"}
    assert (shown["sampler"], shown["n_trials"]) == ("tpe", OptunaSweeperConf().n_trials)


def test_a_section_that_there_is_not_is_corrected() -> None:
    with pytest.raises(ConfigError, match=r"found infrence; did you mean inference: .*--keys inf"):
        keys_text("infrence")


@pytest.mark.slow
def test_the_flags_may_stand_anywhere() -> None:
    line = ["mode=train", "--cfg", "job", "seed=7", "-v", "-p", "objective"]
    command = [sys.executable, str(SCRIPT), *line]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    assert "metric: " in done.stdout
