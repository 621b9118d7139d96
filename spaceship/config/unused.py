"""The choice `unused` of groups that a mode makes no use of: no YAML of theirs is read.

A file in `configs/model` that is renamed or broken ends no `mode=history`. Overrides such as
`model.estimator.C=1` are taken and have no effect, so that one command line fits every mode.
"""

from collections.abc import Mapping

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

UNUSED = "unused"
_GROUPS = ("model", "features", "split", "gate", "engine")


def register_unused() -> None:
    """Make `unused` a choice of each group that a mode can do without.

    >>> register_unused()
    >>> ConfigStore.instance().load("model/unused.yaml").node
    {'unused': True}
    """
    for group in _GROUPS:
        node = DictConfig({UNUSED: True}, flags={"struct": False})
        ConfigStore.instance().store(UNUSED, node, group)


def is_unused(node: object) -> bool:
    """Return whether a node is of a group that the mode makes no use of.

    >>> is_unused({"unused": True}), is_unused({"n_folds": 5})
    (True, False)
    """
    return isinstance(node, Mapping) and node.get(UNUSED) is True
