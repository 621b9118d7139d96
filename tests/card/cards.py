"""Cards of every kind of problem, with every part, of made-up predictions."""

from dataclasses import replace

import numpy as np

from spaceship.card.card import (
    Card,
    ColumnImportance,
    DriftLine,
    Interval,
    Paired,
    Reign,
    RunLine,
    Score,
    SliceLine,
    TrialLine,
    WorstRow,
)
from spaceship.card.data import DataColumn, DataPage, DataPair
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.gate.score_lines import ScoreLine
from spaceship.gate.verdict import Verdict
from tests.card.charts import CROPS, ProblemName, charts

PROBLEMS: tuple[ProblemName, ...] = ("binary", "multiclass", "regression")
COLUMNS = ("soil", "rain", "sun", "flat", "slope", "age_of_the_farm", "last_crop", "fence")

_SUN = DataColumn("sun", "number", 0.02, 812, (4.1, 1.3, -0.5, 4.0, 11.0), (), (0.25, 1.0, 0.5))
_SOIL = DataColumn("soil", "category", 0.0, 2, (), (("clay", 0.7), ("sand", 0.3)), (1.0, 0.4286))
DATA = DataPage(
    rows=6954,
    used=6954,
    left_out=0,
    columns=(_SUN, _SOIL, replace(_SOIL, name="</script><script>parent.hurt = 6")),
    pairs=(DataPair("sun", "rain", 0.31, -0.6), DataPair("sun", "soil", 0.1, None)),
    first=({"sun": "4.1", "soil": "clay"}, {"sun": "-", "soil": "sand"}),
)
"""The section on the data of a made-up table."""


def card(problem: ProblemName = "binary") -> Card:
    """Return the card of a made-up model that predicts what a field is good for."""
    draw = np.random.default_rng(15)
    metrics = [("rmse", "RMSE", False), ("mae", "MAE", False), ("r2", "R²", True)]
    if problem != "regression":
        metrics = [("accuracy", "accuracy", True), ("log_loss", "log loss", False)]
        metrics += [("roc_auc", "ROC AUC", True), ("brier", "Brier score", False)]
    scores = [
        Score(metric, title, up, _around(draw, 0.012), _around(draw, 0.02))
        for metric, title, up in metrics
    ]
    main = metrics[0]
    label = {"binary": "pays", "multiclass": "crop", "regression": "tons"}[problem]
    columns = {name: {"type": "category" if n % 2 else "number"} for n, name in enumerate(COLUMNS)}
    task = {"name": "fields", "problem": problem, "label": label, "noun": "field"}
    task |= {"positive": "yes"} if problem == "binary" else {}
    return Card(
        title="lightgbm on fields",
        task={**task, "group": {"of": "farm", "pattern": "(.*)"}, "columns": columns},
        problem=problem,
        data_source="local",
        data_digest="8f2c61d09ab1",
        rows=8693,
        run_id="9f3b2c4d5e6f47a8b9c0d1e2f3a4b5c6",
        made="2026-11-29T16:04:31+00:00",
        award="challenger",
        verdict=_verdict(main[0]),
        protocol={
            "hold-out": "20 % of the farms by a hash of their name (1,739 rows)",
            "folds": "5, no farm in two of them",
            "seed": "2912",
        },
        looks={"look": "the 4th of 20", "gain by luck": "0.2 points on average"},
        scores=scores,
        settings={"model": "lgbm", "model.learning_rate": "0.031", "features": "table"},
        limits=[
            "The hold-out has 1,739 rows: differences below 0.9 points cannot be seen on it.",
            "Slices of less than 30 rows have no score.",
        ],
        remake=[
            "python scripts/run.py mode=train model=lgbm model.learning_rate=0.031",
            "python scripts/run.py mode=report report.run=9f3b2c4d5e6f47a8b9c0d1e2f3a4b5c6",
        ],
        charts=charts(problem, draw),
        importances=_importances(draw),
        slices=_slices(draw),
        worst=_worst(problem, draw),
        paired=_paired(problem, main),
        trials=_trials(draw),
        trial_metric="log_loss" if problem != "regression" else "rmse",
        champions=_champions(),
        leaderboard=_leaderboard(draw),
        drift=[
            DriftLine(name, float(psi), bool(psi > 0.2))
            for name, psi in zip(COLUMNS, sorted(draw.exponential(0.07, 8))[::-1], strict=True)
        ],
    )


def _around(draw: np.random.Generator, half: float) -> Interval:
    value = float(draw.uniform(0.72, 0.88))
    return Interval(value, value - half, value + half * 1.1)


