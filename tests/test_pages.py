"""README and docs name files and functions that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import yaml

from spaceship.task.task import Task
from tests.commands import ROOT

PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {ROOT / "CHANGELOG.md"})
ROOTS = (ROOT, ROOT / "spaceship", ROOT / "hydra_plugins")
NAMED = re.compile(r"`([\w./]+\.(?:py|ya?ml|md|ipynb))(?::(\w+))?`")
MODULE = re.compile(r"python -m (scripts(?:\.\w+)+)")
PLACEHOLDER = re.compile(r"NAME|mine|name\.")
WRITTEN = {
    "optimization_results.yaml",
    "configs/local/default.yaml",
    "configs/task/visits.yaml",
    "configs/task/churn.yaml",
    "card.md",
}
"""Files that runs or users write."""


@cache
def names(path: Path) -> set[str]:
    """Return the names of the functions and classes at the top level of a file."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = []
    for path, name in NAMED.findall(text):
        if PLACEHOLDER.search(path) or path in WRITTEN:
            continue
        found = next((root / path for root in ROOTS if (root / path).is_file()), None)
        if found is None or (name and name not in names(found)):
            missing.append(f"{path}:{name}")
    assert not missing
    files = [ROOT / f"{module.replace('.', '/')}.py" for module in MODULE.findall(text)]
    assert not [path for path in files if not path.is_file()]


def test_links_between_pages_lead_somewhere() -> None:
    links = {
        (page, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    }
    assert links
    assert not [(page.name, link) for page, link in links if not (page.parent / link).exists()]


def test_the_task_that_a_page_shows_can_be_read() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "tasks.md").read_text(), re.DOTALL)
    task = Task.read(yaml.safe_load(shown))
    assert set(task.model_fields_set) == set(Task.model_fields)
