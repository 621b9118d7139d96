"""The page in a browser: drawn, sortable, readable in both schemes, on a phone and on paper."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from spaceship.card.html import render
from tests.card.cards import DATA, PROBLEMS, card
from tests.card.odd_cards import bare, hostile

pytest.importorskip("playwright", reason="the browser tests need playwright")
from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
CHROMIUM = next(filter(None, BROWSERS), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
]
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text(encoding="utf-8")
UNDRAWN = """() => [...document.querySelectorAll('svg, figure, table')].filter(one => {
    const {width, height} = one.getBoundingClientRect();
    const closed = one.closest('details:not([open])');
    return !closed && (width <= 0 || height <= 0);
}).map(one => one.outerHTML.slice(0, 200))"""
LEVELS = "() => [...document.querySelectorAll('h1,h2,h3,h4')].map(one => Number(one.tagName[1]))"
UNNAMED = """() => [...document.querySelectorAll('svg')].filter(one =>
    !one.ariaHidden && !one.querySelector('title')?.textContent.trim()).length"""
CUT = """() => [...document.querySelectorAll('.scroll, main, section')].filter(one =>
    one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
    .map(one => one.ariaLabel)"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give the addresses of the pages of all cards."""
    folder = tmp_path_factory.mktemp("pages")
    cards = {"hostile": hostile(), "bare": bare()}
    for problem in PROBLEMS:
        cards[problem] = card(problem)
    for name, one in cards.items():
        text = render(one, DATA)
        assert len(text.encode()) < 5_000_000
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in cards}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page of which every complaint and every request but the first fails the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    yield page
    assert not told
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    page.close()


@pytest.mark.parametrize("name", [*PROBLEMS, "hostile", "bare"])
def test_the_page_is_drawn_and_readable_everywhere(
    name: str, pages: dict[str, str], page: Page
) -> None:
    page.goto(pages[name])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(UNDRAWN) == []
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(CONTRASTS, 4.5) == []
    levels = page.evaluate(LEVELS)
    assert levels[:2] == [1, 2]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert levels.count(1) == 1
    assert page.evaluate(UNNAMED) == 0
    assert page.evaluate("window.hurt") is None


def test_a_phone_shows_whole_heads_and_low_rows(pages: dict[str, str], page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(pages["binary"])
    for name, head in {"Rules of the gate": "Outcome", "Leaderboard": "Spread"}.items():
        table = page.locator(f".scroll[aria-label='{name}']")
        box, cell = table.bounding_box(), table.locator("th", has_text=head).bounding_box()
        assert box is not None
        assert cell is not None
        assert cell["x"] + cell["width"] <= box["x"] + box["width"] + 6  # its padding may be cut
    for name in ("Metrics", "Rules of the gate", "Slices", "Trials"):
        rows = page.locator(f".scroll[aria-label='{name}'] tbody tr")
        assert max(rows.evaluate_all("all => all.map(one => one.offsetHeight)")) < 130


def test_the_schemes_have_colours_of_their_own(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["binary"])
    found = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert found["light"] != found["dark"]
    page.emulate_media(color_scheme="dark", media="print")
    printed = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert printed == "rgb(255, 255, 255)"


def column(page: Page, section: str, number: int) -> list[str]:
    texts: list[str] = page.locator(f"#{section} table >> nth=0").evaluate(
        "(table, n) => [...table.tBodies[0].rows].map(row => row.cells[n].innerText.trim())",
        number,
    )
    return texts


def test_tables_sort_by_a_click_and_by_the_keyboard(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["binary"])
    head = page.locator("#leaderboard th", has_text="Held out")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    up = column(page, "leaderboard", 3)
    known = [one for one in up if one != "\u2013"]
    assert known == sorted(known)
    assert up[len(known) :] == ["\u2013"] * 4
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column(page, "leaderboard", 3) == [*reversed(known), *up[len(known) :]]
    page.locator("#leaderboard th", has_text="Recipe").get_by_role("button").press("Space")
    assert head.get_attribute("aria-sort") == "none"
    recipes = column(page, "leaderboard", 0)
    assert recipes == sorted(recipes)


def test_numbers_sort_by_their_full_values(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["hostile"])
    page.locator("#study th", has_text="Trial").first.get_by_role("button").click()
    assert column(page, "study", 0) == [f"{n:,}" for n in range(500)]
    page.locator("#study th").nth(2).get_by_role("button").click()
    assert column(page, "study", 0) == [f"{n:,}" for n in reversed(range(500))]


@pytest.mark.parametrize("name", [*PROBLEMS, "hostile"])
def test_paper_shows_everything(name: str, pages: dict[str, str], page: Page) -> None:
    page.goto(pages[name])
    page.set_viewport_size({"width": 690, "height": 980})  # A4 less its margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 690
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    if name != "hostile":  # a hundred sheets
        assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_columns_of_the_data_sort_by_their_numbers(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["binary"])
    page.locator("#data th", has_text="Distinct").get_by_role("button").click()
    assert column(page, "data", 3) == ["2", "2", "812"]


def test_a_command_is_copied_or_selected(pages: dict[str, str], page: Page) -> None:
    page.goto(pages["binary"])
    box = page.locator(".command").first
    box.get_by_role("button", name="Copy").click()
    box.get_by_text("Selected").or_(box.get_by_text("Copied")).wait_for()
    if box.get_by_text("Selected").count():
        assert page.evaluate("getSelection().toString()") == card("binary").remake[0]
