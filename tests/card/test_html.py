"""The page as text: its figures are those of card.json, its sections those with content."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from spaceship.card.card import Standing
from spaceship.card.charts import draw
from spaceship.card.html import SECTIONS, render
from spaceship.card.markdown import card_markdown
from spaceship.records import to_plain
from tests.card.cards import DATA, PROBLEMS, card
from tests.card.charts import ProblemName
from tests.card.odd_cards import bare, hostile

NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+(?:e[+-]\d+)?")
DRAWN = re.compile(r"charts/(roc|precision_recall|thresholds|residuals|residual_counts)\b.*/[xyn]/")
APART = re.compile(r"task/|verdict/numbers/|charts/residual_counts/")


@dataclass
class Shown:
    """A figure of the page."""

    at: str
    value: str
    text: str = ""


class Figures(HTMLParser):
    """Reader of all figures of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        found = dict(attrs)
        self.open = "data-value" in found
        if self.open:
            self.shown.append(Shown(str(found["data-at"]), str(found["data-value"])))

    def handle_data(self, data: str) -> None:
        if self.open:
            self.shown[-1].text += data

    def handle_endtag(self, tag: str) -> None:
        del tag
        self.open = False


def numbers(plain: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield the way to each number of a JSON value, and the number as JSON writes it."""
    if isinstance(plain, dict | list):
        pairs = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for key, one in pairs:
            yield from numbers(one, f"{at}/{key}".lstrip("/"))
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        yield at, json.dumps(plain)
    elif isinstance(plain, str) and re.fullmatch(r"worst/\d+/(truth|predicted)", at):
        yield at, plain  # a number only in regression


def is_rounding(text: str, value: str) -> bool:
    """Return whether a text is a number that lies within half a unit of its last digit."""
    text = text.replace("\u2212", "-").replace("\xa0", " ")
    exact = Decimal(value) * (100 if text.endswith(" %") else 1)
    if text.startswith("p <"):
        return exact < Decimal("0.001")
    shown = Decimal(NUMBER.findall(text)[-1].replace(",", ""))
    return abs(shown - exact) <= Decimal(1).scaleb(int(shown.as_tuple().exponent)) / 2


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_figure_is_that_of_the_record_to_the_digit(problem: ProblemName) -> None:
    record = card(problem)
    kept = dict(numbers(json.loads(json.dumps(to_plain(record)))))
    shown = Figures(render(record, None)).shown
    assert len(shown) > 200
    assert not [one for one in shown if kept[one.at] != one.value]
    assert not [one for one in shown if not is_rounding(one.text, one.value)]
    figures = {at for at in kept if not DRAWN.match(at) and not APART.match(at)}
    if problem != "regression":
        figures = {at for at in figures if not at.endswith(("/truth", "/predicted"))}
    assert figures - {one.at for one in shown} == set()


@pytest.mark.parametrize(
    ("text", "value", "right"),
    [
        ("0.8124", "0.81237", True),
        ("0.8123", "0.81237", False),
        ("\u22121.2e-05", "-0.00001234", True),
        ("12.3\xa0%", "0.12349", True),
        ("12.4\xa0%", "0.12349", False),
        ("8,693", "8693", True),
        ("≥ 3 %", "0.03", True),
        ("p < 0.001", "0.01", False),
    ],
)
def test_the_check_of_a_rounding_finds_wrong_ones(text: str, value: str, *, right: bool) -> None:
    assert is_rounding(text, value) is right


def test_every_cell_for_a_number_holds_a_figure_or_a_dash() -> None:
    for problem in PROBLEMS:
        cells = re.findall(r'<td class="num[^>]*>(.*?)</td>', render(card(problem), DATA))
        assert len(cells) > 100
        assert all("data-value" in cell or 'class="none"' in cell for cell in cells)


def test_a_section_without_content_is_left_out() -> None:
    own = {"binary": {"residuals"}, "multiclass": {"residuals", "threshold"}}
    own["regression"] = {"curves", "calibration", "confusion", "threshold"}
    for problem in PROBLEMS:
        page = render(card(problem), DATA)
        there = re.findall(r'<section id="(\w+)"', page)
        assert there == [name for name in SECTIONS if name not in own[problem]]
        assert there == re.findall(r'<li><a href="#(\w+)"', page)
    empty = render(bare(), None)
    assert re.findall(r'<section id="(\w+)"', empty) == ["model_card"]
    assert "No figures of the hold-out" in empty


def test_the_badge_is_the_alias_that_the_version_holds_now() -> None:
    record = card("regression")
    assert '<span class="award challenger">challenger</span>' in render(record)
    day, at = "2026-11-29T19:08:00+00:00", "2026-12-01T08:00:00+00:00"
    page = render(replace(record, standing=Standing("2", ["champion"], day, at)))
    assert '<span class="award champion">champion now</span> version 2 since' in page
    assert "Award at the gate: challenger." in page
    gone = replace(record, standing=Standing("2", [], "", at))
    assert "version 2, without an alias now" in render(gone)
    assert "version 2, no alias" in card_markdown(gone)


def test_page_and_markdown_name_one_number_of_columns() -> None:
    record = card("regression")
    assert "<summary>8 columns</summary>" in render(record)
    assert "learnt from 8 columns of 8,693 fields" in card_markdown(record)


def test_a_line_over_time_takes_two_champions_and_names_its_metric() -> None:
    record = card("binary")
    chart = draw(record)["champions"]
    assert chart is not None
    assert chart.y.label == "cross-validated accuracy"
    alone = replace(record, champions=record.champions[:1], trials=record.trials[:1])
    drawn = draw(alone)
    assert (drawn["champions"], drawn["trials"]) == (None, None)
    assert "All champions" in render(alone)


def test_figures_that_are_unknown_or_without_bounds_are_drawn_around() -> None:
    record = card("binary")
    trials = [replace(one, score=float("nan")) for one in record.trials]
    page = render(replace(record, trials=trials), None)
    assert 'id="study"' in page
    assert "Scores of the trials" not in page
    assert ">nan<" not in page.lower()


def test_a_hostile_card_stays_text() -> None:
    page = render(hostile(), DATA)
    assert page.count("<script>") == 1  # the page's own
    assert "<img" not in page
    assert "49" not in re.findall(r"<h1>.*?</h1>", page)[0]
    assert "{{ 7 * 7 }}" in page
    assert len(page.encode()) < 5_000_000
