"""Plots of a judged candidate as SVG files of their own, which MLflow's pages draw."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from spaceship.card.curves import calibration
from spaceship.card.svg import Axis, Chart
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import shown_metrics
from spaceship.files import write_atomically
from spaceship.task.label import Problem

FOLDER = "plots"  # of a run's artifacts
_MOST_POINTS = 3000  # that a scatter plot draws
_ALONE = r'<svg xmlns="http://www.w3.org/2000/svg" width="\2" height="\3"\1'
"""What a chart needs outside a page: a browser shows one without a size small."""
_STYLE = """<style>text{font:13px sans-serif}.middle{text-anchor:middle}.end{text-anchor:end}
.grid{stroke:#ddd}.axis{stroke:#555}.guide{stroke:#888;stroke-dasharray:4 4}
.line{fill:none;stroke:#1f77b4;stroke-width:2}.dot{fill:#1f77b4;fill-opacity:.6}</style>
<rect width="100%" height="100%" fill="#fff"/>"""


def draw_plots(report: Report, folder: Path) -> list[Path]:
    """Write the plots of a report into a folder; return their files.

    The scores of the folds always; of the hold-out, if the report has it, the calibration of the
    probabilities, or predicted against true numbers.

    >>> judged = report(80, 100, folds=[{"accuracy": 0.8, "log_loss": 0.4}] * 5)
    >>> [path.name for path in draw_plots(judged, tmp_path)]
    ['calibration.svg', 'folds.svg']
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, chart in _plots(report):
        files.append(folder / name)
        head, title, body = str.partition(str(chart), "</title>")
        head = re.sub(r'<svg(.*viewBox="0 0 (\d+) (\d+)")', _ALONE, head, count=1)
        write_atomically(files[-1], head + title + _STYLE + body)
    return files


def _plots(report: Report) -> Iterator[tuple[str, Chart]]:
    rows = report.holdout
    if rows is not None and len(rows.ids) and np.isfinite(rows.values).all():
        numbers = rows.problem is Problem.REGRESSION
        name = "predictions.svg" if numbers else "calibration.svg"
        yield name, _numbers(rows) if numbers else _calibration(rows)
    if report.folds:
        yield "folds.svg", _folds(report)


def _calibration(rows: HoldOut) -> Chart:
    """Return the share of hits against the mean probability of each bin; points grow with rows."""
    found = calibration(rows, ("False", "True"))
    chart = Chart("Calibration", Axis(f"mean probability of {found.name}"), Axis("share of hits"))
    chart.guide((0, 0), (1, 1))
    points = [*zip(found.x, found.y, strict=True)]
    chart.line(points)
    chart.dots(points, sizes=found.n)
    return chart


def _numbers(rows: HoldOut) -> Chart:
    """Return predicted against true numbers of the first rows of the hold-out."""
    target, values = (one[:_MOST_POINTS].tolist() for one in (rows.target, rows.values))
    x, y = (Axis.around(name, [*target, *values]) for name in (f"true {rows.label}", "predicted"))
    chart = Chart("Hold-out", x, y)
    chart.guide((x.low, x.low), (x.high, x.high))
    chart.dots([*zip(target, values, strict=True)])
    return chart


def _folds(report: Report) -> Chart:
    """Return the first metric of each fold, and its mean."""
    key, name = shown_metrics(report.folds[0])[0]
    values = [float(fold[key]) for fold in report.folds]
    names = tuple((float(at), str(at)) for at in range(1, len(values) + 1))
    chart = Chart("Folds", Axis("fold", 0.5, len(values) + 0.5, names), Axis.around(name, values))
    mean = float(np.mean(values))
    chart.guide((0.5, mean), (len(values) + 0.5, mean))
    chart.dots([(at, value) for (at, _), value in zip(names, values, strict=True)])
    return chart
