"""Changes between two records: config keys, code files, packages, threads, environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hydra_plugins.spaceship_optuna.config_text import flatten
from spaceship.record.code import Code
from spaceship.record.environment import Environment
from spaceship.record.run_record import Provenance

_OF_THREADS = re.compile(
    r"(?i)(?:^|[._])(?:(?:n_?)?threads?|thread_(?:count|limit)|n_jobs|cpu_count)$"
)
_OF_PROCESS = ("packages", "packages_digest", "libraries", "variables", "digest")
_OF_RECIPE = {"calibration", "features", "threshold"}  # keys of the config that have the same name


@dataclass(frozen=True)
class Change:
    """One name whose value differs between an old and a new record.

    >>> str(Change("scikit_learn", "1.8.0", "1.9.1"))
    'scikit_learn 1.8.0 → 1.9.1'
    """

    name: str  # a config key, a file, a package, a fact of the environment
    old: str | None  # None: not there
    new: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.old or 'none'} → {self.new or 'none'}"


@dataclass(frozen=True)
class Changes:
    """All that two records rest on and that differs, by kind; equal records have none.

    >>> from spaceship.record.run_record import RunRecord
    >>> from spaceship.records import read_record
    >>> _ = RunRecord.start(experiment, tmp_path, None)
    >>> record = read_record(tmp_path / "provenance.json", Provenance)
    >>> any(vars(Changes.between(record, record)).values())
    False
    """

    config: tuple[Change, ...] = ()  # by config key; those of the recipe as it was built
    commit: Change | None = (
        None  # with `, changed` if the checkout was; None: the same, or not known
    )
    code: tuple[Change, ...] = ()  # SHA-256 of the files of Python and YAML
    packages: tuple[Change, ...] = ()  # versions
    threads: tuple[Change, ...] = ()  # settings, variables and loaded libraries
    environment: tuple[Change, ...] = ()  # Python, system, CPU, other variables, locale, time zone

    @classmethod
    def between(cls, old: Provenance, new: Provenance) -> Self:
        """Return what differs, sorted by name."""
        settings = differing(_settings_of(old), _settings_of(new))
        facts = differing(_facts(old.environment, new), _facts(new.environment, old))
        return cls(
            config=tuple(one for one in settings if not _OF_THREADS.search(one.name)),
            commit=_commit(old.code, new.code),
            code=differing(old.code.files, new.code.files),
            packages=differing(old.environment.packages, new.environment.packages),
            threads=tuple(one for one in (*settings, *facts) if _OF_THREADS.search(one.name)),
            environment=tuple(one for one in facts if not _OF_THREADS.search(one.name)),
        )


def differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """Return the names whose values differ, sorted.

    >>> [str(one) for one in differing({"a": "1", "b": "2"}, {"a": "1", "c": "3"})]
    ['b 2 → none', 'c none → 3']
    """
    names = sorted({*old, *new})
    pairs = (Change(name, old.get(name), new.get(name)) for name in names)
    return tuple(one for one in pairs if one.old != one.new)


def _settings_of(record: Provenance) -> dict[str, str]:
    """Return the settings of a run by config key: of the recipe and the data those in use.

    A recipe may come from the champion, a study or a blend, and data from an era of a simulation.
    """
    config, recipe = dict(record.config), record.recipe
    config["data"] = {**record.data}
    if recipe:
        own = {key: one for key, one in recipe.items() if key not in _OF_RECIPE}
        config |= {key: recipe[key] for key in _OF_RECIPE & recipe.keys()}
        config["model"] = own  # without its search space, which is that of a sweep
    task = config.pop("task", None)
    flat = flatten({"task": task, **_without(task, config)}) | {"grown_by": str(record.grown_by)}
    return {key: one for key, one in flat.items() if one not in {"", "{}", "[]", "None"}}


def _without(task: object, node: Any) -> Any:
    """Return a node without copies of the task, such as those of features; lists are numbered."""
    if isinstance(node, Mapping):
        return {
            str(key): _without(task, one) for key, one in node.items() if one != task or not one
        }
    if isinstance(node, list) and any(isinstance(one, Mapping) for one in node):
        return {str(number): _without(task, one) for number, one in enumerate(node, start=1)}
    return node


def _commit(old: Code, new: Code) -> Change | None:
    named = [f"{one.commit}{', changed' if one.dirty else ''}" for one in (old, new)]
    known = old.commit and new.commit and (named[0] != named[1])
    return Change("commit", *named) if known else None


def _facts(environment: Environment, other: Provenance) -> dict[str, str]:
    """Return facts by name; of libraries those that the other process had loaded as well."""
    plain = {key: one for key, one in vars(environment).items() if key not in _OF_PROCESS}
    facts = {key: str(one) for key, one in plain.items()} | environment.variables
    theirs = [one["internal_api"] for one in other.environment.libraries]
    counts: dict[str, int] = {}
    for library in environment.libraries:
        api = library["internal_api"]
        number = counts[api] = counts.get(api, 0) + 1
        if number <= theirs.count(api):
            name = api if number == 1 else f"{api} {number}"
            facts |= {f"{name}.{key}": one for key, one in library.items() if key != "internal_api"}
    return facts
