"""HTML report of a card, its sections put into one page that opens offline."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from spaceship.card.card import Card
from spaceship.card.charts import HOLLOW, cell_axes, draw, metric_words
from spaceship.card.data import DataPage
from spaceship.card.svg import bar, interval, style
from spaceship.records import fitting, to_plain
from spaceship.text import printable

if TYPE_CHECKING:
    from jinja2 import Environment

SECTIONS = {
    "model_card": "Model card",
    "leaderboard": "Leaderboard",
    "curves": "ROC, precision and recall",
    "residuals": "Residuals",
    "calibration": "Calibration",
    "confusion": "Confusion",
    "threshold": "Threshold",
    "importance": "Importance of the raw columns",
    "slices": "Slices",
    "worst": "Worst errors",
    "paired": "Candidate against champion",
    "study": "The study",
    "champions": "Champions over time",
    "drift": "Drift",
    "data": "The data",
}
"""Titles of the sections by the name of the template; one without content is left out."""
_TEMPLATES = Path(__file__).parent / "templates"
_NONE = Markup('<span class="none" title="not known">\u2013</span>')
_LARGE, _SMALL = 10.0, 5e-5


class Located(float):
    """A number of card.json with the way to it.

    >>> Located.of(0.5, "scores/0/held_out/value").at
    'scores/0/held_out/value'
    """

    raw: float
    at: str

    @classmethod
    def of(cls, raw: float, at: str) -> "Located":
        """Return a number that is still a float, to compute widths and shades with."""
        number = cls(raw)
        number.raw, number.at = raw, at
        return number


def render(card: Card, data: DataPage | None = None) -> str:
    """Return the page of a card, with figures of the data if they are given.

    >>> "<title>lightgbm on fields" in render(model_card)
    True
    """
    plain = locate(to_plain(card))
    known = {
        "card": plain,
        "verdict": card.verdict,
        "charts": draw(card),
        "axes": cell_axes(card),
        "data": data,
    }
    environment = _environment()
    sections = {}
    for name, title in SECTIONS.items():
        template = environment.get_template(f"{name}.jinja")
        body = template.render(known, title=title, name=name).strip()
        if body:
            sections[name] = (title, body)
    page = environment.get_template("page.jinja").render(known, sections=sections)
    return page.encode("utf-8", "replace").decode()  # a text may hold half a letter


def locate(plain: object, at: str = "") -> object:
    """Return plain values with each number as Located.

    >>> locate({"score": {"value": 0.5}})["score"]["value"].at
    'score/value'
    """
    if isinstance(plain, Mapping):
        return {key: locate(one, f"{at}/{key}".lstrip("/")) for key, one in plain.items()}
    if isinstance(plain, list | tuple):
        return [locate(one, f"{at}/{n}".lstrip("/")) for n, one in enumerate(plain)]
    if isinstance(plain, int | float) and not isinstance(plain, bool):
        return Located.of(plain, at)
    return plain


def figure(number: Located | None, form: str = "score") -> Markup:
    r"""Return a rounded number that carries its full value; `form`: score, signed, share, tenths.

    >>> print(figure(Located.of(0.123456, "loss"), "share"))
    <span class="n" data-value="0.123456" data-at="loss">12.3\xa0%</span>
    """
    if number is None:
        return _NONE
    value = Markup('<span class="n" data-value="{}" data-at="{}">{}</span>')
    return value.format(json.dumps(number.raw), printable(number.at), rounded(number.raw, form))


def measured(text: str, at: str) -> Markup:
    """Return a number that the record holds as text, rounded; else the text.

    >>> print(measured("346.0", "worst/0/truth"), measured("<none>", "worst/1/truth"))
    <span class="n" data-value="346.0" data-at="worst/0/truth">346.00</span> &lt;none&gt;
    """
    try:
        return figure(Located.of(float(text), at))
    except ValueError:
        return escape(printable(text))


def rounded(value: float, form: str = "score") -> str:
    """Return a number with no more digits than a person reads.

    >>> rounded(0.81237), rounded(1234.5), rounded(8693), rounded(-0.00001234, "signed")
    ('0.8124', '1,234.50', '8,693', '\u22121.2e-05')
    """
    sign = "+" if form == "signed" else ""
    if form == "share":
        text = f"{value:.1%}".replace("%", "\u00a0%")
    elif form == "tenths":
        text = f"{value:,.1f}"
    elif isinstance(value, int):
        text = f"{value:{sign},d}"
    elif 0 < abs(value) < _SMALL:
        text = f"{value:{sign}.1e}"
    else:
        text = f"{value:{sign},.{2 if abs(value) >= _LARGE else 4}f}"
    return f"\u2212{text[1:]}" if text.startswith("-") else text


def moment(text: str) -> Markup:
    """Return a time of ISO 8601 as a person reads it, in UTC.

    >>> print(moment("2026-03-01T12:00:00+00:00"))
    <time datetime="2026-03-01T12:00:00+00:00">2026-03-01 12:00</time>
    """
    try:
        when = datetime.fromisoformat(text)
        when = when.astimezone(UTC) if when.tzinfo else when
    except (OverflowError, ValueError):
        return escape(printable(text))
    return Markup('<time datetime="{}">{:%Y-%m-%d %H:%M}</time>').format(text, when)


def breakable(text: str) -> Markup:
    """Return a key in which a line may break after a dot or an underscore.

    >>> print(breakable("model.max_depth"))
    model.<wbr>max_<wbr>depth
    """
    return Markup("<wbr>").join(map(escape, re.split(r"(?<=[._/])(?=.)", printable(text))))


def words(value: object) -> str:
    """Return settings of any depth as one text.

    >>> words({"of": "code", "parts": ["deck", "side"], "known": None})
    'of: code, parts: deck, side, known: none'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {words(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(words, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f"{value.raw}" if isinstance(value, Located) else str(value)


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        autoescape=True,
        finalize=_shown,
        loader=FileSystemLoader(_TEMPLATES),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    filters = (breakable, figure, measured, metric_words, moment, rounded, words)
    environment.filters.update({one.__name__: one for one in filters}, short=fitting)
    drawing = {"bar": bar, "interval": interval, "style": style}
    environment.globals.update(drawing, hollow=HOLLOW)
    return environment


def _shown(value: object) -> object:
    """Escape what a page cannot show in any text that is not marked up."""
    return printable(value) if type(value) is str else value
