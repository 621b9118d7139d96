"""Charts of a card: each one's axes, lines and guides, from the figures of the record."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate

from spaceship.card.card import Card, Curve, Interval, Reign
from spaceship.card.svg import Axis, Chart, Point
from spaceship.errors import ConfigError
from spaceship.evaluation.metrics import Direction, direction, metric_title

Draw = Callable[[Card], Chart]
_COMPLETE = ("complete", "finished")
HOLLOW = 5  # style of the points that stand back
_FORMS = ((4 * 86400.0, "%Y-%m-%d"), (3600.0, "%m-%d %H:%M"), (0.0, "%H:%M:%S"))


def draw(card: Card) -> dict[str, Chart | None]:
    """Return every chart by its name; None where the card has no figures for one.

    >>> charts = draw(model_card)
    >>> charts["roc"].title, charts["residuals"]
    ('ROC curve', None)
    """
    kept = card.charts
    figures: Mapping[str, tuple[object, Draw]] = {
        "roc": (kept.roc, _roc),
        "precision_recall": (kept.precision_recall, _precision_recall),
        "calibration": (kept.calibration, _calibration),
        "thresholds": (kept.thresholds, _thresholds),
        "residuals": (kept.residuals, _residuals),
        "residual_counts": (kept.residual_counts, _residual_counts),
        "trials": (sum(_known(one.score) for one in card.trials) > 1, _trials),
        "champions": (sum(map(_dated, card.champions)) > 1, _champions),
    }
    return {name: make(card) if figure else None for name, (figure, make) in figures.items()}


def cell_axes(card: Card) -> dict[str, Axis]:
    """Return the axes that the cells of one column of a table share.

    >>> cell_axes(model_card)["slices"].label
    'score'
    """
    difference = [] if card.paired is None else _ends([card.paired.difference])
    rises = [(one.loss, one.error) for one in card.importances]
    losses = [loss + sign * error for loss, error in rises for sign in (-1, 1)]
    pushes = [one.push for one in card.importances if one.push is not None]
    return {
        "slices": Axis.around("score", _ends(one.score for one in card.slices)),
        "difference": Axis.around("difference", difference, zero=True),
        "losses": Axis.around("rise", losses, zero=True),
        "pushes": Axis.around("push", pushes, zero=True),
        "drift": Axis.around("PSI", [one.psi for one in card.drift], zero=True),
    }


def metric_words(metric: str) -> str:
    """Return a metric in words, without the rows that it was measured on.

    >>> metric_words("cv_log_loss")
    'log loss'
    """
    return metric_title(metric.removeprefix("cv_").removeprefix("holdout_"))


def _roc(card: Card) -> Chart:
    chart = Chart("ROC curve", Axis("false positive rate"), Axis("true positive rate"))
    chart.guide((0, 0), (1, 1))
    return _with_lines(chart, card.charts.roc)


def _precision_recall(card: Card) -> Chart:
    chart = Chart("Precision and recall", Axis("recall"), Axis("precision"))
    return _with_lines(chart, card.charts.precision_recall)


def _calibration(card: Card) -> Chart:
    chart = Chart("Calibration", Axis("predicted probability"), Axis("share of hits"))
    chart.guide((0, 0), (1, 1))
    for number, curve in enumerate(card.charts.calibration):
        chart.line(_points(curve), number)
        chart.dots(_points(curve), number, curve.n)
    return chart


def _thresholds(card: Card) -> Chart:
    scores = Axis.around("score", (y for one in card.charts.thresholds for y in one.y))
    chart = Chart("Scores by threshold", Axis("threshold"), scores)
    used = card.charts.threshold
    if _known(used) and used is not None:
        chart.guide((used, scores.low), (used, scores.high), "used")
    return _with_lines(chart, card.charts.thresholds)


def _residuals(card: Card) -> Chart:
    curves = card.charts.residuals
    x = Axis.around("predicted", (x for one in curves for x in one.x))
    y = Axis.around(
        "residual: true minus predicted", (y for one in curves for y in one.y), zero=True
    )
    chart = Chart("Residuals", x, y)
    for number, curve in enumerate(curves):
        chart.dots(_points(curve), number)
    chart.guide((x.low, 0), (x.high, 0), "used")
    return chart


def _residual_counts(card: Card) -> Chart:
    counts = card.charts.residual_counts or Curve("", (), ())
    step = min((b - a for a, b in zip(counts.x, counts.x[1:], strict=False)), default=1.0)
    ends = [x + side * step for x in counts.x for side in (-0.5, 0.5)]
    x = Axis.around("residual: true minus predicted", ends)
    chart = Chart("Number of rows by residual", x, Axis.around("rows", counts.y, zero=True))
    chart.columns(_points(counts))
    if x.low < 0 < x.high:
        chart.guide((0, 0), (0, chart.y.high), "used")
    return chart


def _trials(card: Card) -> Chart:
    finite = [
        (one.state.lower() in _COMPLETE, (float(one.number), one.score))
        for one in card.trials
        if one.score is not None and math.isfinite(one.score)
    ]
    complete, others = (
        [p for whole, p in finite if whole is is_whole] for is_whole in (True, False)
    )
    x = Axis.around("trial", [point[0] for _, point in finite])
    name = metric_words(card.trial_metric) or "score"
    y = Axis.around(name, [point[1] for _, point in finite])
    chart = Chart("Scores of the trials", x, y)
    chart.dots(others, HOLLOW)
    chart.dots(complete)
    with suppress(ConfigError):  # of an unknown metric, the best cannot be known
        best = max if direction(card.trial_metric) is Direction.MAXIMIZE else min
        scores = accumulate((score for _, score in complete), best)
        numbers = (number for number, _ in complete)
        chart.line(zip(numbers, scores, strict=True), 1, steps=True)
    return chart


def _champions(card: Card) -> Chart:
    points = [(_seconds(one.since), one.score or 0.0) for one in card.champions if _dated(one)]
    until = max([_seconds(card.made)] * bool(card.made) + [time for time, _ in points])
    x = _dates([*(time for time, _ in points), until])
    name = card.scores[0].title if card.scores else "score"
    y = Axis.around(f"cross-validated {name}", (score for _, score in points))
    chart = Chart("Score of the champions", x, y)
    chart.line([*points, (until, points[-1][1])], steps=True)
    chart.dots(points)
    return chart


def _dated(reign: Reign) -> bool:
    return bool(reign.since) and _known(reign.score)


def _seconds(moment: str) -> float:
    when = datetime.fromisoformat(moment)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _dates(times: Sequence[float]) -> Axis:
    """Return an axis of time with three moments, as exact as its length needs."""
    axis = Axis.around("time (UTC)", times)
    span = axis.high - axis.low
    form = next(form for least, form in _FORMS if span > least)
    moments = [axis.low + share * span for share in (0.12, 0.5, 0.88)]
    names = ((at, datetime.fromtimestamp(at, UTC).strftime(form)) for at in moments)
    return replace(axis, names=tuple(names))


def _with_lines(chart: Chart, curves: Iterable[Curve]) -> Chart:
    for number, curve in enumerate(curves):
        chart.line(_points(curve), number)
    return chart


def _points(curve: Curve) -> list[Point]:
    pairs = zip(curve.x, curve.y, strict=True)
    return [pair for pair in pairs if all(map(math.isfinite, pair))]


def _ends(intervals: Iterable[Interval]) -> list[float]:
    ends = (end for one in intervals for end in (one.value, one.low, one.high))
    return [end for end in ends if end is not None]


def _known(figure: float | None) -> bool:
    return figure is not None and math.isfinite(figure)
