"""Changes between two records: each one in its kind, and no other."""

from dataclasses import replace
from typing import Any

import pytest

from spaceship.record.changes import Changes
from spaceship.record.code import Code
from spaceship.record.environment import Environment
from spaceship.record.run_record import Provenance

LIBRARY = {"internal_api": "openblas", "version": "0.3", "num_threads": "1"}
CODE = Code("a1", "f00", files={"spaceship/a.py": "1", "spaceship/b.py": "2"})
MACHINE = replace(
    Environment(),
    packages={"scikit_learn": "1.8.0", "numpy": "2.4"},
    libraries=[LIBRARY],
    variables={"OMP_NUM_THREADS": "1", "LANG": "C"},
    time_zone="UTC UTC +0000",
)
CONFIG = {"seed": 42, "threads": 2, "features": {"a": 1}, "model": {"name": "x", "C": 1}}
FIRST = Provenance("r", "", "", CONFIG, {"name": "churn"}, {"name": "local"}, CODE, MACHINE)
OTHER_FILES = {"spaceship/a.py": "1", "spaceship/c.py": "3"}


def environment(**changes: Any) -> dict[str, Any]:
    return {"environment": replace(MACHINE, **changes)}


@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [
        ({"config": CONFIG | {"seed": 7}}, "config", ["seed 42 → 7"]),
        ({"config": CONFIG | {"threads": 1}}, "threads", ["threads 2 → 1"]),
        ({"grown_by": 2}, "config", ["grown_by 0 → 2"]),
        ({"data": {"name": "sql"}}, "config", ["data.name local → sql"]),
        (
            {"recipe": {"name": "x", "C": 3, "n_jobs": 4, "features": {"a": 1}}},
            "config",
            ["model.C 1 → 3"],
        ),
        (
            {"code": replace(CODE, files=OTHER_FILES)},
            "code",
            ["spaceship/b.py 2 → none", "spaceship/c.py none → 3"],
        ),
        (environment(packages={"numpy": "2.4"}), "packages", ["scikit_learn 1.8.0 → none"]),
        (environment(time_zone="CET"), "environment", ["time_zone UTC UTC +0000 → CET"]),
        (environment(variables={"OMP_NUM_THREADS": "1"}), "environment", ["LANG C → none"]),
        (
            environment(libraries=[LIBRARY | {"num_threads": "2"}]),
            "threads",
            ["openblas.num_threads 1 → 2"],
        ),
    ],
)
def test_a_change_is_told_in_its_kind_alone(
    changes: dict[str, Any], kind: str, told: list[str]
) -> None:
    found = vars(Changes.between(FIRST, replace(FIRST, **changes)))
    assert [str(one) for one in found.pop(kind)] == told
    left = {name: one for name, one in found.items() if one}
    jobs = [str(one) for one in left.pop("threads", ())]
    assert jobs == (["model.n_jobs none → 4"] if "recipe" in changes else [])
    assert left == {}


def test_a_commit_is_compared_where_both_are_known() -> None:
    new, none = replace(CODE, commit="ba7", dirty=True), replace(CODE, commit="")
    found = Changes.between(FIRST, replace(FIRST, code=new)).commit
    assert str(found) == "commit f00 → ba7, changed"
    assert Changes.between(FIRST, replace(FIRST, code=none)).commit is None


def test_a_library_that_one_process_had_not_loaded_is_no_change() -> None:
    less = replace(FIRST, environment=replace(MACHINE, libraries=[]))
    assert not any(vars(Changes.between(FIRST, less)).values())


def test_the_search_space_of_a_recipe_that_was_fitted_is_no_change() -> None:
    recipe = {"name": "x", "C": 1}
    wide = CONFIG | {"model": {**recipe, "search_space": {"C": "interval(1, 2)"}}}
    runs = [replace(FIRST, config=one, recipe=recipe) for one in (CONFIG, wide)]
    assert not any(vars(Changes.between(*runs)).values())
    sweeps = [replace(FIRST, config=one) for one in (CONFIG, wide)]
    assert [one.name for one in Changes.between(*sweeps).config] == ["model.search_space.C"]
