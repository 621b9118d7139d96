"""Faults of overrides: keys, groups, places and choices that do not exist."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from spaceship.cli.names import Composed, Names, Suggestion
from spaceship.cli.overrides import group_of, is_sweep, meant_what_if, parts_of
from spaceship.cli.variants import Variants
from spaceship.config.nodes import is_study
from spaceship.config.spelling import nearest
from spaceship.config.unused import UNUSED
from spaceship.text import shell_line

_NAME = re.compile(r"[\w./-]+(?![\w./-]*\()")  # of a choice, not of a function such as choice(…)


@dataclass(frozen=True)
class Fault:
    """A wrong word, and the words that may be meant, the likeliest first."""

    wanted: str
    found: str
    better: tuple[tuple[str, ...], ...] = ()
    do: str = "see --help"
    words: int = 1  # that are replaced

    @property
    def shown(self) -> str:
        """What may be meant, the likely first.

        >>> Fault("a mode", "mode=trian", (("mode=train",), ("mode=tune",))).shown
        'mode=train (or mode=tune)'
        """
        first, *others = (shell_line(one) for one in self.better)
        return f"{first} (or {', or '.join(others)})" if others else first


@dataclass(frozen=True)
class Overrides:
    """The overrides of a command, each judged by the configs that all of them ask for.

    >>> fault = Overrides(["gate.forse=true"], Names.of_configs()).key_fault("gate.forse=true")
    >>> fault.better
    (('gate.force=true',),)
    """

    words: Sequence[str]
    names: Names

    @cached_property
    def _chosen(self) -> list[str] | None:
        """The overrides that choose, corrected if they can be; None if one is like no choice."""
        found = []
        for word in self.words:
            _, key, value = parts_of(word)
            if value is not None and group_of(key) in self.names.choices:
                fault = self.choice_fault(word)
                if fault is not None and not fault.better:
                    return None
                found.append(word if fault is None else fault.better[0][0])
        return [one if "@" in one else one.lstrip("+") for one in found]

    @cached_property
    def _plain(self) -> Variants | None:
        """The configs without the groups that the command line puts into places of its own."""
        return self._composed([one for one in self._chosen or () if "@" not in one])

    @cached_property
    def _known(self) -> Variants:
        return self._plain or Variants(self.names, [])

    @cached_property
    def _variants(self) -> Variants | None:
        """The configs that keys are judged by; None if they are not known."""
        if self._chosen is None or not any("@" in one for one in self._chosen):
            return None if self._chosen is None else self._plain
        faults = {one: self.package_fault(one) if "@" in one else None for one in self._chosen}
        return self._composed(
            [word if fault is None else fault.better[0][-1] for word, fault in faults.items()]
        )

    def _composed(self, chosen: Sequence[str]) -> Variants | None:
        try:
            made = Variants(self.names, chosen)
            _ = made.all
        except Exception:  # noqa: BLE001 - whatever else is wrong with the command line
            return None
        return made

    @property
    def config(self) -> Composed:
        """The first of the configs, as far as they are known."""
        return (self._variants or self._known).first

    def fault(self, word: str) -> Fault | None:
        """Return the fault of an override, of a group or of a value; None if there is none."""
        if group_of(parts_of(word)[1]) not in self.names.choices:
            return self.key_fault(word)
        return self.package_fault(word) or self.choice_fault(word)

    def key_fault(self, word: str) -> Fault | None:
        """Return the fault of an override of a value, None if the config takes it."""
        prefix, key, value = parts_of(word)
        if prefix == "++" or self._variants is None:
            return None
        there = any(one.takes(key) for one in self._variants.all)
        if there and (lacking := self._lacking(word, self._variants, lambda one: one.takes(key))):
            return lacking
        if there != (prefix == "+"):
            return None
        if there:
            return Fault("no + before a key that is there", word, ((word.lstrip("+"),),))
        what_if = meant_what_if(key)
        near = self.keys_near(key, value, nodes=prefix == "~")
        near = [Suggestion(what_if)] if what_if else near
        end = "" if value is None else f"={value}"
        better = tuple(
            (*one.needs, *self.corrected(f"{prefix or ''}{one.name}{end}")) for one in near
        )
        groups = [one for one in self.keys_near(key, None) if not near and "@" not in one.name]
        do = "see --keys"
        if groups:  # that have no such choice
            do = f"did you mean {' or '.join(f'{one.name}=CHOICE' for one in groups)}: see --help"
        if self.config.takes(f"{key.rpartition('.')[0]}._target_"):  # of a class
            do += f"; if the class takes this argument, add it with +: {shlex.quote('+' + word)}"
        return Fault("a key of the config", word, better, do)

    def keys_near(self, key: str, value: str | None, *, nodes: bool = False) -> list[Suggestion]:
        """Return keys near to a wrong one, with what the groups have to be for them.

        A group is left out if the value is like none of its choices.
        """
        known = self._variants or self._known
        found = []
        for one in self.names.keys_near(key, self._chosen or (), known.all, nodes=nodes):
            splits = known.splits(partial(Composed.takes, key=one.name))
            needs = one.needs or tuple(split.word for split in splits)
            found.append(replace(one, needs=needs))
        return [one for one in found if self._may_be(one.name, value)]

    def _lacking(self, word: str, known: Variants, has: Callable[[Composed], bool]) -> Fault | None:
        """Return the fault of a name that some choices of a swept group have, others not."""
        splits = known.splits(has)
        if not splits or (is_study(known.first.config.hydra) and is_sweep(word)):
            return None
        groups = " and ".join(one.group for one in splits)
        lacking = ", ".join(name for one in splits for name in one.lacking)
        better = (*(one.word for one in splits), word)
        found = f"{word}, which is not there with {lacking}"
        return Fault(f"a name that every choice of {groups} has", found, (better,))

    def _may_be(self, name: str, value: str | None) -> bool:
        """Return whether a name is no group's, or that of a group with choices like a value's."""
        if value is None or group_of(name) not in self.names.choices:
            return True
        fault = self.choice_fault(f"{name}={value}")
        return fault is None or bool(fault.better)

    def package_fault(self, word: str) -> Fault | None:
        """Return the fault of a group's package, or of a + before a group that is chosen."""
        prefix, key, value = parts_of(word)
        adds = prefix in ("+", "++")
        known = self._known
        chosen = [name for one in known.all for name in one.choices]
        if adds and key in chosen:
            return Fault("no + before a group", word, (self.corrected(word.lstrip("+")),))
        if adds or "@" not in key:
            return None
        if key in chosen:
            return self._lacking(word, known, lambda one: key in one.choices)
        end = "" if value is None else f"={value}"
        near = nearest(key, [one for one in dict.fromkeys(chosen) if "@" in one])
        better = [self.corrected(f"{prefix or ''}{one}{end}") for one in near]
        better.append((f"+{word}",))
        if key.endswith(f".{value}"):  # a place that fits the choice, but is not there yet
            better.reverse()
        return Fault("a group and its place", word, tuple(better))

    def choice_fault(self, word: str) -> Fault | None:
        """Return the fault of a group's override: the first unknown choice."""
        prefix, key, value = parts_of(word)
        group = group_of(key)
        if value is None or "${" in value:
            return None
        for name in _NAME.findall(value):
            parent, _, last = f"{group}/{name}".rpartition("/")
            known = self.names.choices.get(parent, [])
            if last in known or name == "null":
                continue
            near = nearest(name, self.choices(group))
            at = re.compile(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])")
            better = tuple((f"{prefix or ''}{key}={at.sub(one, value, count=1)}",) for one in near)
            do = f"choose one of {', '.join(self.choices(group))}"
            if group == "task":
                do += f", or write it: mode=init task.name={name} data.train=FILE task.label=COLUMN"
            return Fault(f"a choice of {group}", word, better, do)
        return None

    def corrected(self, word: str) -> tuple[str, ...]:
        """Return an override with its choice corrected, too."""
        _, key, _ = parts_of(word)
        if key.partition("@")[0] in self.names.choices:
            fault = self.choice_fault(word)
            if fault is not None and fault.better:
                return fault.better[0]
        return (word,)

    def has(self, key: str) -> bool:
        """Return whether a name is that of a group or of a key."""
        return key in self.names.choices or self.config.takes(key)

    def choices(self, group: str) -> list[str]:
        """Return the choices that a user has."""
        return [one for one in self.names.choices[group] if one != UNUSED]
