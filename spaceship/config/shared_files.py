"""Shared YAML files, which somebody else wrote: the keys that they may not set.

A file is somebody else's unless it is shipped or lies in `./configs` outside of `experiment/`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from omegaconf import Container, OmegaConf

from spaceship.config.installation import configs
from spaceship.errors import ConfigError, expected

_PLACES = (
    *("paths.outputs", "inference.output", "history.output", "leaderboard.output"),
    *("compare.output", "report.output", "reproduce.output"),
    *("tracking.uri", "tracking.artifacts", "mode._target_", "engine.address"),
    *("clean.dry_run", "inference.overwrite", "inference.submit", "task.overwrite"),
    *("gate.force", "gate.reseal", "gate.may_promote"),
)
"""Keys that say where files are written, where data are sent, and what cannot be undone."""
_WRITING = (".allow_writing_files", ".estimator.download")
"""Endings of switches of models that write files: CatBoost's folder, weights from the network."""
_SWEEPER = ("storage", "custom_search_space", "search_space")
"""Settings of the sweeper that name a place, a function, or nodes that become overrides."""


def reserved(config: Container) -> list[tuple[str, str]]:
    """Return the keys, with their values, that only the user may set: places, and what runs.

    >>> shared = {"seed": 7, "paths": {"outputs": "/etc"}, "hydra": {"run": {"dir": "/etc"}}}
    >>> reserved(OmegaConf.create(shared))
    [('paths.outputs', '/etc'), ('hydra.run.dir', '/etc')]
    """
    plain = OmegaConf.to_container(config, resolve=False)
    return [(key, str(value)) for key, value in _leaves(plain) if _is_reserved(key, value)]


def is_foreign(source: str, name: str) -> bool:
    """Return whether a file is somebody else's, by the address of its folder and its name.

    >>> is_foreign("file:///shared", "experiment/best")
    True
    """
    scheme, _, folder = source.partition("://")
    if scheme != "file" or folder == str(configs()):
        return False
    return folder != str(Path.cwd() / "configs") or name.startswith("experiment/")


def refuse(found: set[tuple[str, str]], source: str, name: str) -> None:
    """Raise ConfigError that names the keys found in a shared file, if there are any.

    >>> refuse(set(), "file:///shared", "experiment/best")
    """
    if found:
        keys = ", ".join(sorted({".".join(key.split(".")[:3]) for key, _ in found}))
        file = f"{source.removeprefix('file://')}/{name}.yaml"
        do = "take it out; if you want it, type it on the command line or write it into "
        do += "./configs/local/default.yaml"
        wanted = "a shared file to set no file, place or program"
        raise ConfigError(expected(wanted, f"{keys} in {file}", do))


def _is_reserved(key: str, value: object) -> bool:
    """Return whether a file from somebody else may not set a key to a value."""
    if key.partition(".")[0] == "hydra":
        return value is not None and _is_hydras(key, value)
    if key.endswith(_WRITING):
        return value is not False
    nested = (f"{key}.".startswith(f"{place}.") for place in _PLACES)
    return any(nested) or any(place.startswith(f"{key}.") for place in _PLACES)


def _is_hydras(key: str, value: object) -> bool:
    """Return the same for a key of Hydra's node: of it, a file may set sweeps and their sizes."""
    part, name, *rest = [*key.split(".")[1:], "", ""]
    if part == "launcher":
        return not isinstance(value, int | float)  # text and lists may be commands of a cluster
    if part != "sweeper" or not name:
        return part not in ("mode", "verbose")
    if name == "params":  # overrides of the jobs
        return not rest or _is_reserved(".".join(rest).strip(".").lstrip("+~"), value)
    late = "${" in str(value) and rest[:1] != ["seed"]  # may become a class after the check
    return name in _SWEEPER or (name in ("sampler", "pruner") and late)


def _leaves(node: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, node
