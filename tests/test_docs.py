"""House rules of docstrings and tests: an example each, nouns first, no patched private names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import ROOT

PLAIN = (
    "dataclass",
    "BaseModel",
    "Section",
    "_Part",
    "Enum",
    "NamedTuple",
    "Protocol",
    "TypedDict",
    "Exception",
)
"""Parts of the names of bases and decorators of classes that need no example without methods."""
COMMANDS = ("spaceship.mode.", "spaceship.cli.main")
"""Modules that tests of whole commands run."""
QUESTIONS = ("What", "How", "Where", "Which", "Who", "When")
PATCH = re.compile(r"""setattr\([^()]*?["'.]_[a-z]\w*["'],""", re.IGNORECASE)
Definition = ast.ClassDef | ast.FunctionDef

FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for folder in ("spaceship", "hydra_plugins")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
PUBLIC = {
    name: path
    for name, path in FILES.items()
    if not any(part.startswith("_") and part != "__init__" for part in name.split("."))
}


def definitions(path: Path) -> Iterator[Definition]:
    """Give the public classes and functions of a file that need an example."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, Definition) and not node.name.startswith("_") and not is_exempt(node):
            yield node


def is_exempt(node: Definition) -> bool:
    """Return whether a class is an exception, abstract, or holds nothing but fields."""
    if isinstance(node, ast.FunctionDef):
        return False
    kinds = [ast.unparse(one) for one in (*node.bases, *node.decorator_list)]
    if "@abstractmethod" in ast.unparse(node) or any(kind.endswith("Error") for kind in kinds):
        return True
    plain = any(word in kind for word in PLAIN for kind in kinds)
    return plain and not any(isinstance(one, ast.FunctionDef) for one in node.body)


def has_example(node: Definition) -> bool:
    """Return whether a docstring of a definition, or of one of its methods, has an example."""
    inner = node.body if isinstance(node, ast.ClassDef) else []
    documented = [node, *(one for one in inner if isinstance(one, ast.FunctionDef))]
    return any(">>> " in (ast.get_docstring(one) or "") for one in documented)


@pytest.mark.parametrize("name", [n for n in PUBLIC if not n.startswith(COMMANDS)])
def test_every_public_name_has_an_example(name: str) -> None:
    missing = [node.name for node in definitions(PUBLIC[name]) if not has_example(node)]
    assert not missing


@pytest.mark.parametrize("name", FILES)
def test_a_module_docstring_begins_with_its_thing(name: str) -> None:
    said = ast.get_docstring(ast.parse(FILES[name].read_text(encoding="utf-8"))) or ""
    assert not said.startswith(QUESTIONS), said


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda p: p.stem)
def test_no_private_name_is_patched(path: Path) -> None:
    assert PATCH.findall(path.read_text(encoding="utf-8")) == []
