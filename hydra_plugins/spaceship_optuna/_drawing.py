"""One plot drawn: as HTML by plotly, as PNG by matplotlib, with labels that can be read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_SIZES = {"history": (10.0, 5.0), "importances": (8.0, 5.0), "pareto": (9.0, 6.0)}
_WIDEST, _HIGH = 20.0, 5.0
"""Size in inches of the plots that grow with the number of parameters."""
_LONGEST = 14
"""Letters of a category that a plot has room for."""


@dataclass(frozen=True)
class Plot:
    """One plot to make.

    Attributes:
        name: Of its files.
        title: What it shows, of which study and candidate.
        function: The function of `optuna.visualization` that draws it.
        studies: What that function is given.
        options: More that it is given.

    """

    name: str
    title: str
    function: str
    studies: Any
    options: dict[str, Any]


def write_html(plot: Plot, path: Path) -> None:
    """Write a plot as a page that shares `plotly.min.js` with others beside it."""
    from optuna import visualization

    figure = getattr(visualization, plot.function)(plot.studies, **plot.options)
    figure.update_layout(title=plot.title, margin={"t": 80})
    figure.write_html(path, include_plotlyjs="directory")


def write_png(plot: Plot, path: Path) -> None:
    """Write a plot as a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from optuna.visualization import matplotlib as visualization

    with plt.style.context("default"):  # Optuna changes the style for good
        before = set(plt.get_fignums())
        try:
            getattr(visualization, plot.function)(plot.studies, **plot.options)
            figure = plt.gcf()
            _tidy(figure, plot)
            figure.savefig(path, dpi=100, bbox_inches="tight")
        finally:
            for number in set(plt.get_fignums()) - before:
                plt.close(number)


def _tidy(figure: "Figure", plot: Plot) -> None:
    """Give a figure its title, room for every axis, and ticks that do not overlap."""
    kind = plot.name.partition("-")[0]
    several = max((len(axes.get_xticks()) for axes in figure.axes), default=1)
    count = several - 1 if kind == "parallel" else len(figure.axes) - 1
    figure.set_size_inches(_SIZES.get(kind) or (min(2 + 2.2 * count, _WIDEST), _HIGH))
    for axes in figure.axes:
        axes.set_title("")
        axes.set_title("", loc="left")
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                _label_decades(axis)
    figure.suptitle(plot.title, fontsize=12, y=0.98)
    figure.canvas.draw()  # only then are there labels to cut
    for axes in figure.axes:
        if kind == "slice":
            axes.tick_params(axis="x", rotation=30)
            axes.xaxis.label.set_fontsize(10)
            _cut_labels(axes.xaxis)
        elif kind == "parallel":
            _cut_labels(axes.yaxis)


def _label_decades(axis: "Axis") -> None:
    """Label 1, 2 and 5, or only decades, in plain digits; matplotlib's own labels overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    close = high < low * 100
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if close else (1.0,), numticks=7))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _cut_labels(axis: "Axis") -> None:
    labels = [label.get_text() for label in axis.get_ticklabels()]
    if any(len(label) > _LONGEST for label in labels):
        cut = [t if len(t) <= _LONGEST else f"{t[: _LONGEST - 1]}…" for t in labels]
        axis.set_ticks(axis.get_ticklocs(), labels=cut)
