"""Suggestions for a wrong command line: the right names, and the whole command corrected."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from omegaconf import DictConfig

from spaceship.cli.names import Names, takes
from spaceship.cli.overrides import command, group_of, is_sweep, parts_of
from spaceship.config.unused import UNUSED
from spaceship.spelling import FAR, distance, nearest, ranked

_COMMON = ("mode", "model", "data", "features", "gate")  # groups of a word alone, the likely first
_LATER = 0.01  # distance of the choices of each next group
_NAME = re.compile(r"[\w./-]+(?![\w./-]*\()")  # of a choice, not of a function such as choice(…)


@dataclass(frozen=True)
class Fault:
    """A word that is wrong, and what may be meant: some words in its place, the likely first."""

    wanted: str
    found: str
    better: tuple[tuple[str, ...], ...] = ()
    do: str = "see --help"
    words: int = 1  # that are replaced


@dataclass(frozen=True)
class CommandLine:
    """The words of a command, checked one by one against the names of the configs.

    Args:
        words: All of them, flags included.
        overrides: Those that are no flags, nor values of flags.
        unknown: Flags that there are not.
        flags: Those that there are.
        sweeps: Whether a word may have several values: with --multirun.

    Example:
        >>> print(CommandLine(["gate.forse=true", "seed=7"]).message())
        expected a key of the config, found gate.forse=true; did you mean gate.force=true: ...

    """

    words: Sequence[str]
    overrides: Sequence[str] | None = None
    unknown: Sequence[str] = ()
    flags: Sequence[str] = ()
    sweeps: bool = True
    names: Names = field(default_factory=Names.of_configs)

    def message(self) -> str | None:
        """Return what is wrong and the corrected command; None if every name is right."""
        faults, right, at = [], list[str](), 0
        while at < len(self.words):
            fault = self._fault(at)
            if fault is None:
                right.append(self.words[at])
            else:
                faults.append(fault)
                _add(right, fault.better[0] if fault.better else (fault.found,))
            at += fault.words if fault else 1
        if not faults:
            return None
        told = "; ".join(f"expected {one.wanted}, found {one.found}" for one in faults)
        if bad := [one for one in faults if not one.better]:
            return f"{told}; {bad[0].do}"
        meant = " ".join(_shown(one.better) for one in faults)
        return f"{told}; did you mean {meant}: {command(right)}"

    @cached_property
    def _groups(self) -> list[str]:
        """The overrides that choose, as far as their names are right or can be corrected."""
        found = []
        for word in self.words if self.overrides is None else self.overrides:
            _, key, value = parts_of(word)
            if value is not None and group_of(key) in self.names.choices:
                fault = self._choice_fault(word)
                found += [word] if fault is None else [one[0] for one in fault.better[:1]]
        return [one if "@" in one else one.lstrip("+") for one in found]

    @cached_property
    def _config(self) -> DictConfig:
        try:
            return self.names.composed(self._groups)
        except Exception:  # noqa: BLE001 - whatever else is wrong with the command line
            return self.names.composed([])

    def _fault(self, at: int) -> Fault | None:
        """Return what is wrong with a word, None if nothing is."""
        word, rest = self.words[at], self.words[at + 1 :]
        following = rest[0] if rest and "=" not in rest[0] and not rest[0].startswith("-") else None
        if word in self.unknown:
            return self._flag_fault(word, following)
        if self.overrides is not None and word not in self.overrides:
            return None
        prefix, key, value = parts_of(word)
        if value is None and prefix != "~":
            return self._word_fault(word, following)
        if not self.sweeps and is_sweep(word):
            return Fault("one value, or --multirun (-m)", word, (("-m", word),))
        if group_of(key) not in self.names.choices:
            return self._key_fault(word)
        return self._package_fault(word) or self._choice_fault(word)

    def _flag_fault(self, word: str, following: str | None) -> Fault:
        """Return the fault of an unknown flag: it may be a key, a choice or another flag."""
        name, _, value = word.lstrip("-").partition("=")
        known = [one.lstrip("-") for one in self.flags]
        flags = {f"--{one}": distance(name, one) for one in known}
        flag = next(iter(ranked({one: far for one, far in flags.items() if far < FAR})), None)
        if flag is not None and flags[flag] <= 1 and name not in self.names.choices:
            return Fault("a flag", word, ((flag + ("=" + value if value else ""),),))
        key = name.replace("-", "_")
        own = value or following
        words = 1 if value else 2
        if own is not None and self._has(key):
            override = self._corrected(f"{key}={own}")
            return Fault("KEY=VALUE", _joined(word, own, words), (override,), words=words)
        if own is not None and (near := self.names.keys_near(key, self._groups, self._config)):
            better = tuple(self._corrected(f"{one.name}={own}") for one in near)
            return Fault("KEY=VALUE", _joined(word, own, words), better, words=words)
        return replace(self._word_fault(key, None), found=word, wanted="a flag or KEY=VALUE")

    def _word_fault(self, word: str, following: str | None) -> Fault:
        """Return the fault of a word without `=`: a key before its value, or a choice."""
        if following is not None and self._has(word):
            found, better = f"{word} {following}", self._corrected(f"{word}={following}")
            return Fault("KEY=VALUE", found, (better,), words=2)
        if self._has(word):
            known = self._choices(word) if word in self.names.choices else []
            some = f", one of {', '.join(known)}" if known else ""
            return Fault("KEY=VALUE", word, do=f"give it a value: {word}=VALUE{some}")
        far = {
            f"{group}={choice}": number
            for group in self._common()
            for choice in self._choices(group)
            if (number := distance(word, choice) + _LATER * self._rank(group)) < FAR
        }
        return Fault("KEY=VALUE", word, tuple((one,) for one in ranked(far)))

    def _key_fault(self, word: str) -> Fault | None:
        """Return the fault of an override of a value, None if the config takes it."""
        prefix, key, value = parts_of(word)
        there = takes(self._config, key)
        if prefix == "++" or there != (prefix == "+"):
            return None
        if there:
            return Fault("no + before a key that is there", word, ((word.lstrip("+"),),))
        near = self.names.keys_near(key, self._groups, self._config, nodes=prefix == "~")
        near = sorted(near, key=lambda one: not self._may_be(one.name, value))
        end = "" if value is None else f"={value}"
        better = tuple(
            (
                *([one.needs] if one.needs else []),
                *self._corrected(f"{prefix or ''}{one.name}{end}"),
            )
            for one in near
        )
        do = "see --keys"
        if takes(self._config, f"{key.rpartition('.')[0]}._target_"):  # of a class
            do += f"; if the class takes this argument, add it with +: {shlex.quote('+' + word)}"
        return Fault("a key of the config", word, better, do)

    def _may_be(self, name: str, value: str | None) -> bool:
        """Return whether a name is no group's, or that of a group with a choice like a value."""
        known = self._choices(name) if name in self.names.choices else None
        return known is None or value is None or bool(nearest(value, known))

    def _package_fault(self, word: str) -> Fault | None:
        """Return the fault of a group's package, or of a + before a group that is chosen."""
        prefix, key, value = parts_of(word)
        adds = prefix in ("+", "++")
        others = [one for one in self._groups if not one.startswith("+")]
        config = self.names.composed(others) if adds and "@" in key else self._config
        chosen = config.hydra.runtime.choices
        if adds and key in chosen:
            return Fault("no + before a group", word, (self._corrected(word.lstrip("+")),))
        if adds or "@" not in key or key in chosen:
            return None
        end = "" if value is None else f"={value}"
        near = nearest(key, [str(one) for one in chosen if "@" in one])
        better = [self._corrected(f"{prefix or ''}{one}{end}") for one in near]
        return Fault("a group and its place", word, (*better, (f"+{word}",)))

    def _choice_fault(self, word: str) -> Fault | None:
        """Return the fault of a group's override: the first choice that there is not."""
        prefix, key, value = parts_of(word)
        group = group_of(key)
        if value is None or "${" in value:
            return None
        for name in _NAME.findall(value):
            parent, _, last = f"{group}/{name}".rpartition("/")
            known = self.names.choices.get(parent, [])
            if last in known or name == "null":
                continue
            near = nearest(name, self._choices(group))
            at = re.compile(rf"(?<![\w./-]){re.escape(name)}(?![\w./-])")
            better = tuple((f"{prefix or ''}{key}={at.sub(one, value, count=1)}",) for one in near)
            some = ", ".join(self._choices(group))
            return Fault(f"a choice of {group}", word, better, f"choose one of {some}")
        return None

    def _corrected(self, word: str) -> tuple[str, ...]:
        """Return an override with its choice corrected, too."""
        _, key, _ = parts_of(word)
        if key.partition("@")[0] in self.names.choices:
            fault = self._choice_fault(word)
            if fault is not None and fault.better:
                return fault.better[0]
        return (word,)

    def _has(self, key: str) -> bool:
        return key in self.names.choices or takes(self._config, key)

    def _choices(self, group: str) -> list[str]:
        return [one for one in self.names.choices[group] if one != UNUSED]

    def _common(self) -> Iterator[str]:
        """Yield the groups that a word alone may choose from."""
        chosen = self._config.hydra.runtime.choices
        yield from (one for one in self.names.choices if one in chosen and one != "local")

    def _rank(self, group: str) -> int:
        return _COMMON.index(group) if group in _COMMON else len(_COMMON)


def _add(words: list[str], better: Sequence[str]) -> None:
    """Add words to a command, each group chosen once."""
    for one in better:
        group = one.partition("=")[0]
        words[:] = [word for word in words if word.partition("=")[0] != group]
        words.append(one)


def _joined(word: str, value: str, words: int) -> str:
    return word if words == 1 else f"{word} {value}"


def _shown(better: Sequence[Sequence[str]]) -> str:
    first, *others = (shlex.join(one) for one in better)
    return f"{first} (or {', or '.join(others)})" if others else first
