"""Leaderboard of a study's candidates: trial counts, time and best value, the best first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._ranking import best_of, candidate_of, seconds
from hydra_plugins.spaceship_optuna._study import DEFAULT, counted
from hydra_plugins.spaceship_optuna.tables import aligned, cell


@dataclass(frozen=True)
class Row:
    """Results of one candidate.

    Attributes:
        candidate: Its label.
        trials: Finished trials that count, pruned and failed ones included.
        pruned: Of these, the trials that were stopped early.
        failed: Of these, the trials that failed.
        best: Its best value; None without a complete trial, or with several objectives.
        best_trial: Number of the trial with the best value.
        seconds: Total duration of its trials.
        default: Value of its default configuration, where that trial is complete.
        on_front: With several objectives, the number of its trials on the Pareto front.

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


def leaderboard(study: optuna.Study, labels: Sequence[str]) -> list[Row]:
    """Return one row per candidate, the best first; the first label owns trials without one."""
    trials, several = counted(study), len(study.directions) > 1
    front = {trial.number for trial in study.best_trials} if several else None
    rows = []
    for label in labels:
        own = [trial for trial in trials if (candidate_of(trial) or labels[0]) == label]
        rows.append(_row(label, own, study.directions, front))
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
        best = (digits(row.best), cell(row.best_trial), digits(row.default))
        counts = map(cell, (row.trials, row.pruned, row.failed))
        ranks = (cell(row.on_front),) if several else best
        table.append((row.candidate, *counts, *ranks, f"{row.seconds:.1f}"))
    return aligned(table, "<>")


def digits(value: float | None) -> str:
    """Return a value with five decimals; a very small or large one with five digits."""
    plain = not value or 1e-3 <= abs(value) < 1e5  # noqa: PLR2004
    return cell(value, ".5f" if plain else ".5g")


def _row(
    label: str,
    trials: Sequence[FrozenTrial],
    directions: Sequence[StudyDirection],
    front: set[int] | None,
) -> Row:
    states = Counter(trial.state for trial in trials)
    done = [one for one in trials if one.state == TrialState.COMPLETE and front is None]
    best = best_of(done, directions)
    return Row(
        candidate=label,
        trials=len(trials),
        pruned=states[TrialState.PRUNED],
        failed=states[TrialState.FAIL],
        best=best.value if best else None,
        best_trial=best.number if best else None,
        seconds=sum(map(seconds, trials)),
        default=next((one.value for one in done if DEFAULT in one.user_attrs), None),
        on_front=None if front is None else sum(one.number in front for one in trials),
    )
