"""The project's own promises: layers, names, pins that agree, a light start, tidy files."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spaceship.task.spaceship_titanic.columns import COLUMNS, LABEL, TASK
from spaceship.task.task import Task

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "spaceship"

DRAWERS = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
HEAVY = {"mlflow", "pandas", "sklearn", "lightgbm", "catboost", "optuna", "xgboost"}
GENERATED = {"__pycache__", "build", "dist", "outputs", "multirun", "mlruns", "catboost_info"}
MAX_KIB = 600
PIN = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+( ; .+)?")
BUILT_IN = (
    "spaceship/task/spaceship_titanic/",
    "configs/task/spaceship_titanic.yaml",
    "configs/features/full.yaml",
    "configs/features/baseline.yaml",
    "configs/data/synthetic.yaml",
)
"""Beginnings of the paths of files that are made for the built-in task."""
WORDS = {"Age", "Name", "Destination"}
"""Columns of a passenger that are words of English too: they count between quotation marks."""
_DISTINCT = "|".join(sorted({*COLUMNS, LABEL} - WORDS))
_QUOTED = "|".join(sorted(WORDS))
PASSENGER = re.compile(
    rf"\b(?:{_DISTINCT})\b|(['\"])(?:{_QUOTED})\1|(?i:\bcabins?\b|\btravel groups?\b)"
)
MACHINE_PATH = re.compile(r"(?<![\w.$}~*:-])/(?:root|work|(?:home|Users)/(?!me\b)\w+)/\w")


def dotted(path: Path) -> str:
    """Return a file's name as a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def project_files() -> tuple[Path, ...]:
    """List what git tracks or would track; without git, whatever is not generated."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not is_generated(path.relative_to(ROOT))]
    return tuple(path for path in paths if path.is_file())


def is_generated(path: Path) -> bool:
    top = path.parts[0]
    hidden = top.startswith(".") and top not in {".ci", ".github"}
    return hidden or top.endswith(".egg-info") or bool(GENERATED & set(path.parts))


def imports(path: Path) -> Iterator[str]:
    """Give every module that a file imports, inside functions too, under its absolute name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in MODULES else str(node.module) for name in names)


def pins() -> dict[str, Requirement]:
    """Read constraints.txt, canonical name to pin."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin for pin in pinned}


def declared() -> list[Requirement]:
    """Read what pyproject.toml requires, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(text) for group in (project["dependencies"], *extras) for text in group]


def test_the_entry_point_knows_only_the_top() -> None:
    run = ROOT / "scripts" / "run.py"
    assert {name for name in imports(run) if name.startswith("spaceship")} == {"spaceship.cli.main"}
    assert len(run.read_text(encoding="utf-8").splitlines()) <= 30


def test_every_file_says_what_it_is_for_in_its_name_and_docstring() -> None:
    scripts = [path for path in project_files() if path.suffix == ".py"]
    drawers = [path for path in scripts if DRAWERS & {path.stem.strip("_"), *path.parent.parts}]
    silent = [
        module
        for module, path in MODULES.items()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not drawers
    assert not silent


def test_every_pin_is_a_name_and_a_version() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert len(pinned) > 100
    assert not [line for line in pinned if not PIN.fullmatch(line)]
    assert len(pins()) == len(pinned), "a package is pinned twice"


def test_every_declared_requirement_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    for requirement in declared():
        pin = pinned[canonicalize_name(requirement.name)]
        (exact,) = pin.specifier
        assert requirement.specifier.contains(exact.version), f"{pin} is not {requirement}"
        assert pin.marker is None or pin.marker.evaluate()


def test_commit_hooks_run_the_pinned_tools() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"], "another repo, other versions"
    entries = [hook["entry"].split() for hook in config["repos"][0]["hooks"]]
    assert {entry[2] for entry in entries} == {"ruff", "mypy", "yamllint"} <= set(pins())
    assert all(entry[:2] == [".venv/bin/python", "-m"] for entry in entries)


def test_the_commands_of_the_readme_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^ *|`|&& )make ([a-z-]+)", readme, re.MULTILINE))
    assert {"run", "test"} <= named <= targets
    assert "make --no-print-directory test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_file_is_large_or_names_a_place_on_somebodys_machine() -> None:
    files = project_files()
    assert ROOT / "pyproject.toml" in files
    large = [path for path in files if path.stat().st_size > MAX_KIB * 1024]
    assert not large
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in files}
    assert not {path: found for path, text in texts.items() if (found := MACHINE_PATH.search(text))}


def test_only_files_of_the_built_in_task_name_columns_of_passengers() -> None:
    names = {path: path.relative_to(ROOT).as_posix() for path in project_files()}
    rooms = ("spaceship/", "configs/", "hydra_plugins/")
    general = [
        path
        for path, name in names.items()
        if name.startswith(rooms) and not name.startswith(BUILT_IN)
    ]
    assert len(general) > 100
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in general}
    found = {names[path]: [one[0] for one in PASSENGER.finditer(texts[path])] for path in general}
    assert not {name: words for name, words in found.items() if words}


def test_the_built_in_task_means_the_same_in_its_yaml_and_its_feature_sets() -> None:
    text = (ROOT / "configs" / "task" / "spaceship_titanic.yaml").read_text(encoding="utf-8")
    written = Task.read(yaml.safe_load(text))
    same = ("name", "problem", "label", "positive", "id", "group", "parts")
    assert {key: getattr(TASK, key) for key in same} == {key: getattr(written, key) for key in same}
    assert list(TASK.columns) == list(written.columns) == list(COLUMNS)
    kinds = {name: column.type for name, column in written.columns.items()}
    assert {name: column.type for name, column in TASK.columns.items()} == kinds


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--help"], "logistic_regression"),
        (["--version"], "mlflow 3"),
        (["--keys"], "on_drift: warn"),
        (["--cfg", "job"], "holdout_fraction"),
    ],
)
def test_asking_for_the_config_loads_nothing_heavy(flags: list[str], said: str) -> None:
    command = [sys.executable, "-X", "importtime", str(ROOT / "scripts" / "run.py"), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded = {line.rsplit("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "spaceship.cli.main" in loaded
    assert not loaded & HEAVY
    assert said in done.stdout
