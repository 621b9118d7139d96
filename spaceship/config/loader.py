"""Config loader of Hydra that lets files from somebody else set values, and nothing beyond.

Whatever Hydra composes, in whatever process, goes through it: no class is made and no module
imported that is not on the allow list.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hydra.core.default_element import ResultDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from spaceship.config._upstream import (
    CachingConfigRepository,
    ConfigLoaderImpl,
    IConfigRepository,
    create_config_search_path,
    hydra_app,
)
from spaceship.config.allow_list import check_config
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.config.secrets import hide_variable
from spaceship.config.shared_files import is_foreign, refuse, reserved
from spaceship.errors import ConfigError, expected

_made: "list[CheckedLoader]" = []  # the latest one of this process


class CheckedLoader(ConfigLoaderImpl):
    """Loader that checks each file as it is read and each config as it is composed.

    >>> issubclass(CheckedLoader, ConfigLoaderImpl)
    True
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Note the loader of the app: whoever corrects its command line asks it for names."""
        super().__init__(*args, **kwargs)
        self._of_mode: dict[object, DictConfig] = {}
        _made[:] = [self]

    def __getstate__(self) -> dict[str, object]:
        """Return the loader without a kept config, whose secrets a launcher would write to disk."""
        return {**vars(self), "_of_mode": {}}

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,  # noqa: FBT001, FBT002 - Hydra's signature
        validate_sweep_overrides: bool = True,  # noqa: FBT001, FBT002
    ) -> DictConfig:
        """Return a composed config; raise ConfigError if it names a class off the list.

        Hydra composes the config of each command twice, first to learn `hydra.mode` alone, without
        a look at sweeps and missing choices. That config is the second one, if nothing is missing.
        """
        asked = (config_name, *overrides)
        if validate_sweep_overrides and (config := self._kept(asked, run_mode)) is not None:
            parsed = OverridesParser.create().parse_overrides(overrides)
            self.validate_sweep_overrides_legal(parsed, run_mode, from_shell)
            return config
        if not validate_sweep_overrides:
            with suppress(Exception):
                config = self._checked(config_name, overrides, RunMode.RUN, from_shell, False)
                self._of_mode[asked] = config
                return config
        return self._checked(config_name, overrides, run_mode, from_shell, validate_sweep_overrides)

    def _kept(self, asked: tuple[str | None, ...], run_mode: RunMode) -> DictConfig | None:
        """Return the config composed to learn the mode; Hydra adds the mode if it names none."""
        *before, last = asked
        config = self._of_mode.pop(asked, None)
        if config is None and last == f"hydra.mode={run_mode.name}":
            config = self._of_mode.pop(tuple(before), None)
            if config is not None:
                config.hydra.mode = run_mode
                config.hydra.overrides.hydra.append(last)
        return config

    def _checked(self, *asked: Any) -> DictConfig:
        config = super().load_configuration(*asked)
        check_config(config)
        _check_formats(config)
        for name in config.hydra.job.env_copy:  # whose values are in Hydra's node by now
            hide_variable(name)
        return config

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        result = super()._load_single_config(default, repo)
        name, shipped = str(default.config_path), configs() / f"{default.config_path}.yaml"
        if is_foreign(result.path, name):
            found = set(reserved(result.config))
            if shipped.is_file():  # what is equal to it is no change
                own = replace(result, config=OmegaConf.load(shipped), header={"package": None})
                found -= set(reserved(self._embed_result_config(own, default.package).config))
            refuse(found, result.path, name)
        return result

    def _process_config_searchpath(
        self,
        config_name: str | None,
        parsed_overrides: list[Override],
        repo: CachingConfigRepository,
    ) -> None:
        primary = repo.load_config(config_name) if config_name is not None else None
        if primary is not None and is_foreign(primary.path, str(config_name)):
            found = OmegaConf.select(primary.config, "hydra.searchpath")
            refuse({("hydra.searchpath", "")} if found else set(), primary.path, str(config_name))
        super()._process_config_searchpath(config_name, parsed_overrides, repo)


def install() -> None:
    """Let Hydra make this loader in place of its own.

    >>> before = hydra_app.ConfigLoaderImpl
    >>> install()
    >>> hydra_app.ConfigLoaderImpl is CheckedLoader
    True
    >>> hydra_app.ConfigLoaderImpl = before
    """
    setattr(hydra_app, "ConfigLoaderImpl", CheckedLoader)  # noqa: B010 - it exports no such name


def loader() -> CheckedLoader:
    """Return the loader of the app that Hydra runs, or a new one of the same configs.

    >>> loader().list_groups("gate")
    ['rule']
    """
    return _made[-1] if _made else CheckedLoader(create_config_search_path(str(configs())))


def composed(words: Sequence[str]) -> DictConfig:
    """Return the config of a command line, composed apart from the app that Hydra runs.

    >>> composed(["mode=history", "seed=7"]).seed
    7
    """
    register_resolvers()
    own = CheckedLoader(create_config_search_path(str(configs())))
    return own.load_configuration("config", [*words], RunMode.RUN)


def defaults() -> DictConfig:
    """Return the config of a command without overrides.

    >>> defaults().split.n_folds
    5
    """
    register_resolvers()  # some defaults are those of the task
    return loader().load_configuration("config", [], RunMode.RUN)


def groups(source: ConfigLoaderImpl) -> dict[str, list[str]]:
    """Return the choices of every config group.

    >>> groups(loader())["tracking"]
    ['server', 'sqlite']
    """
    known = source.repository.get_group_options  # the loader's own method copies all first

    def names(parent: str = "") -> Iterator[str]:
        for name in known(parent, ObjectType.GROUP):
            yield (group := f"{parent}/{name}" if parent else str(name))
            yield from names(group)

    return {group: list(known(group, ObjectType.CONFIG)) for group in names()}


def _check_formats(config: DictConfig) -> None:
    """Raise ConfigError for a format of log lines that would print a traceback for each of them."""
    blank = logging.makeLogRecord({})
    for part in ("job_logging", "hydra_logging"):
        formatters = OmegaConf.select(config, f"hydra.{part}.formatters")
        for name, node in formatters.items() if OmegaConf.is_dict(formatters) else ():
            if not OmegaConf.is_dict(node) or {"()", "class"} & {*node}:  # fields of its own
                continue
            text = node.get("format")
            try:
                logging.Formatter(text, style=node.get("style", "%")).format(blank)
            except (AttributeError, TypeError, ValueError) as error:
                wanted = f"a format of log records in hydra.{part}.formatters.{name}"
                do = "see the attributes of Python's logging.LogRecord"
                raise ConfigError(expected(wanted, f"{text!r} ({error})", do)) from None
