"""Names that a command line may use: groups, their choices, and keys of all choices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, OmegaConf

from spaceship.cli.overrides import PARAMS
from spaceship.config._upstream import ConfigLoaderImpl
from spaceship.config.loader import groups, loader
from spaceship.config.resolvers import register_resolvers
from spaceship.config.spelling import FAR, distance, ranked, slips

_OTHER_CHOICE = 1.0  # distance of a key that exists with another choice of a group
_SAME_END = 1.5  # of a key that ends the same, elsewhere
_DEEPER = 0.05  # for each node more around a key
_INNER = frozenset({"search_space", "fallback", "start"})  # nodes that are set by choosing a model
_MANY = "gate/rule"  # group of which any number is chosen, each in the node of its own name


@dataclass(frozen=True)
class Suggestion:
    """A right name in place of a wrong one, and the overrides that make it right."""

    name: str
    needs: tuple[str, ...] = ()  # such as model=lgbm


@dataclass(frozen=True)
class Composed:
    """A config, or a node of one, by which the keys of a command line are judged.

    >>> closed = Composed(OmegaConf.create({"gate": {"force": False}}, flags={"struct": True}))
    >>> closed.takes("gate.force"), closed.takes("gate.forse"), [*closed.names()]
    (True, False, ['gate.force'])
    """

    config: DictConfig

    @property
    def choices(self) -> dict[str, str]:
        """The choice of each group that Hydra has composed, by its place."""
        return {str(group): choice for group, choice in self.config.hydra.runtime.choices.items()}

    def takes(self, key: str) -> bool:
        """Return whether the config takes a value for a key."""
        node: object = self.config
        for part in key.replace("[", ".").replace("]", "").split("."):
            if isinstance(node, ListConfig):
                return True
            if not isinstance(node, DictConfig):
                return False
            if part not in node.keys():  # noqa: SIM118 - those without a value count
                return not OmegaConf.is_struct(node)
            if OmegaConf.is_interpolation(node, part):
                return True
            node = Composed(node).value(part)
        return True

    def names(self, within: str = "", *, nodes: bool = False) -> Iterator[str]:
        """Yield the dotted keys that hold values, and those of nodes if they are wanted."""
        for name in map(str, self.config):
            value = self.value(name)
            if isinstance(value, DictConfig):
                yield from [f"{within}{name}"] if nodes else []
                yield from Composed(value).names(f"{within}{name}.", nodes=nodes)
            elif name != "_target_":
                yield f"{within}{name}"

    def value(self, name: str) -> object:
        """Return a value; None if it is missing or refers to another one."""
        node = self.config
        is_open = OmegaConf.is_missing(node, name) or OmegaConf.is_interpolation(node, name)
        return None if is_open else node[name]


class Names:
    """Every name that the configs know.

    >>> names = Names.of_configs()
    >>> names.choices["split"], names.keys_near("gate.forse", [])[0].name
    (['hash', 'time', 'unused'], 'gate.force')
    """

    def __init__(self, source: ConfigLoaderImpl) -> None:
        self._loader = source

    @classmethod
    def of_configs(cls) -> "Names":
        """Return the names of the configs that this process reads."""
        register_resolvers()  # some choices are those of the task
        return cls(loader())

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """The choices of every group."""
        return groups(self._loader)

    def composed(self, overrides: Sequence[str]) -> "Composed":
        """Return the config with these groups chosen, sweeps left out."""
        made = self._loader.load_configuration("config", [*overrides], RunMode.MULTIRUN)
        return Composed(made)

    def file_of_param(self, key: str, value: object, config: "Composed") -> str:
        """Return the file of a config that gives a key of `hydra.sweeper.params` its value."""
        for name in [*(f"{group}/{choice}" for group, choice in config.choices.items()), "config"]:
            found = self._loader.repository.load_config(name)
            params = found and OmegaConf.select(found.config, "hydra.sweeper.params")
            given: Any = OmegaConf.to_container(params, resolve=False) if params else {}
            if found is not None and given.get(key) == value:
                return f"{found.path.removeprefix('file://')}/{name}.yaml"
        return "its YAML file"

    def keys_near(
        self,
        found: str,
        overrides: Sequence[str],
        configs: Sequence["Composed"] = (),
        *,
        nodes: bool = False,
    ) -> list[Suggestion]:
        """Return keys near to a wrong one; one that exists with another choice needs an override.

        The overrides choose groups; `configs` are what they give, if composed already: one for each
        swept choice. With `nodes` keys with keys below them count, as those that ~ deletes.
        """
        composed = configs or [self.composed(overrides)]
        typed = {one.partition("=")[0].lstrip("+") for one in overrides}
        present = {
            key: None
            for one in composed
            for key in (*one.names(nodes=nodes), *self.choices, *one.choices)
            if not key.startswith(PARAMS)  # a wrong one there is like itself
        }
        far = {key: _key_distance(found, key) for key in present}
        needs: dict[str, str] = {}
        if min(far.values()) > 1:  # else the slip is found
            for override, key in self._elsewhere():
                more = _OTHER_CHOICE * (1 + (override.partition("=")[0] in typed))
                if key not in present and (new := _key_distance(found, key) + more) < FAR:
                    needs[key] = override if new < far.get(key, FAR) else needs[key]
                    far[key] = min(new, far.get(key, FAR))
        best = ranked({key: number for key, number in far.items() if number < FAR})
        return [Suggestion(key, (needs[key],) if needs.get(key) else ()) for key in best]

    def _elsewhere(self) -> Iterator[tuple[str, str]]:
        """Yield an override and a key that exists with it."""
        for group, choices in self.choices.items():
            for choice in choices:
                result = self._loader.repository.load_config(f"{group}/{choice}")
                if result is None or not isinstance(result.config, DictConfig):
                    continue
                package = (result.header.get("package") or group).replace("/", ".")
                needs, within = f"{group}={choice}", f"{package}."
                if group == _MANY:
                    parent = group.partition("/")[0]
                    needs, within = f"+{group}@{parent}.{choice}={choice}", f"{parent}.{choice}."
                elif package == "_global_":
                    within = ""
                yield from ((needs, f"{within}{key}") for key in Composed(result.config).names())


def _key_distance(found: str, known: str) -> float:
    """Return the distance of two keys: of all letters, of both ends, or of the last parts."""
    if (whole := slips(found, known, 1)) <= 1:
        return whole
    if not _INNER.isdisjoint(known.split(".")):
        return FAR
    (ours, end), (theirs, known_end) = _split(found), _split(known)
    deeper = _DEEPER * max(0, known.count(".") - found.count("."))
    last = distance(end, known_end) + deeper
    if not theirs:  # a section or a setting beside them
        return last if not ours else FAR
    if (parents := distance(ours, theirs)) < FAR:
        return last + parents
    first = distance(ours.partition(".")[0], theirs.partition(".")[0]) if ours else _SAME_END / 3
    return last + _SAME_END + first


def _split(key: str) -> tuple[str, str]:
    before, _, end = key.rpartition(".")
    return before, end
