"""Config nodes: what `data=`, `features=`, `model=` and `gate=` chose, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spaceship.config.build import resolved
from spaceship.config.secrets import loggable
from spaceship.config.unused import UNUSED, is_unused
from spaceship.errors import ConfigError, expected

_SWEEPER = "hydra_plugins.spaceship_optuna."


def is_study(hydra: Mapping[str, Any]) -> bool:
    """Return whether a multirun is a sweep of this project's own sweeper, by Hydra's node.

    >>> is_study({"sweeper": None})
    False
    """
    sweeper = hydra["sweeper"]
    return str(sweeper.get("_target_") if sweeper else None).startswith(_SWEEPER)


@dataclass(frozen=True, eq=False)
class Nodes:
    """The nodes of one job's config, with and without their interpolations.

    >>> nodes = Nodes(OmegaConf.create({"seed": 7, "model": {"random_state": "${seed}"}}))
    >>> nodes.plain("model"), nodes.resolved("model")
    ({'random_state': '${seed}'}, {'random_state': 7})
    """

    _cfg: DictConfig

    def choice(self, group: str) -> str:
        """Return the name that was chosen in a group, as far as Hydra's own node tells."""
        from hydra.core.hydra_config import HydraConfig

        chosen = OmegaConf.select(self._cfg, f"hydra.runtime.choices.{group}")
        if chosen is None and HydraConfig.initialized():
            chosen = HydraConfig.get().runtime.choices.get(group)
        return str(chosen or group)

    def plain(self, name: str) -> Any:
        """Return a node as it is written, interpolations and all."""
        node = self._node(name)
        if isinstance(node, DictConfig):
            return OmegaConf.to_container(node, resolve=False)
        return node

    def resolved(self, name: str) -> Any:
        """Return a node with its interpolations resolved.

        Raise ConfigError if one leads nowhere, or the node was chosen to be unused.
        """
        return resolved(self._node(name))

    def setting(self, key: str) -> object:
        """Return the value of a dotted key, None where there is none."""
        return OmegaConf.select(self._cfg, key)

    def switch(self, key: str, *, default: bool) -> bool:
        """Return a switch by its dotted key; raise ConfigError if it is neither true nor false."""
        value = self.setting(key)
        if value not in (True, False, None):
            raise ConfigError(expected(f"{key}=true or false", repr(value), "change it"))
        return default if value is None else value is True

    def loggable(self) -> dict[str, object]:
        """Return the resolved config without Hydra's node and without secrets."""
        names = [str(key) for key in self._cfg if key != "hydra"]
        return loggable(OmegaConf.masked_copy(self._cfg, names))

    def resolved_values(self, plain: Mapping[str, object]) -> dict[str, object]:
        """Return plain values, their interpolations resolved against this job's config."""
        return dict(resolved(OmegaConf.create(dict(plain), parent=self._cfg)))

    def _node(self, name: str) -> object:
        node = self._cfg.get(name)
        if is_unused(node):
            found = f"{name}={UNUSED}, for modes that do without"
            raise ConfigError(expected(f"one of configs/{name}", found, f"choose one: {name}=NAME"))
        return node


def check_features(node: Mapping[str, object], task: str) -> None:
    """Raise ConfigError if a feature set is made for another task than the one named.

    >>> check_features({"_target_": "spaceship.features.raw.RawFeatures"}, "churn")
    """
    module = str(node.get("_target_", "")).split(".")
    own = module[2] if module[:2] == ["spaceship", "task"] else task
    if own != task:
        wanted = f"features made for any task, or for task={task}"
        found = f"{module[-2]}, made for task={own}"
        raise ConfigError(expected(wanted, found, "choose features=table or features=raw"))
