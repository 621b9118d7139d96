"""Plots of a judged candidate as PNG files, which MLflow's pages draw."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import shown_metrics
from spaceship.process.garbage import collection_paused
from spaceship.task.label import Problem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = "plots"  # of a run's artifacts
_MARGINS = {"left": 0.14, "right": 0.97, "bottom": 0.13, "top": 0.92}  # shares of the width
_BINS = 10  # of a calibration curve, of equal width, as of the calibration error
_MOST_POINTS = 3000  # that a scatter plot draws


@collection_paused()
def draw_plots(report: Report, folder: Path) -> list[Path]:
    """Write the plots of a report into a folder; return their files.

    The scores of the folds always; of the hold-out, if the report has it, the calibration of the
    probabilities, or predicted against true numbers.

    >>> judged = report(80, 100, folds=[{"accuracy": 0.8, "log_loss": 0.4}] * 5)
    >>> [path.name for path in draw_plots(judged, tmp_path)]
    ['calibration.png', 'folds.png']
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with mpl.rc_context(mpl.rcParamsDefault):
        for name, draw in _plots(report):
            figure = Figure(figsize=(5.2, 3.9))
            draw(figure.subplots(gridspec_kw=_MARGINS))
            figure.savefig(folder / name, dpi=90)
            files.append(folder / name)
    return files


def _plots(report: Report) -> Iterator[tuple[str, "Callable[[Axes], None]"]]:
    rows = report.holdout
    if rows is not None and len(rows.ids) and np.isfinite(rows.values).all():
        numbers = rows.problem is Problem.REGRESSION
        name = "predictions.png" if numbers else "calibration.png"
        yield name, partial(_draw_numbers if numbers else _draw_calibration, rows)
    if report.folds:
        yield "folds.png", partial(_draw_folds, report)


def _draw_calibration(rows: HoldOut, axes: "Axes") -> None:
    """Draw the share of hits against the mean probability of each bin; points grow with rows."""
    if rows.problem is Problem.MULTICLASS:
        chance, hit = rows.values.max(axis=1), rows.values.argmax(axis=1) == rows.target
        what = "the likeliest class"
    else:
        chance, hit, what = rows.values, rows.target, "True"
    bins = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    used = count > 0
    mean, share = (np.bincount(bins, one, _BINS)[used] / count[used] for one in (chance, hit))
    axes.plot([0, 1], [0, 1], "--", color="0.6", label="perfect")
    axes.plot(mean, share, color="tab:blue", label="on the hold-out")
    axes.scatter(mean, share, 200 * count[used] / count.max() + 5, color="tab:blue")
    axes.set(xlabel=f"mean probability of {what}", ylabel="share of hits", title="Calibration")
    axes.legend()


def _draw_numbers(rows: HoldOut, axes: "Axes") -> None:
    """Draw predicted against true numbers of the first rows of the hold-out."""
    target, values = rows.target[:_MOST_POINTS], rows.values[:_MOST_POINTS]
    ends = [float(min(target.min(), values.min())), float(max(target.max(), values.max()))]
    axes.plot(ends, ends, "--", color="0.6", label="perfect")
    axes.scatter(target, values, 6, alpha=0.4, label="a row of the hold-out")
    axes.set(xlabel=f"true {rows.label}".replace("$", r"\$"), ylabel="predicted", title="Hold-out")
    axes.legend()


def _draw_folds(report: Report, axes: "Axes") -> None:
    """Draw the first metric of each fold, and its mean."""
    key, name = shown_metrics(report.folds[0])[0]
    values = [fold[key] for fold in report.folds]
    numbers = range(1, len(values) + 1)
    axes.scatter(numbers, values, color="tab:blue", label="a fold")
    axes.axhline(float(np.mean(values)), color="0.6", linestyle="--", label="mean")
    axes.set(xlabel="fold", ylabel=name, title="Cross-validation", xticks=[*numbers])
    axes.legend()
