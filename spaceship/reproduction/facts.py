"""Facts that two records have different, and the stages in which each can show first."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import Any

from spaceship.evaluation.report import OUT_OF_FOLD
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import ORDER
from spaceship.records import to_plain
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
    (r".*(threads|n_jobs|thread_count|nthread|THREADS|THREAD_LIMIT)$", Kind.THREADS, _NUMBERS, 4),
    (r"config\.(data\.(dir|on_leak|_target_)|model\.search_space|task\.\w*noun)", None, (), 0),
    (r"config\.data\.", Kind.CONFIG, _DATA, 0),
    (r"config\.task\.", Kind.CONFIG, _ANY, 0),
    (r"config\.seed", Kind.CONFIG, ("split", *_NUMBERS), 0),
    (r"config\.split\.", Kind.CONFIG, ("split",), 0),
    (r"config\.features\.", Kind.CONFIG, _NUMBERS, 0),
    (r"config\.model\.|recipe\.", Kind.CONFIG, _NUMBERS, 0),
    (r"config\.(calibration|threshold)", Kind.CONFIG, _FITTED, 0),
    (r"config\.gate\.", Kind.CONFIG, ("verdict",), 0),
    (r"code\.files\..*\.yaml", None, (), 0),  # shows in the config if it is in use
    (r"code\.files\.spaceship/data/", Kind.CODE, _DATA, 2),
    (r"code\.files\.spaceship/task/", Kind.CODE, _ANY, 2),
    (r"code\.files\.spaceship/split/", Kind.CODE, ("split",), 2),
    (r"code\.files\.spaceship/features/", Kind.CODE, _NUMBERS, 2),
    (r"code\.files\.spaceship/model/", Kind.CODE, _NUMBERS, 2),
    (r"code\.files\.spaceship/evaluation/", Kind.CODE, ("split", *_FITTED), 2),
    (r"code\.files\.spaceship/gate/", Kind.CODE, ("verdict",), 2),
    (r"code\.files\.spaceship/record/", Kind.CODE, ORDER, 2),
    (r"code\.files\.(spaceship|hydra_plugins)/", Kind.CODE, (), 9),
    (r"code\.files\.", Kind.CODE, _ANY, 2),  # of a package of the project's own
    (r"environment\.packages\.(pandas|numpy|pyarrow)", Kind.PACKAGE, _ANY, 5),
    (r"environment\.packages\.(scipy|scikit_learn|numba)", Kind.PACKAGE, _NUMBERS, 4),
    (r"environment\.packages\.(sqlalchemy|duckdb|psycopg)", Kind.PACKAGE, _DATA, 6),
    (r"environment\.packages\.", Kind.PACKAGE, (), 9),
    (r"environment\.(cpu$|libraries\..*architecture|variables\..*CORETYPE)", Kind.CPU, _NUMBERS, 7),
    (r"environment\.(time_zone|variables\.TZ)", Kind.ENVIRONMENT, (*_DATA, "features"), 7),
    (r"environment\.(cores|digest|packages_digest)", None, (), 0),
    (r"environment\.", Kind.ENVIRONMENT, _ANY, 8),
)
"""Keys of a record by the first pattern that fits: kind, stages, rank; without a kind, no fact."""
_SHOWN = re.compile(r"(config|code\.files|environment(\.packages|\.variables|\.libraries\.\d+)?)\.")


def facts(recorded: RecordedRun, again: RecordedRun) -> list[Fact]:
    """Return all that two records have different and results may depend on, the likeliest first.

    Differences of the data are none of them: stages show these.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> facts(run, run)
    []
    """
    old, new = (_flat(_plain(run)) for run in (recorded, again))
    ends = {key: (old.get(key, "none"), new.get(key, "none")) for key in {**old, **new}}
    changed = {key: one for key, one in ends.items() if one[0] != one[1]}
    used = " ".join(one for key, one in old.items() if key.startswith(("recipe.", "config.model.")))
    found = [fact for key, one in _causes(changed).items() if (fact := _fact(key, *one, used))]
    found = [replace(fact, text=f"{fact.text}{_yaml(fact, changed)}") for fact in found]
    found.sort(key=lambda fact: (fact.rank, fact.kind, *fact.stages))
    return [fact for _, same in groupby(found, _group) for fact in _joined(list(same))]


def _plain(run: RecordedRun) -> dict[str, Any]:
    """Return the parts of a record that results may depend on."""
    plain: dict[str, Any] = to_plain(run.provenance)
    libraries = plain["environment"].pop("libraries")
    named = {f"{at}.{one.get('internal_api')}": one for at, one in enumerate(libraries)}
    plain["environment"]["libraries"] = named
    code = {"files": plain["code"]["files"]}
    return {"code": code} | {key: plain[key] for key in ("config", "environment", "recipe")}


def _flat(node: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return the values below a section by their keys, as text."""
    found: dict[str, str] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{above}{key}.")
        else:
            found[f"{above}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return found


def _causes(changed: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return changed keys without those that follow from `seed`, or repeat one of the config."""
    of_seed = changed.get("config.seed")
    known = {(_end(key), ends) for key, ends in changed.items() if key.startswith("config.")}
    return {
        key: ends
        for key, ends in changed.items()
        if (key == "config.seed" or ends != of_seed)
        and not (key.startswith("recipe.") and (_end(key), ends) in known)
    }


def _yaml(fact: Fact, changed: Collection[str]) -> str:
    """Return the changed YAML files that may have set a key of the config, in brackets."""
    start = f"code.files.configs/{fact.text.partition('.')[0]}/"
    files = [key.removeprefix("code.files.") for key in changed if key.startswith(start)]
    return f" ({first_few(files)})" if files and fact.kind == Kind.CONFIG else ""


def _end(key: str) -> str:
    return key.rpartition(".")[2]


def _fact(key: str, old: str, new: str, used: str) -> Fact | None:
    """Return the fact of a changed key; a package that the recipe uses is a likely one."""
    fitting = (rule[1:] for rule in _RULES if re.match(rule[0], key))
    kind, stages, rank = next(fitting, (None, (), 0))
    if kind is None:
        return None
    name = _SHOWN.sub("", key, count=1)
    if kind == Kind.CODE:
        return Fact(kind, name, stages, rank)
    if kind == Kind.PACKAGE and name.partition("_")[0] in used:
        stages, rank = (*stages, *_NUMBERS), 3
    package = name if kind == Kind.PACKAGE else ""
    return Fact(kind, f"{name} {old} → {new}", stages, rank, package)


def _group(fact: Fact) -> object:
    return (fact.kind, fact.rank, tuple(fact.stages), fact.package)


def _joined(same: list[Fact]) -> list[Fact]:
    """Return one fact for many of a kind: files of a room, numbers of threads."""
    first = same[0]
    if first.kind in {Kind.CONFIG, Kind.PACKAGE}:
        return same
    text = first_few(dict.fromkeys(fact.text for fact in same))
    return [Fact(first.kind, text, first.stages, first.rank)]
