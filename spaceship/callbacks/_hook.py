"""Hydra's config as the callback's hooks use it: choices, folders, command, code, Experiment."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.installation import program, program_typed
from spaceship.config.nodes import Nodes, is_study
from spaceship.config.overrides import lasting, training_command
from spaceship.config.unused import UNUSED, is_unused
from spaceship.errors import SpaceshipError
from spaceship.experiment import Experiment
from spaceship.record.code import code_tags
from spaceship.registry.moves import account
from spaceship.registry.registry import CHAMPION
from spaceship.text import shell_line
from spaceship.tracking.markdown import page, rerun
from spaceship.tracking.views import NOTE

CONFIG_FILE = "config.yaml"
CHAMPIONS_RECIPE = "champion's recipe"
OVERRIDES_FILE = "overrides.yaml"
_SCORING = {"default", "train", "tune"}
"""Modes whose runs are named after their recipe alone."""


class Hook:
    """The config that Hydra hands to a hook, its own node included.

    Args:
        config: Of a job, or of a whole multirun.

    """

    def __init__(self, config: DictConfig) -> None:
        self._config = config
        self.choices: dict[str, str] = config.hydra.runtime.get("choices", {})
        self.output_subdir: str | None = config.hydra.output_subdir
        self.logged: bool = config.mode.get("logged", True)
        self.blend: object = config.mode.get("blend")

    @cached_property
    def experiment(self) -> Experiment:
        """The Experiment of this config."""
        return Experiment.of(self._config)

    @cached_property
    def job_experiment(self) -> Experiment:
        """The Experiment of the job that Hydra is running, which its task takes too."""
        return Experiment.of_job(self._config)

    @property
    def recorded(self) -> bool:
        """Whether the mode trains or prepares, so that its run has a record."""
        return self.logged and not is_unused(self._config.features)

    @property
    def is_study(self) -> bool:
        """Whether the multirun is a sweep of this project's own sweeper."""
        return is_study(self._config.hydra)

    @property
    def sweep_folder(self) -> Path:
        """The absolute folder of a multirun's jobs."""
        return Path(self._config.hydra.sweep.dir).absolute()

    @property
    def log_file(self) -> str:
        """The name of the log file in the job's folder."""
        return f"{self._config.hydra.job.name}.log"

    @property
    def number(self) -> str | None:
        """The job's number in its multirun, None outside one."""
        job = self._config.hydra.job
        return None if OmegaConf.is_missing(job, "num") else str(job.num)

    @property
    def threads(self) -> object:
        """The setting `threads` as it was written: an interpolation unless somebody set it."""
        return OmegaConf.to_container(self._config, resolve=False)["threads"]  # type: ignore[index, call-overload]

    @property
    def run_name(self) -> str:
        """The name of the job's MLflow run: recipe and data, such as `lgbm on full · local`."""
        mode, model, features, data = (
            self.choices[group] for group in ("mode", "model", "features", "data")
        )
        what = mode if model == UNUSED else f"{model} on {features}"
        if model == CHAMPION:
            what = CHAMPIONS_RECIPE  # until the job is scored
        if mode not in _SCORING and model != UNUSED:
            what = f"{mode}: {what}"
        named = what if data == UNUSED else f"{what} · {data}"
        return named if self.number is None else f"{named} #{self.number}"

    @property
    def sweep_name(self) -> str:
        """The name of a multirun's MLflow run, such as `tune: lgbm, catboost · local`."""
        return f"{self.choices['mode']}: {self.models} · {self.choices['data']}"

    @property
    def models(self) -> str:
        """The models of a multirun, such as `lgbm, catboost`."""
        given = self.drawn()
        params = OmegaConf.select(self._config, "hydra.sweeper.params") or {}
        models = str(given.get("model") or params.get("model") or self.choices["model"])
        return ", ".join(re.findall(r"[^,()\s]+", models.removeprefix("choice")))

    def drawn(self) -> dict[str, str]:
        """Return the overrides of a trial by key, without passwords."""
        items = [str(item).partition("=") for item in self._config.hydra.overrides.task]
        return {key: redact(value) for key, _, value in items}

    def loggable(self) -> dict[str, object]:
        """Return the config without secrets."""
        return Nodes(self._config).loggable()

    def tags(self, *, multirun: bool = False) -> dict[str, str]:
        """Return the tags of every run: mode, command and code.

        The command of a multirun holds its overrides of Hydra too: sweeper, launcher and settings.
        No command holds `output=`, which is for its caller alone.
        """
        overrides: Any = OmegaConf.to_container(self._config.hydra.overrides, resolve=False)
        of_hydra = [item for item in overrides["hydra"] if not item.startswith("hydra.mode=")]
        typed = _joined([*(["-m", *of_hydra] if multirun else []), *lasting(overrides["task"])])
        again = rerun(f"{program_typed()} {typed}".strip(), self._config.hydra.runtime.cwd)
        code = code_tags()
        return {
            "mode": self.choices["mode"],
            "command": f"{program()} {typed}".strip(),
            NOTE: page(again),  # until the run has ended
            "mlflow.source.name": program().removeprefix("python "),
            "mlflow.user": account(),
            **({"mlflow.source.git.commit": code["git_sha"]} if code else {}),
            **self.data_tags(),
            **code,
        }

    @property
    def trial_command(self) -> str:
        """The command that trains a trial's candidate again, outside its sweep."""
        return training_command(map(str, self._config.hydra.overrides.task))

    def data_tags(self) -> dict[str, str]:
        """Return the tags that name task and data source, by which the saved views find a run."""
        with suppress(SpaceshipError):  # of a mode without data; else the job ends with it
            experiment = self.experiment
            return {"task": experiment.task.name, "data_source": experiment.source.name}
        return {}

    def experiment_of(self, job_folder: Path) -> Experiment:
        """Return the Experiment of a multirun's job, from the config saved with it.

        Places are this multirun's: a saved config has lost its passwords, and the outputs folder
        may have been moved since. A resumed sweep is gated as its latest command says. Sections
        that an earlier release did not have are this multirun's.
        """
        cfg: Any = OmegaConf.load(job_folder / str(self.output_subdir) / CONFIG_FILE)
        cfg.tracking, cfg.paths.outputs = self._config.tracking, self._config.paths.outputs
        for name in self._config.keys() - cfg.keys() - {"hydra"}:
            cfg[name] = self._config[name]
        with open_dict(cfg.task):
            cfg.task.setdefault("name", self.choices.get("task"))
        if self.is_study:
            cfg.gate, cfg.reason = self._config.gate, self._config.reason
        return Experiment.of(cfg, self._overrides_of(job_folder))

    def _overrides_of(self, job_folder: Path) -> tuple[str, ...]:
        """Return the overrides for commands on a job's model: its data, this multirun's places."""
        path = job_folder / str(self.output_subdir) / OVERRIDES_FILE
        drawn = OmegaConf.load(path) if path.is_file() else OmegaConf.create([])
        nodes = (drawn, self._config.hydra.overrides.task)
        lists: Any = [OmegaConf.to_container(node, resolve=False) for node in nodes]
        own, given = ([str(item) for item in items] for items in lists)
        own = [item for item in own if item.startswith("data.")]
        return (*own, *(item for item in given if not item.startswith("data.")))


def _joined(words: Sequence[object]) -> str:
    return shell_line(redact(str(word)) for word in words)
