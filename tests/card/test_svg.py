"""Charts: axes of any numbers, few points, nothing drawn of what is not known."""

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from spaceship.card.svg import MOST_POINTS, Axis, Chart, bar, interval

NAN = float("nan")


@given(values=st.lists(st.floats(), max_size=5), zero=st.booleans())
def test_an_axis_of_any_numbers_has_few_ticks_between_its_ends(
    *, values: list[float], zero: bool
) -> None:
    axis = Axis.around("any", values, zero=zero)
    assert axis.low < axis.high
    ticks = axis.ticks()
    assert len(ticks) <= 6
    assert all(-0.01 <= axis.share(value) <= 1.01 for value, _ in ticks)
    assert all(text for _, text in ticks)
    for value in values:
        if abs(value) < 1e300:
            assert 0 <= axis.share(value) <= 1


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=5))
def test_any_points_are_drawn_at_finite_places(points: list[tuple[float, float]]) -> None:
    x, y = (Axis.around(name, (one[n] for one in points)) for n, name in enumerate("xy"))
    chart = Chart("any", x, y)
    chart.line(points)
    chart.dots(points)
    assert not re.search(r'"[^"]*(nan|inf)[^"]*"', str(chart))


def test_a_scatter_has_at_most_2_000_points() -> None:
    chart = Chart("many", Axis("x"), Axis("y"))
    chart.dots([(n / 9999, 0.5) for n in range(9999)])
    assert 1000 < str(chart).count("<circle") <= MOST_POINTS == 2000


def test_a_line_keeps_its_shape_and_its_ends_but_no_points_that_look_like_one() -> None:
    chart = Chart("long", Axis("x"), Axis("y"))
    chart.line([(n / 99999, abs(math.sin(n / 9999))) for n in range(100_000)])
    [way] = re.findall(r' d="(.*?)"', str(chart))
    places = re.findall(r"[\d.]+ [\d.]+", way)
    assert 300 < len(places) < 4000
    assert places[0].startswith("66.0 ")
    assert places[-1].startswith("426.0 ")


def test_cells_of_unknown_figures_have_no_mark_of_a_figure() -> None:
    axis = Axis("score")
    assert "circle" not in interval(axis, (NAN, None, None))
    assert "whisker" not in interval(axis, (0.5, None, 0.6))
    assert "rect" not in bar(axis, NAN, 0.1)
    assert "whisker" not in bar(axis, 0.4, NAN)


def test_titles_and_names_are_escaped() -> None:
    text = str(Chart("<b>", Axis('"x"'), Axis("a\u202eb")))
    assert "<title>&lt;b&gt;</title>" in text
    assert "&#34;x&#34;" in text
    assert "\u202e" not in text
