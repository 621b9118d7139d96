"""Place of a run made again: a folder with the configs of its record, and a process that runs it.

The configs of the folder win over shipped ones, so the present YAML files, those of the folder in
which the command was typed included, have no effect.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spaceship.config.overrides import override
from spaceship.config.unused import is_unused
from spaceship.errors import RegistryError, expected
from spaceship.record.environment import Environment
from spaceship.record.run_record import Provenance

_RECORDED = "recorded"  # choice of each group that the record fills
_SETTINGS = ("seed", "threads", "calibration", "threshold", "objective")
_HARMLESS = {"dry_run": True, "force": False, "require": False, "reseal": False}
_LAST_LINES = 5  # of a process that has died without an answer


@dataclass(frozen=True)
class Place:
    """A folder for one run: its configs, its outputs and its store, apart from those of the user.

    >>> place = Place(tmp_path, Path("code"), "python")
    >>> place.job.name, place.store
    ('job', 'sqlite:///.../outputs/mlflow.db')
    """

    folder: Path
    code: Path  # folder in which the package lies
    python: str  # interpreter

    @property
    def job(self) -> Path:
        """The folder of the run, which holds its record."""
        return self.folder / "job"

    @property
    def outputs(self) -> Path:
        """The outputs folder."""
        return self.folder / "outputs"

    @property
    def store(self) -> str:
        """The address of the MLflow store."""
        return f"sqlite:///{self.outputs}/mlflow.db"

    def write(self, record: Provenance, data: Mapping[str, Any], *, capped: bool) -> None:
        """Write the configs of a record, its data from another node of the group `data`.

        `capped` is a verdict that awards a challenger at the most.
        """
        config, task = record.config, str(record.task["name"])
        nodes: dict[str, object] = {f"task/{task}": config["task"], f"data/{_RECORDED}": data}
        if record.recipe:
            gate = {**config["gate"], **_HARMLESS, "may_promote": not capped}
            nodes |= {f"model/{_RECORDED}": record.recipe, f"gate/{_RECORDED}": gate}
            nodes[f"features/{_RECORDED}"] = record.recipe["features"]
        for group in ("split", *(() if record.recipe else ("features",))):
            if not is_unused(config[group]):
                nodes[f"{group}/{_RECORDED}"] = config[group]
        settings = {name: config[name] for name in _SETTINGS if name in config}
        _write(
            self.folder / "configs" / "local" / "default.yaml", settings, "# @package _global_\n"
        )
        for name, node in nodes.items():
            _write(self.folder / "configs" / f"{name}.yaml", node)

    def run(self, record: Provenance) -> None:
        """Run the command; raise RegistryError with its message if it fails.

        Of the environment variables on which results may depend, those on record are set alone.
        """
        groups = (self.folder / "configs").glob("*/*.yaml")
        words = [f"mode={'train' if record.recipe else 'pp'}", "tracking=sqlite", "output=json"]
        words += [override(path.parent.name, path.stem) for path in sorted(groups)]
        words += [override("paths.outputs", self.outputs), override("hydra.run.dir", self.job)]
        words += ["report.of_jobs=false"]
        with (self.folder / "answer.json").open("wb") as answer, self._log.open("wb") as log:
            done = subprocess.run(  # noqa: S603 - this package itself
                [self.python, "-P", "-m", "spaceship", *words],
                check=False,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=log,
                env=self._environment(record.environment.variables),
            )
        if done.returncode:
            do = "see docs/reproduce.md for what can be had from the present instead"
            raise RegistryError(expected("the run to be made again", self._fault(), do))

    @property
    def _log(self) -> Path:
        return self.folder / "log.txt"

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        present = Environment().variables
        kept = {key: one for key, one in os.environ.items() if key not in present}
        path = os.pathsep.join(filter(None, [str(self.code), os.environ.get("PYTHONPATH")]))
        return {**kept, **variables, "PYTHONPATH": path}

    def _fault(self) -> str:
        try:
            return str(json.loads((self.folder / "answer.json").read_bytes())["error"]["message"])
        except (ValueError, KeyError, TypeError):
            lines = self._log.read_text(errors="replace").splitlines()
            return " ".join(lines[-_LAST_LINES:]) or "no line of its process"


def _write(path: Path, node: object, head: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + yaml.safe_dump(node, sort_keys=False, allow_unicode=True), "utf-8")
