"""Plot of a simulation: accuracy of the champions and gain of the candidates, era by era."""

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from spaceship.simulation.eras import EraResult, conclusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS = {
    "champion": ("^", "tab:green", "candidate promoted"),
    "challenger": ("D", "tab:orange", "candidate became challenger"),
    "refused": ("X", "tab:red", "candidate refused"),
}
"""Marker, colour and legend of each award."""
_MOST_TICKS = 10


def draw(eras: Sequence[EraResult], path: Path) -> None:
    """Write the plot as PNG: accuracies on the next era above, gains on the hold-out below.

    >>> figures = (0.8, 0.79, 0.01, 0.03, "challenger", "1", 50, 0.8, 0.8, 0.8, 0, 0)
    >>> draw([EraResult(1, 50, 50, 0.0, "lgbm on raw", *figures)], tmp_path / "simulation.png")
    >>> (tmp_path / "simulation.png").is_file()
    True
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure(figsize=(9.0, 7.5), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        _draw_accuracies(upper, eras)
        _draw_gains(lower, eras)
        ticked = eras[:: math.ceil(len(eras) / _MOST_TICKS)]
        lower.set_xticks([era.era for era in ticked], labels=[_tick(era) for era in ticked])
        figure.suptitle(f"{eras[-1].candidate}, retrained in {len(eras)} eras")
        upper.set_title(fill(conclusion(eras), 125), fontsize=9)
        parts = [axes.get_legend_handles_labels() for axes in (upper, lower)]
        handles, labels = (above + below for above, below in zip(*parts, strict=True))
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        figure.savefig(path, dpi=100)


def _draw_accuracies(axes: "Axes", eras: Sequence[EraResult]) -> None:
    numbers = [era.era for era in eras]
    lines = [
        ("with retraining: the gated champion", "next_retrained", "tab:blue", ".-"),
        ("without: the first champion for ever", "next_first", "tab:gray", ".--"),
    ]
    for label, field, colour, style in lines:
        heights = [100 * getattr(era, field) for era in eras]
        axes.plot(numbers, heights, style, label=label, color=colour, linewidth=2)
    for award, (marker, colour, label) in _LOOKS.items():
        mine = [era for era in eras if era.award == award]
        heights = [100 * era.next_candidate for era in mine]
        places = [era.era for era in mine]
        axes.scatter(places, heights, 70, colour, marker=marker, label=label, zorder=3)
    axes.set_ylabel("accuracy on the next arrivals, %")
    axes.grid(alpha=0.3)


def _draw_gains(axes: "Axes", eras: Sequence[EraResult]) -> None:
    for era in eras:
        marker, colour, _ = _LOOKS[era.award]
        axes.bar(era.era, 100 * era.relative_gain, width=0.4, color=colour, alpha=0.4)
        axes.scatter(era.era, 100 * era.relative_gain, 70, colour, marker=marker, zorder=3)
    if needed := [era.needed for era in eras if not math.isnan(era.needed)]:
        label = f"gain needed to be promoted: {100 * needed[-1]:g} %"
        axes.axhline(100 * needed[-1], color="black", linestyle=":", label=label)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.use_sticky_edges = False  # a marker on the border would be cut
    axes.margins(y=0.12)
    axes.set_ylabel("gain over the champion\non the hold-out, %")
    axes.set_xlabel("era in which the candidate was trained")
    axes.grid(alpha=0.3)


def _tick(era: EraResult) -> str:
    return f"{era.era}" if math.isnan(era.drift) else f"{era.era}\ndrift {era.drift:.2f}"
