"""The picture of a simulation: how champions did era by era, and what the gate measured."""

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from spaceship.chronicle import Era, conclusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS = {
    "champion": ("^", "tab:green", "candidate promoted"),
    "challenger": ("D", "tab:orange", "candidate became challenger"),
    "refused": ("X", "tab:red", "candidate refused"),
}
"""Marker, colour and legend of each award."""


def draw(eras: Sequence[Era], path: Path) -> None:
    """Write the picture as PNG.

    Above, the accuracy on those who arrive next: of the champion, of the first champion, and of
    each candidate, whatever it earned. Below, the candidate's gain over the champion on the
    hold-out, which is what the gate went by.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure(figsize=(9.0, 7.5), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        _draw_accuracies(upper, eras)
        _draw_gains(lower, eras)
        lower.set_xticks([era.era for era in eras], labels=[_tick(era) for era in eras])
        figure.suptitle(f"{eras[-1].candidate}, retrained in {len(eras)} eras")
        upper.set_title(fill(conclusion(eras), 100), fontsize=9)
        figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        figure.savefig(path, dpi=100)


def _draw_accuracies(axes: "Axes", eras: Sequence[Era]) -> None:
    numbers = [era.era for era in eras]
    lines = [
        ("with retraining: the gated champion", "next_retrained", "tab:blue", "-"),
        ("without: the first champion for ever", "next_first", "tab:gray", "--"),
    ]
    for label, field, colour, style in lines:
        heights = [100 * getattr(era, field) for era in eras]
        axes.plot(numbers, heights, label=label, color=colour, linestyle=style, linewidth=2)
    for award, (marker, colour, label) in _LOOKS.items():
        mine = [era for era in eras if era.award == award]
        heights = [100 * era.next_candidate for era in mine]
        places = [era.era for era in mine]
        axes.scatter(places, heights, 70, colour, marker, label=label, zorder=3)
    axes.set_ylabel("accuracy on the next arrivals, %")
    axes.grid(alpha=0.3)


def _draw_gains(axes: "Axes", eras: Sequence[Era]) -> None:
    for era in eras:
        axes.bar(era.era, 100 * era.relative_gain, width=0.5, color=_LOOKS[era.award][1])
    needed = [era.needed for era in eras if not math.isnan(era.needed)]
    axes.axhline(0, color="black", linewidth=0.8)
    if needed:
        axes.axhline(100 * needed[-1], color="black", linestyle=":")
        note = f"needed to be promoted: {needed[-1]:+.1%}"
        axes.annotate(
            note, (0.005, 100 * needed[-1]), xycoords=("axes fraction", "data"), va="bottom"
        )
    axes.set_ylabel("gain over the champion\non the hold-out, %")
    axes.set_xlabel("era in which the candidate was trained")
    axes.grid(alpha=0.3)


def _tick(era: Era) -> str:
    return f"{era.era}" if math.isnan(era.drift) else f"{era.era}\ndrift {era.drift:.2f}"
