"""Checks at the start of a command: nothing is made and no big library imported before them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from spaceship.config.build import check_packages
from spaceship.config.loader import groups, loader
from spaceship.config.nodes import check_features, is_study
from spaceship.config.unused import is_unused
from spaceship.data.kaggle_submission import check_submitting
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError, SpaceshipError, expected
from spaceship.experiment import Experiment
from spaceship.results import COMMAND


@dataclass(frozen=True, eq=False)
class Start:
    """The start of a job or of a multirun, given its config with Hydra's own node."""

    config: DictConfig

    def note_command(self, folder: str) -> None:
        """Note mode, task, data source and folder of a job or a multirun for `output=json`."""
        COMMAND.mode, COMMAND.folder = (
            self.config.hydra.runtime.choices["mode"],
            str(Path(folder).absolute()),
        )
        with suppress(SpaceshipError):  # of a mode without data; else the job ends with it
            experiment = Experiment.of(self.config)
            COMMAND.task = experiment.task.name
            COMMAND.data_source = experiment.source.name

    def check_job(self) -> None:
        """Raise SpaceshipError if values, files, packages or the task of a job cannot be used."""
        experiment = Experiment.of(self.config)
        if experiment.settings.output == "json" and not COMMAND.wanted:
            do = "type it there: what goes wrong before the configs are read is to be JSON, too"
            found = "it in a YAML file alone"
            raise ConfigError(expected("output=json on the command line", found, do))
        mode = self.config.mode
        if not (is_unused(self.config.engine) or mode.get("predicts")):
            self._check_engine(experiment)
        if not mode.get("reads_data", True):
            return
        if "overwrite" in self.config.task and not mode.get("logged", True):  # mode=init
            experiment.source.check(None)
            return
        task = experiment.task
        self._check_nodes(experiment)
        given, source = experiment.settings.inference, experiment.source
        file = None if given.input is None else Path(given.input)
        # the rows to predict are enough
        untrained = is_unused(self.config.model) and not given.submit
        if untrained and file is None and mode.get("predicts") and not source.outside:
            file = source.test_file(task)
        if file is not None:
            from spaceship.data.stored_file import stored_bytes

            stored_bytes(file.expanduser().absolute(), 1)
            if untrained:
                return
        experiment.source.check(task)
        if not is_unused(self.config.features):  # what learns from the rows
            experiment.data.check_memory()
        is_run = self.config.hydra.mode is RunMode.RUN
        if given.submit and mode.get("predicts") and is_run:
            check_submitting(experiment.source, task, answers_only=not given.proba)

    def _check_engine(self, experiment: Experiment) -> None:
        """Raise ConfigError if a cluster is given to a mode or multirun that makes no use of it."""
        engine, choices = experiment.engine, self.config.hydra.runtime.choices
        if isinstance(engine, LocalEngine):
            return
        found = f"mode={choices.mode} engine={choices.engine}"
        if not self.config.mode.get("fits_on_cluster"):
            wanted, do = "a mode that works on a cluster", "leave engine= out"
            raise ConfigError(expected(wanted, found, do))
        if not engine.fits:
            do = "choose engine=dask model=lgbm, or leave engine= out"
            raise ConfigError(expected("an engine that fits models", found, do))
        if self.config.hydra.mode is RunMode.MULTIRUN:
            do = "train one model without -m, or leave engine= out"
            raise ConfigError(expected("one job on a cluster", f"a multirun with {found}", do))

    def _check_nodes(self, experiment: Experiment) -> None:
        """Raise SpaceshipError if a row, gate, features or packages of the mode do not fit."""
        if self.config.mode.get("explains"):
            from spaceship.mode._explained_row import check_row

            check_row(experiment)
        if not is_unused(self.config.gate):
            experiment.check()
        if not is_unused(self.config.features):
            check_features(experiment.nodes.plain("features"), experiment.task.name)
        if not is_unused(self.config.model):
            check_packages(experiment.nodes.resolved("model"))

    def check_sweep(self) -> None:
        """Raise SpaceshipError if a choice among those of a multirun cannot be used.

        Each choice of a swept group is composed once; of other values the first.
        """
        node = OmegaConf.select(self.config, "hydra.sweeper.params")
        if node and not OmegaConf.is_dict(node):
            do = "write a mapping of keys to values, such as hydra.sweeper.params.seed='1,2'"
            raise ConfigError(expected("overrides in hydra.sweeper.params", node, do))
        params: Any = OmegaConf.to_container(node, resolve=True) if node else {}  # as sweepers do
        given: Any = OmegaConf.to_container(self.config.hydra.overrides.task, resolve=False)
        words = [*(f"{key}={value}" for key, value in params.items()), *given]
        jobs = [*_jobs(words, of_values=not is_study(self.config.hydra))]
        for job in jobs:
            Start(loader().load_sweep_config(self.config, job)).check_job()
        if is_study(self.config.hydra):
            known = groups(loader())
            for one in OverridesParser.create(config_loader=loader()).parse_overrides(words):
                if one.is_sweep_override() and one.key_or_group.partition("@")[0] not in known:
                    self._check_key(jobs, one.get_key_element())

    def _check_key(self, jobs: Sequence[list[str]], key: str) -> None:
        """Raise Hydra's error unless some candidate of a study has a key."""
        for at, job in enumerate(jobs, 1):
            try:
                loader().load_sweep_config(self.config, [*job, f"{key}=null"])
            except HydraException:
                if at == len(jobs):
                    raise
            else:
                return


def new_folders(folder: Path) -> tuple[Path, ...]:
    """Return the folder of a job and those above it that are not there yet, the innermost first.

    >>> [path.name for path in new_folders(tmp_path / "runs" / "one")]
    ['one', 'runs']
    """
    folder = folder.absolute()
    return tuple(path for path in (folder, *folder.parents) if not path.exists())


def _jobs(words: list[str], *, of_values: bool) -> Iterator[list[str]]:
    """Yield overrides of a job for each choice of a group, and of a job without any.

    Without `of_values`, swept values are left out: a candidate of a study need not have them all.
    """
    parsed = OverridesParser.create(config_loader=loader()).parse_overrides(words)
    known = groups(loader())
    first, choices = dict[str, str](), list[tuple[str, str]]()
    for one in parsed:
        key = one.get_key_element()
        if not one.is_sweep_override():
            first[key] = one.input_line or ""
        elif one.is_discrete_sweep():
            try:
                values = [f"{key}={value}" for value in one.sweep_string_iterator()]
            except ValueError as error:  # of a range without a step
                do = f"list them, {key}=1,2, or mend the range"
                raise ConfigError(
                    expected(f"values of {key}", f"{one.input_line}: {error}", do)
                ) from error
            group = one.key_or_group.partition("@")[0]
            if of_values or group in known:
                first[key] = values[0]
            choices += [(key, value) for value in values[1:] if group in known]
    yield [*first.values()]
    for key, value in choices:
        yield [*(first | {key: value}).values()]
