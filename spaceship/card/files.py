"""Files of a card: `card.json`, `card.md` and the report for a browser."""

from pathlib import Path

from spaceship.card.card import Card
from spaceship.card.markdown import card_markdown
from spaceship.files import write_atomically, write_json
from spaceship.records import read_record, to_plain
from spaceship.registry.registry import CARD_FILE

MARKDOWN_FILE, REPORT_FILE = "card.md", "report.html"


def write_card(path: Path, card: Card) -> None:
    """Write a card as versioned JSON, every figure with all its digits.

    >>> bare = Card("lgbm on full", {}, "binary", "local", "ab12", 9, None, "", "", None,
    ...     {}, {}, [], {}, [], [])
    >>> write_card(tmp_path / "card.json", bare)
    >>> read_card(tmp_path / "card.json").title
    'lgbm on full'
    """
    write_json(path, to_plain(card))


def read_card(path: Path) -> Card:
    """Return the card in a file; raise RegistryError if it is missing, broken or of another kind.

    >>> read_card(tmp_path / "card.json")
    Traceback (most recent call last):
    spaceship.errors.RegistryError: expected a readable file ...
    """
    return read_record(path, Card)


def write_files(report: Path, card: Card, data: str | None) -> list[Path]:
    """Write the report, and JSON and Markdown beside it; return the files, the report first.

    >>> bare = Card("lgbm on full", {}, "binary", "local", "ab12", 9, None, "", "", None,
    ...     {}, {}, [], {}, [], [])
    >>> [path.name for path in write_files(tmp_path / "mine.html", bare, None)]
    ['mine.html', 'mine.json', 'mine.md']
    """
    from spaceship.card.html import render

    text = render(card, data)
    named = report.name == REPORT_FILE
    plain = report.with_name(CARD_FILE) if named else report.with_suffix(".json")
    markdown = report.with_name(MARKDOWN_FILE) if named else report.with_suffix(".md")
    write_card(plain, card)
    write_atomically(markdown, card_markdown(card))
    write_atomically(report, text)
    return [report, plain, markdown]
