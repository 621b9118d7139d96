"""Configs of a command line: in a multirun one for each choice of a swept group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from spaceship.cli.names import Composed, Names
from spaceship.cli.overrides import choices_of, parts_of


@dataclass(frozen=True)
class Split:
    """A swept group of which only some choices have the wanted name."""

    group: str
    word: str  # that sweeps those alone
    lacking: tuple[str, ...]  # overrides of the others


class Variants:
    """Configs of the jobs that a command line asks for; the first has the first choices.

    >>> some = Variants(Names.of_configs(), ["model=lgbm,svm", "gate=off"])
    >>> some.splits(lambda config: config.takes("model.estimator.num_leaves"))
    [Split(group='model', word='model=lgbm', lacking=('model=svm',))]
    """

    def __init__(self, names: Names, chosen: Sequence[str]) -> None:
        """Compose the first config; it raises what Hydra raises if there is none."""
        self._names = names
        self._choices = {word: choices_of(word) for word in chosen}
        self._firsts = {word: each[0] for word, each in self._choices.items()}
        self.first = names.composed([*self._firsts.values()])

    @cached_property
    def all(self) -> list[Composed]:
        """The first config, and every one that differs from it by one choice."""
        others = [one for each in self._by_choice.values() for one in [*each.values()][1:]]
        return [self.first, *others]

    def splits(self, has: Callable[[Composed], bool]) -> list[Split]:
        """Return the swept groups of whose choices some have what a function finds, not all."""
        found = []
        for word, configs in self._by_choice.items():
            having = [one for one, config in configs.items() if has(config)]
            if 0 < len(having) < len(configs):
                key = parts_of(word)[1]
                values = ",".join(one.partition("=")[2] for one in having)
                lacking = tuple(one for one in configs if one not in having)
                quote = '"' if '"' in word and "," in values else ""
                found.append(Split(key, f"{key}={quote}{values}{quote}", lacking))
        return found

    @cached_property
    def _by_choice(self) -> dict[str, dict[str, Composed]]:
        """The configs of the choices of each swept group, the other groups at their first."""
        return {
            word: {
                one: self.first
                if one == each[0]
                else self._names.composed([*(self._firsts | {word: one}).values()])
                for one in each
            }
            for word, each in self._choices.items()
            if len(each) > 1
        }
