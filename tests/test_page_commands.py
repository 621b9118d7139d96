"""Commands of README and docs: those of a tutorial run in order, all others are composed.

A block marked `bash` is run from top to bottom in a folder of its own, with little data; files that
the page shows before it (their first line is their path) are written there. A block marked `sh`, or
indented, holds commands that need what tests do not have, such as a server: they are composed.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
import yaml

from tests import forks
from tests.commands import ROOT

RUN = [
    ROOT / "README.md",
    ROOT / "AGENTS.md",
    ROOT / "docs" / "tutorial.md",
    *sorted((ROOT / "docs" / "howto").glob("*.md")),
]
PAGES = [*RUN, *sorted({*(ROOT / "docs").glob("*.md")} - {*RUN})]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"# (\S+/\S+\.\w+)$")
MISSPELT = "mode=trian"  # its error is compared in test_output_page.py
VARIABLE = re.compile(r"[A-Z_]+=")
PROGRAM = ("python", "scripts/run.py")
ROWS = 1500  # lines of each of Kaggle's files
NOT_RUN = {
    "make": "CI installs and tests with make; pages have tests of their own",
    "source": "the tests' own interpreter is used",
    "data=kaggle": "an account is needed",
}
"""Words of commands of a `bash` block that are not run, and the reason."""


@dataclass(frozen=True)
class Step:
    """A block of a page: a file to write, or a command to run."""

    command: tuple[str, ...] = ()
    file: str = ""
    text: str = ""


def steps(page: Path) -> Iterator[Step]:
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        first = PATH.match(text.splitlines()[0]) if text else None
        if language in {"yaml", "python"} and first:
            yield Step(file=first[1], text=text)
        elif language == "bash":
            yield from (Step(command=words) for words in commands(text))


def commands(text: str) -> Iterator[tuple[str, ...]]:
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield tuple(words)


def is_run(words: tuple[str, ...]) -> bool:
    return not NOT_RUN.keys() & {words[0], *words[1:]}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a folder to type commands in: the project's programs, few passengers, trees, trials."""
    place = tmp_path / "place"
    for name in ("scripts", "docs"):
        place.mkdir(exist_ok=True)
        (place / name).symlink_to(ROOT / name)
    shrink(place, "data/synthetic.yaml", "n_groups: 9280", "n_groups: 500")
    (place / "configs" / "task").mkdir(parents=True)
    for model, trees in {"catboost": 700, "catboost_table": 350}.items():
        shrink(place, f"model/{model}.yaml", f"iterations: {trees}", "iterations: 30")
    for model, trees in {"lgbm": 400, "lgbm_table": 300}.items():
        shrink(place, f"model/{model}.yaml", f"n_estimators: {trees}", "n_estimators: 30")
    shrink(place, "mode/tune.yaml", "n_trials: 60", "n_trials: 4")
    local = yaml.safe_dump({"paths": {"outputs": str(place / "outputs")}})
    write(place / "configs" / "local" / "default.yaml", f"# @package _global_\n{local}")
    return place


@pytest.fixture
def checkout(tmp_path: Path, place: Path) -> Path:
    """Give a copy of the project, for pages that add code to it; with few passengers."""
    copy = tmp_path / "checkout"
    for name in ("configs", "hydra_plugins", "scripts", "spaceship"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(place / "configs", copy / "configs", dirs_exist_ok=True)
    return copy


def shrink(place: Path, name: str, before: str, after: str) -> None:
    text = (ROOT / "configs" / name).read_text(encoding="utf-8")
    assert before in text
    write(place / "configs" / name, text.replace(before, after))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def run(words: tuple[str, ...], place: Path, given: dict[str, str]) -> None:
    """Run a command as it is typed; those of the project in a fork, if its code is unchanged.

    Variables of its own stand before it; those that it exports are added to `given`.
    """
    own = dict(one.split("=", 1) for one in takewhile(VARIABLE.match, words))
    program, *rest = words[len(own) :]
    if program == "export":
        given |= dict(one.split("=", 1) for one in rest)
        return
    command = [sys.executable if program == "python" else program, *rest]
    if (place / "spaceship").is_dir():
        env = {
            "PYTHONPATH": str(place),
            "PATH": "/usr/bin:/bin",
            "HOME": str(place),
            **given,
            **own,
        }
        done = subprocess.run(
            command, cwd=place, env=env, check=False, capture_output=True, text=True, timeout=300
        )
    else:
        done = forks.run(command, place, 300, **given, **own)
    good = {0, 3} if "gate.require=true" in words else {0}
    assert done.returncode in good, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_commands_of_a_page_work_as_typed(page: Path, request: pytest.FixtureRequest) -> None:
    found = [*steps(page)]
    adds_code = any(step.file.endswith(".py") for step in found)
    place: Path = request.getfixturevalue("checkout" if adds_code else "place")
    exported = dict[str, str]()
    prepare(page, place, request)
    for step in found:
        if step.file:
            write(place / step.file, step.text)
        elif is_run(step.command):
            run(step.command, place, exported)


def prepare(page: Path, place: Path, request: pytest.FixtureRequest) -> None:
    """Make what a page supposes: the files that its words in capitals stand for."""
    if page.name == "README.md":
        subprocess.run([sys.executable, "docs/examples/customers.py"], cwd=place, check=True)
        (place / "DIR").mkdir()
        (place / "customers.csv").rename(place / "DIR" / "train.csv")
        (place / "new_customers.csv").rename(place / "new.csv")
        for path in request.getfixturevalue("real_data").glob("*.csv"):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            write(place / "PATH" / path.name, "".join(lines[:ROWS]))
    if page.name == "AGENTS.md":
        subprocess.run([sys.executable, "docs/examples/customers.py"], cwd=place, check=True)
    if page.stem == "rollback":
        for model in ("logistic_regression", "lgbm"):
            forced = ("gate.force=true", "reason=first")
            run((*PROGRAM, "mode=train", f"model={model}", *forced), place, {})


def is_composed(words: tuple[str, ...]) -> bool:
    """Return whether a command is whole, and not the misspelt one whose error a page shows."""
    return (
        words[:2] == PROGRAM
        and MISSPELT not in words
        and not any(word[0] in "…-" or "…" in word for word in words[2:])
    )


def typed(page: Path) -> Iterator[tuple[str, ...]]:
    """Give the commands of the program on a page, other than those of its `bash` blocks."""
    text = page.read_text(encoding="utf-8")
    for language, block in BLOCK.findall(text):
        if language == "sh":
            yield from filter(is_composed, commands(block))
    outside = BLOCK.sub("", text)
    indented = re.findall(r"^    (python scripts/run\.py(?:.*\\\n)*.*)$", outside, re.MULTILINE)
    inline = re.findall(r"`(python scripts/run\.py[^`]*)`", outside)
    for one in (*indented, *inline):
        yield from filter(is_composed, commands(one))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_need_more_compose(page: Path, place: Path) -> None:
    for words in {*typed(page)}:
        for name in re.findall(r"\btask=(\w+)", " ".join(words)):
            if not (ROOT / "configs" / "task" / f"{name}.yaml").exists():  # one that the page makes
                shutil.copy(ROOT / "configs/task/wine.yaml", place / f"configs/task/{name}.yaml")
        done = forks.run([sys.executable, *words[1:], "--cfg", "job"], place, 60)
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"


def test_each_reason_not_to_run_a_command_is_needed() -> None:
    words = {word for page in RUN for step in steps(page) for word in step.command}
    assert words >= NOT_RUN.keys()
