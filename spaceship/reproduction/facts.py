"""Facts that two records have different, and the stages in which each can show first."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from hydra_plugins.spaceship_optuna.config_text import flatten
from spaceship.evaluation.report import OUT_OF_FOLD
from spaceship.record.changes import Change, Changes
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import ORDER
from spaceship.text import first_few


class Kind(StrEnum):
    """Kind of a suspect."""

    DATA = "data"
    CODE = "code"  # which files
    CONFIG = "config"  # which keys
    PACKAGE = "package"  # old → new
    THREADS = "threads"
    CPU = "cpu"
    ENVIRONMENT = "environment"  # Python, system, time zone, locale, hash seed
    CHANCE = "chance"  # nothing on record differs


@dataclass(frozen=True)
class Fact:
    """A fact that differs; the smaller its rank, the likelier is it the cause."""

    kind: Kind
    text: str
    stages: Collection[str]  # in which it can show first
    rank: int
    package: str = ""  # its name


_DATA = ("raw", "typed")
_FITTED = (OUT_OF_FOLD, "holdout", "model")
_NUMBERS = ("features", *_FITTED)
_ANY = (*_DATA, "split", *_NUMBERS)
_RULES: tuple[tuple[str, Kind | None, Collection[str], int], ...] = (
    (r"config\.(data\.(dir|on_leak|_target_)|model\.search_space|task\.\w*noun)", None, (), 0),
    (r"config\.data\.", Kind.CONFIG, _DATA, 0),
    (r"config\.task\.", Kind.CONFIG, _ANY, 0),
    (r"config\.seed", Kind.CONFIG, ("split", *_NUMBERS), 0),
    (r"config\.split\.", Kind.CONFIG, ("split",), 0),
    (r"config\.(features|model)\.", Kind.CONFIG, _NUMBERS, 0),
    (r"config\.(calibration|threshold|grown_by)", Kind.CONFIG, _FITTED, 0),
    (r"config\.gate\.", Kind.CONFIG, ("verdict",), 0),
    (r"code\..*\.yaml", None, (), 0),  # shows in the config if it is in use
    (r"code\.spaceship/data/", Kind.CODE, _DATA, 2),
    (r"code\.spaceship/task/", Kind.CODE, _ANY, 2),
    (r"code\.spaceship/split/", Kind.CODE, ("split",), 2),
    (r"code\.spaceship/(features|model)/", Kind.CODE, _NUMBERS, 2),
    (r"code\.spaceship/evaluation/", Kind.CODE, ("split", *_FITTED), 2),
    (r"code\.spaceship/gate/", Kind.CODE, ("verdict",), 2),
    (r"code\.spaceship/record/", Kind.CODE, ORDER, 2),
    (r"code\.(spaceship|hydra_plugins)/", Kind.CODE, (), 9),
    (r"code\.", Kind.CODE, _ANY, 2),  # of a package of the project's own
    (r"packages\.(pandas|numpy|pyarrow)", Kind.PACKAGE, _ANY, 5),
    (r"packages\.(scipy|scikit_learn|numba)", Kind.PACKAGE, _NUMBERS, 4),
    (r"packages\.(sqlalchemy|duckdb|psycopg)", Kind.PACKAGE, _DATA, 6),
    (r"packages\.", Kind.PACKAGE, (), 9),
    (r"threads\.", Kind.THREADS, _NUMBERS, 4),
    (r"environment\.(cpu$|.*\.architecture$|.*CORETYPE)", Kind.CPU, _NUMBERS, 7),
    (r"environment\.(time_zone|TZ)$", Kind.ENVIRONMENT, (*_DATA, "features"), 7),
    (r"environment\.cores$", None, (), 0),
    (r"environment\.", Kind.ENVIRONMENT, _ANY, 8),
)
"""Changes by the first pattern that fits: kind, stages, rank; without a kind, no fact."""


def facts(recorded: RecordedRun, again: RecordedRun) -> list[Fact]:
    """Return all that two records have different and results may depend on, the likeliest first.

    Differences of the data are none of them: stages show these.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> facts(run, run)
    []
    """
    old = recorded.provenance
    changes = Changes.between(old, again.provenance)
    used = " ".join(flatten({"model": old.recipe or old.config.get("model", {})}).values())
    of_seed = [(one.old, one.new) for one in changes.config if one.name == "seed"]
    found = []
    for part in ("config", "code", "packages", "threads", "environment"):
        for one in getattr(changes, part):
            follows = (one.old, one.new) in of_seed and one.name != "seed"
            if not follows and (fact := _fact(part, one, used)):
                found.append(replace(fact, text=f"{fact.text}{_yaml(fact, changes.code)}"))
    found.sort(key=lambda fact: (fact.rank, fact.kind, *fact.stages))
    return [fact for _, same in groupby(found, _group) for fact in _joined(list(same))]


def _yaml(fact: Fact, code: Collection[Change]) -> str:
    """Return the changed YAML files that may have set a key of the config, in brackets."""
    start = f"configs/{fact.text.partition('.')[0]}/"
    files = [one.name for one in code if one.name.startswith(start)]
    return f" ({first_few(files)})" if files and fact.kind == Kind.CONFIG else ""


def _fact(part: str, change: Change, used: str) -> Fact | None:
    """Return a change as a fact; a package that the recipe uses is a likely one."""
    fitting = (rule[1:] for rule in _RULES if re.match(rule[0], f"{part}.{change.name}"))
    kind, stages, rank = next(fitting, (None, (), 0))
    if kind is None:
        return None
    if kind == Kind.CODE:
        return Fact(kind, change.name, stages, rank)
    if kind == Kind.PACKAGE and change.name.partition("_")[0] in used:
        stages, rank = (*stages, *_NUMBERS), 3
    return Fact(kind, str(change), stages, rank, change.name if kind == Kind.PACKAGE else "")


def _group(fact: Fact) -> object:
    return (fact.kind, fact.rank, tuple(fact.stages), fact.package)


def _joined(same: list[Fact]) -> list[Fact]:
    """Return one fact for many of a kind: files of a room, numbers of threads."""
    first = same[0]
    if first.kind in {Kind.CONFIG, Kind.PACKAGE}:
        return same
    text = first_few(dict.fromkeys(fact.text for fact in same))
    return [Fact(first.kind, text, first.stages, first.rank)]
