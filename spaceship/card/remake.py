"""Commands that make a run again, from its tags and its folder."""

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.overrides import training_command

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_OVERRIDES = Path(".hydra") / "overrides.yaml"


def remake_commands(client: "MlflowClient", run: "Run", folder: Path) -> tuple[str, ...]:
    """Return the commands that make a run again: its code, if it is in git, then the run.

    A trial is trained by itself, with its own values; a blend is made by its whole sweep again.

    >>> run = store.client.get_run(store.start_run("job", {"command": "spaceship mode=train"}))
    >>> remake_commands(store.client, run, tmp_path)
    ('spaceship mode=train',)
    """
    tags, words = run.data.tags, folder / _OVERRIDES
    clean = tags.get("git_dirty") == "false"
    code = [f"git checkout {tags['git_sha']}"] if clean and "git_sha" in tags else []
    line = tags.get("command")
    if line is None and "trial" in tags and words.is_file():
        line = training_command(map(str, yaml.safe_load(words.read_text()) or ()))
    if line is None and (parent := tags.get("mlflow.parentRunId")):
        line = client.get_run(parent).data.tags.get("command")
    return (*code, *([redact(line)] if line else []))
