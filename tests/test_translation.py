"""README in Portuguese: the sections, commands, pictures and links of the English one."""

import re
from pathlib import Path

from tests.commands import ROOT

HEADINGS = {
    "spaceship": "spaceship",
    "Five minutes": "Cinco minutos",
    "Your own table": "A sua tabela",
    "Spaceship Titanic": "Spaceship Titanic",
    "Why the numbers can be trusted": "Por que se pode confiar nos números",
    "Commands": "Comandos",
    "From Python": "Em Python",
    "For programs": "Para programas",
    "Change it": "Como modificar",
}
OTHER = {"README.md", "README.pt-BR.md"}  # each page links to the other


def sections(page: Path) -> dict[str, str]:
    """Return the text of each section by its heading, in order."""
    text = page.read_text(encoding="utf-8")
    _, *parts = re.split(r"^#+ (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def contents(text: str) -> dict[str, list[str]]:
    """Return what a translation leaves as it is: blocks of code, names in code, links, rows."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    links = set(re.findall(r"\]\((.*?)\)", outside)) - OTHER
    return {
        "blocks": re.findall(r"^```\w+\n.*?^```", text, re.MULTILINE | re.DOTALL),
        "code": sorted(set(re.findall(r"`([^`]+)`", outside))),
        "links": sorted(links),
        "rows": [line.split("|")[1] for line in outside.splitlines() if line.startswith("| `")],
        "points": re.findall(r"^- \*\*", outside, re.MULTILINE),
    }


def test_the_portuguese_readme_follows_the_english_one() -> None:
    english, portuguese = (sections(ROOT / name) for name in sorted(OTHER))
    assert [*portuguese] == [HEADINGS[name] for name in english]
    for name, text in english.items():
        assert contents(portuguese[HEADINGS[name]]) == contents(text), name
