"""Files of a card: `card.json`, `card.md` and the report for a browser."""

from pathlib import Path

from spaceship.card.card import Card
from spaceship.card.data import DataPage
from spaceship.card.markdown import card_markdown
from spaceship.files import write_atomically, write_json
from spaceship.records import to_plain
from spaceship.registry.registry import CARD_FILE

MARKDOWN_FILE, REPORT_FILE = "card.md", "report.html"


def write_files(report: Path, card: Card, data: DataPage | None) -> list[Path]:
    """Write the report, and JSON and Markdown beside it; return the files, the report first.

    >>> [path.name for path in write_files(tmp_path / "mine.html", model_card, None)]
    ['mine.html', 'mine.json', 'mine.md']
    """
    from spaceship.card.html import render

    text = render(card, data)
    named = report.name == REPORT_FILE
    plain = report.with_name(CARD_FILE) if named else report.with_suffix(".json")
    markdown = report.with_name(MARKDOWN_FILE) if named else report.with_suffix(".md")
    write_json(plain, to_plain(card))
    write_atomically(markdown, card_markdown(card))
    write_atomically(report, text)
    return [report, plain, markdown]
