"""Cards that a page may break on: hostile texts in all places, and next to no figures."""

from dataclasses import replace

import numpy as np

from spaceship.card.card import (
    Card,
    ColumnImportance,
    DriftLine,
    Interval,
    Reign,
    RunLine,
    SliceLine,
    TrialLine,
    WorstRow,
)
from spaceship.gate.award import Award
from spaceship.gate.verdict import Verdict
from tests.card.cards import card
from tests.card.charts import ProblemName

NASTY = (
    "<script>window.hurt = 1</script>",
    "</script><script>window.hurt = 2</script>",
    "\"><img src=x onerror='window.hurt = 3'>",
    "{{ 7 * 7 }}{% raw %}",
    "</style></title></textarea>--><svg onload=window.hurt=4>",
    "שדה של חיטה",
    "\u202egnp.exe",
    "half \ud800 a letter, \0 and \x1b[31m",
    "x" * 5000,
    "https://example.org/ " * 30,
)


def hostile() -> Card:
    """Return a card whose every text is hostile, with 200 columns and 500 trials."""
    plain = card("multiclass")
    names = [NASTY[n % len(NASTY)] + f" {n}" for n in range(200)]
    texts = dict(zip(names, reversed(names), strict=True))
    few = {name: texts[name] for name in names[:3]}
    classes = names[:6]
    draw = np.random.default_rng(3)
    curves = [replace(plain.charts.roc[0], name=name) for name in classes]
    drawn = replace(
        plain.charts,
        roc=curves,
        classes=classes,
        confusion=draw.integers(0, 90, (6, 6)).tolist(),
        calibration=[replace(plain.charts.calibration[0], name=name) for name in classes],
    )
    return replace(
        plain,
        title=NASTY[0],
        task={"name": NASTY[1], "columns": {name: {"type": name} for name in names}, **texts},
        data_source=NASTY[2],
        run_id=NASTY[3],
        award=NASTY[4],
        made="yesterday",
        verdict=Verdict(Award.REFUSED, " ".join(NASTY), NASTY[0], {NASTY[0]: None}),
        protocol=texts,
        settings=texts,
        limits=NASTY,
        remake=NASTY,
        charts=drawn,
        importances=[ColumnImportance(name, float("nan"), 0.1, None) for name in names],
        slices=[SliceLine(name, name, 3, Interval(float("nan"))) for name in names],
        worst=[WorstRow(name, name, name, 3.2, None, texts) for name in names[:3]],
        trials=[TrialLine(n, names[n % 200], -n / 7, few) for n in range(500)],
        trial_metric=NASTY[1],
        champions=[Reign(name, name, name, None, None, name) for name in names[:4]],
        leaderboard=[RunLine(name, name, 0.5, 0.1, None, name, name, name) for name in names[:50]],
        drift=[DriftLine(name, 1e-7, True) for name in names],
    )


def bare(problem: ProblemName = "binary") -> Card:
    """Return a card that knows next to nothing."""
    whole = card(problem)
    return Card(
        title=whole.title,
        task={},
        problem=problem,
        data_source=whole.data_source,
        data_digest="",
        rows=whole.rows,
        run_id=None,
        made=whole.made,
        award="refused",
        verdict=None,
        protocol={},
        looks={},
        scores=(),
        settings={},
        limits=(),
        remake=(),
        told=False,
    )