def _verdict(metric: str) -> Verdict:
    challenger = Award.CHALLENGER
    gain = Check("relative_gain", 0.0112345, "≥", 0.03, False, challenger, "95 % 0.2 to 2.1 %")
    checks = (
        replace(gain, title="relative gain", unit="%"),
        Check("luck", 0.0213, "<", 0.05, True, title="chance of such a gain by luck", unit="p"),
        Check("slices", 0.00412, "≤", 0.02, True, detail="worst: soil = clay", title="slice loss"),
        Check("speed", None, "≤", 2.0, True, title="time of a prediction"),
    )
    lines = (
        ScoreLine("cross-validated", metric, 0.8123412, 0.8033333, 0.0090079, 0.0031234),
        ScoreLine("held out", metric, 0.8154399, 0.8063777, 0.0090622, 0.0042001),
    )
    reason = "Challenger: a gain of 1.1 % over the champion is more than luck, but less than 3 %."
    return Verdict(challenger, reason, "relative_gain", {"gain": 0.0112345}, checks, True, lines)


def _importances(draw: np.random.Generator) -> list[ColumnImportance]:
    rises = sorted(draw.exponential(0.04, len(COLUMNS)))[::-1]
    return [
        ColumnImportance(name, float(rise) - 0.004, float(draw.uniform(0.001, 0.006)), float(rise))
        for name, rise in zip(COLUMNS, rises, strict=True)
    ]


def _slices(draw: np.random.Generator) -> list[SliceLine]:
    values = [("soil", one) for one in ("clay", "loam", "sand", "peat")]
    values += [("flat", one) for one in ("True", "False", "missing")]
    rows = [int(n) for n in draw.integers(40, 900, len(values))]
    return [
        SliceLine(name, value, n, _around(draw, 0.9 / n**0.5), n > 600)
        for (name, value), n in zip(values, rows, strict=True)
    ]


def _worst(problem: ProblemName, draw: np.random.Generator) -> list[WorstRow]:
    sides = {
        "binary": ("costs", "pays off"),
        "multiclass": CROPS,
        "regression": ("9.2", "3.1415926535"),
    }
    known = problem != "regression"
    return [
        WorstRow(
            f"farm {n:03d}_01",
            sides[problem][0],
            sides[problem][1],
            float(5 / (n + 1)),
            float(np.exp(-5 / (n + 1))) if known else None,
            {name: f"{draw.uniform(0, 9):.2f}" for name in COLUMNS},
        )
        for n in range(12)
    ]


def _paired(problem: ProblemName, main: tuple[str, str, bool]) -> Paired:
    difference = Interval(0.0090622, 0.0007901, 0.0173111)
    paired = Paired(1739, 1244, difference, main[0], main[1], champion="catboost on fields")
    if problem == "regression":
        return paired
    return replace(paired, only_candidate_right=93, only_champion_right=71)


def _trials(draw: np.random.Generator) -> list[TrialLine]:
    states = ["pruned" if n % 7 == 3 else "failed" if n == 20 else "complete" for n in range(60)]
    return [
        TrialLine(
            n,
            state,
            float(0.39 + draw.exponential(0.03) + 0.05 / (n + 1)) if state != "failed" else None,
            {"model": "lgbm", "model.learning_rate": f"{draw.uniform(0.01, 0.2):.4f}"},
            float(draw.uniform(2, 9)),
        )
        for n, state in enumerate(states)
    ]


def _champions() -> list[Reign]:
    days = ["2026-08-03T09:00:00Z", "2026-09-14T10:30:00Z", "2026-10-20T15:12:00Z"]
    recipes = ["logistic_regression on raw", "lightgbm on raw", "catboost on fields"]
    until = [*days[1:], None]
    steps = zip(recipes, days, until, strict=True)
    return [
        Reign(str(n + 1), recipe, since, end, 0.7812345 + 0.0111 * n, "ana")
        for n, (recipe, since, end) in enumerate(steps)
    ]


def _leaderboard(draw: np.random.Generator) -> list[RunLine]:
    runs = ["9f3b2c4d5e6f47a8b9c0d1e2f3a4b5c6", *(f"{n:x}" * 16 for n in range(16, 24))]
    return [
        RunLine(
            run,
            f"{('lightgbm', 'catboost', 'blend of 3')[n % 3]} on fields",
            0.8123412 - n * 0.0017,
            float(draw.uniform(0.002, 0.005)),
            0.8154399 - n * 0.0021 if n % 2 == 0 else None,
            ("challenger", "", "refused", "")[n % 4],
            f"2026-11-{29 - n}T16:04:31+00:00",
            f"python scripts/run.py mode=train model=lgbm seed={n}",
        )
        for n, run in enumerate(runs)
    ]
