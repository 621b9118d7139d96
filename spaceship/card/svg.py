"""Charts as inline SVG: lines, points and columns over two axes, bars and intervals of cells.

Colours and widths are classes that the page's CSS knows; the only texts are axes and titles.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from spaceship.records import fitting
from spaceship.text import printable

Point = tuple[float, float]
MOST_POINTS = 2000
_MANY = 300  # points: more are small and without an edge
_WIDTH, _HEIGHT = 440.0, 310.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 66.0, 14.0, 12.0, 48.0
_CELL_WIDTH, _CELL_HEIGHT, _EDGE = 140.0, 16.0, 4.0  # _EDGE: free space at both ends
_NEAR = 0.6  # points of a line that are closer to each other look like one
_LARGE = 1e4  # from here on ticks have a unit
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_COLOURS, _DASHES = 6, 4
_LONG, _MOST_PLACES = 40, 4  # letters of an axis, decimals of a tick: more have no room
_MOST = 1e300  # farther points are not drawn: a difference of two has to be finite


@dataclass(frozen=True)
class Axis:
    """One axis of a chart: its words and its ends.

    >>> Axis.around("rows", [3.0, 9.0]).ticks()
    [(4.0, '4'), (6.0, '6'), (8.0, '8')]
    """

    label: str
    low: float = 0.0
    high: float = 1.0
    names: tuple[tuple[float, str], ...] = ()  # ticks that are no numbers, such as dates

    @classmethod
    def around(cls, label: str, values: Iterable[float], *, zero: bool = False) -> "Axis":
        """Return an axis that holds all finite values with some room, and 0 if it has to."""
        finite = [value for value in values if abs(value) < _MOST] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
        room = (high - low) * 0.05 or abs(high) * 0.05 or 0.5
        return cls(label, low if zero and low == 0 else low - room, high + room)

    def share(self, value: float) -> float:
        """Return the place of a value between the ends, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int = 5) -> list[tuple[float, str]]:
        """Return round values on the axis with their texts."""
        if self.names:
            return [*self.names]
        rough = (self.high - self.low) / about
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(n * step, tick_text(n * step, step)) for n in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """Return a tick's number with as many decimals as its step needs.

    >>> tick_text(0.30000000000000004, 0.1), tick_text(-20000, 20000), tick_text(0.0, 2.0)
    ('0.3', '\u221220k', '0')
    """
    size, unit = next((one for one in _UNITS if step * 5 >= max(one[0], _LARGE)), (1.0, ""))
    places = max(0, -math.floor(math.log10(step / size) + 1e-9))
    text = f"{value / size:.{places}f}" if places <= _MOST_PLACES else f"{value:.1e}"
    return f"{text}{unit if value else ''}".replace("-", "\u2212")  # a minus, not a hyphen


def style(number: int) -> str:
    """Return the classes of the n-th line of a chart: no two of 24 have the same look.

    >>> style(0), style(6), len({style(number) for number in range(24)})
    ('s0 d0', 's0 d3', 24)
    """
    return f"s{number % _COLOURS} d{(number + number // _COLOURS) % _DASHES}"


