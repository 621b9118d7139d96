"""The candidates' leaderboard: how each one did, the best first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._ranking import (
    best_of,
    candidate_of,
    complete,
    pareto_front,
    seconds,
)
from hydra_plugins.spaceship_optuna._study import DEFAULT, counted
from hydra_plugins.spaceship_optuna.tables import aligned


@dataclass(frozen=True)
class Row:
    """How one candidate did.

    Attributes:
        candidate: Its label.
        trials: Finished trials that count, pruned and failed ones included.
        pruned: Of these, how many were stopped early.
        failed: Of these, how many failed.
        best: Its best value; None without a complete trial, or with several objectives.
        best_trial: Number of the trial that reached it.
        seconds: Time its trials took, added up.
        default: Value of its default configuration, where that trial is complete.
        on_front: With several objectives, how many of its trials are on the Pareto front.

    """

    candidate: str
    trials: int
    pruned: int
    failed: int
    best: float | None
    best_trial: int | None
    seconds: float
    default: float | None
    on_front: int | None = None


def leaderboard(study: optuna.Study, plan_labels: Sequence[str]) -> list[Row]:
    """Return one row per candidate, the best first.

    Args:
        study: The study, finished or not.
        plan_labels: Labels of the candidates; the first one owns trials that name none.

    """
    trials = counted(study)
    several = len(study.directions) > 1
    front = {one.number for one in pareto_front(complete(study), study.directions)}
    rows = []
    for label in plan_labels:
        own = [one for one in trials if (candidate_of(one) or plan_labels[0]) == label]
        on_front = sum(one.number in front for one in own) if several else None
        rows.append(_row(label, own, study.directions, on_front))
    sign = -1 if study.directions[0] == StudyDirection.MAXIMIZE else 1
    return sorted(
        rows,
        key=lambda row: (-(row.on_front or 0), row.best is None, sign * (row.best or 0.0)),
    )


def show(rows: Sequence[Row]) -> str:
    """Return a leaderboard as a table of aligned text."""
    several = any(row.on_front is not None for row in rows)
    ranking = ("on front",) if several else ("best", "trial", "default")
    table = [("candidate", "trials", "pruned", "failed", *ranking, "seconds")]
    for row in rows:
        best = "-" if row.best_trial is None else str(row.best_trial)
        ranks = (str(row.on_front),) if several else (digits(row.best), best, digits(row.default))
        counts = (str(row.trials), str(row.pruned), str(row.failed))
        table.append((row.candidate, *counts, *ranks, f"{row.seconds:.1f}"))
    return aligned(table, "<>")


def digits(value: float | None) -> str:
    """Return a value with five decimals, or five digits where decimals would hide it."""
    if value is None:
        return "-"
    return f"{value:.5f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.5g}"  # noqa: PLR2004


def _row(
    label: str,
    trials: Sequence[FrozenTrial],
    directions: Sequence[StudyDirection],
    on_front: int | None,
) -> Row:
    states = Counter(trial.state for trial in trials)
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    best = best_of(done, directions) if on_front is None else None
    defaults = [one.value for one in done if DEFAULT in one.user_attrs and on_front is None]
    return Row(
        candidate=label,
        trials=len(trials),
        pruned=states[TrialState.PRUNED],
        failed=states[TrialState.FAIL],
        best=best.value if best else None,
        best_trial=best.number if best else None,
        seconds=sum(seconds(trial) for trial in trials),
        default=defaults[0] if defaults else None,
        on_front=on_front,
    )
