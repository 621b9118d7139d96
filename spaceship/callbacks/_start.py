"""Checks at the start of a command: nothing is made and no big library imported before them."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from spaceship.config.build import check_packages
from spaceship.config.loader import groups, loader
from spaceship.config.nodes import is_study
from spaceship.config.unused import is_unused
from spaceship.data.kaggle_submission import check_submitting
from spaceship.engine.local import LocalEngine
from spaceship.errors import ConfigError, SpaceshipError, expected
from spaceship.experiment import Experiment, check_features
from spaceship.results import COMMAND


def note_command(config: DictConfig, folder: str) -> None:
    """Note mode, task, data source and folder of a job or a multirun for `output=json`."""
    COMMAND.mode, COMMAND.folder = (
        config.hydra.runtime.choices["mode"],
        str(Path(folder).absolute()),
    )
    with suppress(SpaceshipError):  # of a mode without data; else the job ends with it
        experiment = Experiment.of(config)
        COMMAND.task = experiment.task.name
        COMMAND.data_source = experiment.source.name


def check_job(config: DictConfig) -> None:
    """Raise SpaceshipError if values, files, packages or the task of a job cannot be used."""
    experiment = Experiment.of(config)
    if experiment.settings.output == "json" and not COMMAND.wanted:
        do = "type it there: what goes wrong before the configs are read is to be JSON, too"
        found = "it in a YAML file alone"
        raise ConfigError(expected("output=json on the command line", found, do))
    if not config.mode.get("reads_data", True):
        return
    if "overwrite" in config.task and not config.mode.get("logged", True):  # mode=init
        experiment.source.check(None)
        return
    task = experiment.task
    _check_nodes(config, experiment)
    given, source = experiment.settings.inference, experiment.source
    file = None if given.input is None else Path(given.input)
    untrained = is_unused(config.model) and not given.submit  # the rows to predict are enough
    if untrained and file is None and config.mode.get("predicts") and not source.outside:
        file = source.test_file(task)
    if file is not None:
        from spaceship.data.stored_file import stored_bytes

        stored_bytes(file.expanduser().absolute(), 1)
        if untrained:
            return
    experiment.source.check(task)
    if not is_unused(config.features):  # what learns from the rows
        experiment.check_memory()
    if given.submit and config.mode.get("predicts") and config.hydra.mode is RunMode.RUN:
        check_submitting(experiment.source, task, answers_only=not given.proba)


def _check_nodes(config: DictConfig, experiment: Experiment) -> None:
    """Raise SpaceshipError if a row, gate, features or packages that a mode needs do not fit."""
    if config.mode.get("explains"):
        from spaceship.mode._explained_row import check_row

        check_row(experiment)
    if not is_unused(config.gate):
        experiment.check()
    if not is_unused(config.features):
        check_features(experiment.nodes.plain("features"), experiment.task)
    if not is_unused(config.engine):
        experiment.engine.check()
        is_local = isinstance(experiment.engine, LocalEngine) or config.mode.get("predicts")
        if config.hydra.mode is RunMode.MULTIRUN and not is_local:
            found, do = "a multirun", "train one model with mode=train, or leave engine= out"
            raise ConfigError(expected("one job with engine=", found, do))
    if not is_unused(config.model):
        check_packages(experiment.nodes.resolved("model"))


def check_sweep(config: DictConfig) -> None:
    """Raise SpaceshipError if a choice among those of a multirun cannot be used.

    Each choice of a swept group is composed once; of other values the first.
    """
    node = OmegaConf.select(config, "hydra.sweeper.params")
    params: Any = OmegaConf.to_container(node, resolve=True) if node else {}  # as sweepers do
    given: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    words = [*(f"{key}={value}" for key, value in params.items()), *given]
    jobs = [*_jobs(words, of_values=not is_study(config))]
    for job in jobs:
        check_job(loader().load_sweep_config(config, job))
    if is_study(config):
        known = groups(loader())
        for one in OverridesParser.create(config_loader=loader()).parse_overrides(words):
            if one.is_sweep_override() and one.key_or_group.partition("@")[0] not in known:
                _check_key(config, jobs, one.get_key_element())


def _check_key(config: DictConfig, jobs: Sequence[list[str]], key: str) -> None:
    """Raise Hydra's error unless some candidate of a study has a key."""
    for at, job in enumerate(jobs, 1):
        try:
            loader().load_sweep_config(config, [*job, f"{key}=null"])
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
            values = [f"{key}={value}" for value in one.sweep_string_iterator()]
            group = one.key_or_group.partition("@")[0]
            if of_values or group in known:
                first[key] = values[0]
            choices += [(key, value) for value in values[1:] if group in known]
    yield [*first.values()]
    for key, value in choices:
        yield [*(first | {key: value}).values()]