@dataclass
class Chart:
    """A chart of two axes, which takes lines and points; `str` gives the SVG.

    >>> chart = Chart("Score of trials", Axis("trial"), Axis("score"))
    >>> chart.line([(0, 0), (1, 1)])
    >>> "<title>" in str(chart), str(chart).count("<path")
    (True, 1)
    """

    title: str
    x: Axis
    y: Axis
    _drawn: list[Markup] = field(default_factory=list)

    def line(self, points: Iterable[Point], number: int = 0, *, steps: bool = False) -> None:
        """Draw a line; a step goes level until the next point."""
        form = "H{:.1f}V{:.1f}" if steps else "L{:.1f} {:.1f}"
        places = [*_apart(self._places(points))]
        if places:
            way = "".join(form.format(*place) for place in places[1:])
            start = "M{:.1f} {:.1f}".format(*places[0])
            self._drawn.append(_element("path", f"line {style(number)}", d=start + way))

    def dots(self, points: Sequence[Point], number: int = 0, sizes: Sequence[float] = ()) -> None:
        """Draw points, at most `MOST_POINTS`, with an area in proportion to their sizes."""
        every = max(1, math.ceil(len(points) / MOST_POINTS))
        largest = max(sizes, default=0) or 1
        many = len(points) > _MANY
        plain = [2.0 if many else 3.0] * len(points)
        radii = [2 + 8 * math.sqrt(size / largest) for size in sizes] or plain
        kind = f"dot s{number % _COLOURS}{' faint' * many}"
        for point, radius in [*zip(points, radii, strict=True)][::every]:
            for x, y in self._places([point]):
                self._drawn.append(_element("circle", kind, cx=x, cy=y, r=radius))

    def columns(self, points: Sequence[Point]) -> None:
        """Draw a histogram; a column reaches halfway to its neighbours."""
        step = min((b[0] - a[0] for a, b in pairwise(points)), default=1.0)
        bottom = self._top(0.0)
        for x, y in points:
            left, right = self._left(x - step / 2), self._left(x + step / 2)
            width, height = max(right - left - 1, 0.5), max(bottom - self._top(y), 0.0)
            column = _element(
                "rect", "column", x=left, y=bottom - height, width=width, height=height
            )
            self._drawn.append(column)

    def guide(self, start: Point, end: Point, kind: str = "guide") -> None:
        """Draw a straight line that figures are compared with."""
        x1, x2 = self._left(start[0]), self._left(end[0])
        y1, y2 = self._top(start[1]), self._top(end[1])
        self._drawn.append(_element("line", kind, x1=x1, y1=y1, x2=x2, y2=y2))

    def __str__(self) -> str:
        head = Markup('<svg class="chart" role="img" viewBox="0 0 {:.0f} {:.0f}"><title>{}</title>')
        parts = [*self._axes(), *self._drawn, Markup("</svg>")]
        return head.format(_WIDTH, _HEIGHT, printable(self.title)) + Markup("").join(parts)

    __html__ = __str__

    def _axes(self) -> Iterator[Markup]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        for value, text in self.y.ticks():
            top = self._top(value)
            yield _element("line", "grid", x1=_LEFT, y1=top, x2=right, y2=top)
            yield _element("text", "tick end", text, x=_LEFT - 8, y=top + 4)
        for value, text in self.x.ticks():
            yield _element("text", "tick middle", text, x=self._left(value), y=bottom + 18)
        yield _element("line", "axis", x1=_LEFT, y1=bottom, x2=right, y2=bottom)
        x, y = (_LEFT + right) / 2, (_TOP + bottom) / 2
        below, beside = (fitting(axis.label, _LONG) for axis in (self.x, self.y))
        yield _element("text", "name middle", below, x=x, y=_HEIGHT - 8)
        turned = f"rotate(-90 12 {y})"
        yield _element("text", "name middle", beside, x=12, y=y, transform=turned)

    def _places(self, points: Iterable[Point]) -> list[Point]:
        finite = (one for one in points if all(abs(value) < _MOST for value in one))
        return [(self._left(x), self._top(y)) for x, y in finite]

    def _left(self, x: float) -> float:
        return _LEFT + self.x.share(x) * (_WIDTH - _LEFT - _RIGHT)

    def _top(self, y: float) -> float:
        return _HEIGHT - _BOTTOM - self.y.share(y) * (_HEIGHT - _TOP - _BOTTOM)


def interval(axis: Axis, ends: tuple[float | None, ...], mark: float | None = None) -> Markup:
    """Return a point with its interval for a table cell; `ends` are value, low and high.

    >>> "circle" in interval(Axis("score"), (0.5, 0.4, 0.6))
    True
    """
    value, low, high = map(_known, ends)
    parts = [] if mark is None else [_upright(axis, mark, "mark")]
    parts += _whisker(axis, low, high)
    if value is not None:
        parts.append(_element("circle", "spot", cx=_across(axis, value), cy=8, r=4))
    return _cell(parts)


def bar(axis: Axis, value: float | None, error: float | None = None) -> Markup:
    """Return a bar from 0 for a table cell, with one standard error to both sides.

    >>> bar(Axis("rise"), 0.5, 0.1).count("<line")
    4
    """
    value, error = _known(value), _known(error)
    parts = [_upright(axis, 0.0, "mark")]
    if value is not None:
        left, right = sorted((_across(axis, 0.0), _across(axis, value)))
        parts.append(_element("rect", "bar", x=left, y=3, width=right - left, height=10))
        if error:
            parts += _whisker(axis, value - error, value + error)
    return _cell(parts)


def _cell(parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg class="cell" aria-hidden="true" viewBox="0 0 {:.0f} {:.0f}">')
    return head.format(_CELL_WIDTH, _CELL_HEIGHT) + Markup("").join(parts) + Markup("</svg>")


def _whisker(axis: Axis, low: float | None, high: float | None) -> list[Markup]:
    if low is None or high is None:
        return []
    left, right = _across(axis, low), _across(axis, high)
    line = _element("line", "whisker", x1=left, y1=8, x2=right, y2=8)
    return [line, *(_upright(axis, end, "whisker", 4) for end in (low, high))]


def _upright(axis: Axis, value: float, kind: str, half: int = 8) -> Markup:
    left = _across(axis, value)
    return _element("line", kind, x1=left, y1=8 - half, x2=left, y2=8 + half)


def _across(axis: Axis, value: float) -> float:
    inside = min(max(axis.share(value), 0.0), 1.0)
    return _EDGE + inside * (_CELL_WIDTH - 2 * _EDGE)


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _element(name: str, kind: str, text: str = "", **places: float | str) -> Markup:
    """Return one element of a class, with numbers to a tenth of a point."""
    values = {key: one if isinstance(one, str) else f"{one:.1f}" for key, one in places.items()}
    attributes = Markup("").join(Markup(' {}="{}"').format(*pair) for pair in values.items())
    end = Markup("</{}>").format(name)
    return Markup('<{} class="{}"{}>{}{}').format(name, kind, attributes, printable(text), end)


def _apart(places: Iterable[Point]) -> Iterator[Point]:
    """Yield the places that differ visibly from the one before, and the last."""
    kept = last = None
    for last in places:
        if kept is None or math.dist(kept, last) >= _NEAR:
            yield last
            kept = last
    if last is not None and last != kept:
        yield last
