"""Suggestions for a wrong command line: the right names, and the whole command corrected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from omegaconf import OmegaConf

from spaceship.cli.faults import Fault, Overrides
from spaceship.cli.names import Names
from spaceship.cli.overrides import PARAMS, command, group_of, is_sweep, parts_of
from spaceship.config.spelling import FAR, distance, ranked
from spaceship.errors import expected

_COMMON = ("mode", "model", "data", "features", "gate")  # groups of a word alone, the likely first
_LATER = 0.01  # distance of the choices of each next group


@dataclass(frozen=True)
class CommandLine:
    """The words of a command, checked one by one against the names of the configs.

    >>> print(CommandLine(["gate.forse=true", "seed=7"]).message())
    expected a key of the config, found gate.forse=true; did you mean gate.force=true: ...
    """

    words: Sequence[str]  # flags included
    overrides: Sequence[str] | None = None  # those that are no flags, nor values of flags
    unknown: Sequence[str] = ()  # flags that there are not
    flags: Sequence[str] = ()  # those that there are
    sweeps: bool = True  # whether a word may have several values: with --multirun
    names: Names = field(default_factory=Names.of_configs)

    def message(self) -> str | None:
        """Return what is wrong and the corrected command; None if every name is right."""
        faults, right, at = [], list[Sequence[str]](), 0
        while at < len(self.words):
            fault = self._fault(at)
            if fault is not None:
                faults.append(fault)
            right.append(fault.better[0] if fault and fault.better else (self.words[at],))
            at += fault.words if fault else 1
        if not faults:
            return None
        told = "; ".join(f"expected {one.wanted}, found {one.found}" for one in faults)
        if bad := [one for one in faults if not one.better]:
            return f"{told}; {bad[0].do}"
        meant = " ".join(one.shown for one in faults)
        better = [word for one in faults for word in one.better[0]]
        return f"{told}; did you mean {meant}: {command(self._merged(right, better))}"

    def swept_message(self) -> str | None:
        """Return what is wrong with a YAML's `hydra.sweeper.params`, and where; None if nothing."""
        config, own = self._own.config, self._own.words
        node = OmegaConf.select(config.config, PARAMS.rstrip("."))
        params: Any = OmegaConf.to_container(node, resolve=True) if node else {}
        typed = {parts_of(word)[1] for word in own}
        swept = {key: f"{key}={value}" for key, value in params.items() if key not in typed}
        judged = Overrides([*swept.values(), *own], self.names)
        for key, word in swept.items():
            if (fault := judged.fault(word)) is not None:
                place = self.names.file_of_param(key, params[key], config)
                do = f"did you mean {fault.shown}: mend" if fault.better else f"{fault.do}; mend"
                found = f"{fault.found} in hydra.sweeper.params"
                return expected(fault.wanted, found, f"{do} {place}")
        return None

    def _merged(self, parts: Sequence[Sequence[str]], better: Sequence[str]) -> list[str]:
        """Return the words of a command; what a correction chooses for a group is chosen alone."""
        keys = {one: one.partition("=")[0].lstrip("+") for one in better}
        meant = {key: one for one, key in keys.items() if group_of(key) in self.names.choices}
        found = list[str]()
        for word in (word for part in parts for word in part):
            key = word.partition("=")[0].lstrip("+")
            if (new := meant.get(key, word)) not in found or (key not in meant and new != "-m"):
                found.append(new)
        return found

    @cached_property
    def _own(self) -> Overrides:
        return Overrides(self.words if self.overrides is None else self.overrides, self.names)

    def _fault(self, at: int) -> Fault | None:
        """Return what is wrong with a word, None if nothing is."""
        word, rest = self.words[at], self.words[at + 1 :]
        following = rest[0] if rest and "=" not in rest[0] and not rest[0].startswith("-") else None
        if word in self.unknown:
            return self._flag_fault(word, following)
        if self.overrides is not None and word not in self.overrides:
            return None
        prefix, _, value = parts_of(word)
        if value is None and prefix != "~":
            return self._word_fault(word, following)
        if not self.sweeps and is_sweep(word):
            return Fault("one value, or --multirun (-m)", word, (("-m", word),))
        return self._own.fault(word)

    def _flag_fault(self, word: str, following: str | None) -> Fault:
        """Return the fault of an unknown flag: it may be a key, a choice or another flag."""
        name, _, value = word.lstrip("-").partition("=")
        if not value and name in self._own.choices("mode"):
            return replace(_mode_fault(name), found=word, wanted="a flag or KEY=VALUE")
        known = [one.lstrip("-") for one in self.flags]
        flags = {f"--{one}": distance(name, one) for one in known}
        flag = next(iter(ranked({one: far for one, far in flags.items() if far < FAR})), None)
        if flag is not None and flags[flag] <= 1 and name not in self.names.choices:
            return Fault("a flag", word, ((flag + ("=" + value if value else ""),),))
        key = name.replace("-", "_")
        own = value or following
        words = 1 if value else 2
        if own is not None and self._own.has(key):
            override = self._own.corrected(f"{key}={own}")
            return Fault("KEY=VALUE", _joined(word, own, words), (override,), words=words)
        if own is not None and (near := self._own.keys_near(key, own)):
            better = tuple((*one.needs, *self._own.corrected(f"{one.name}={own}")) for one in near)
            return Fault("KEY=VALUE", _joined(word, own, words), better, words=words)
        return replace(self._word_fault(key, None), found=word, wanted="a flag or KEY=VALUE")

    def _word_fault(self, word: str, following: str | None) -> Fault:
        """Return the fault of a word without `=`: a mode, a key before its value, or a choice."""
        if word in self._own.choices("mode"):  # though a section of the config may have its name
            return _mode_fault(word)
        if following is not None and self._own.has(word):
            found, better = f"{word} {following}", self._own.corrected(f"{word}={following}")
            return Fault("KEY=VALUE", found, (better,), words=2)
        if self._own.has(word):
            known = self._own.choices(word) if word in self.names.choices else []
            some = f", one of {', '.join(known)}" if known else ""
            return Fault("KEY=VALUE", word, do=f"give it a value: {word}=VALUE{some}")
        far = {
            f"{group}={choice}": number
            for group in self._common()
            for choice in self._own.choices(group)
            if (number := distance(word, choice) + _LATER * self._rank(group)) < FAR
        }
        return Fault("KEY=VALUE", word, tuple((one,) for one in ranked(far)))

    def _common(self) -> Iterator[str]:
        """Yield the groups that a word alone may choose from."""
        chosen = self._own.config.choices
        yield from (one for one in self.names.choices if one in chosen and one != "local")

    def _rank(self, group: str) -> int:
        return _COMMON.index(group) if group in _COMMON else len(_COMMON)


def _mode_fault(name: str) -> Fault:
    return Fault("KEY=VALUE", name, ((f"mode={name}",),))


def _joined(word: str, value: str, words: int) -> str:
    return word if words == 1 else f"{word} {value}"
