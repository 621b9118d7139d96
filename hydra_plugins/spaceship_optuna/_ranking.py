"""Ranking of a study's trials and of its candidates, with the leaderboard as a table."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._search_space import CANDIDATE
from hydra_plugins.spaceship_optuna._study import DEFAULT, counted
from hydra_plugins.spaceship_optuna.tables import aligned, cell


@dataclass(frozen=True)
class Row:
    """Results of one candidate; with several objectives its trials on the front, and no best."""

    candidate: str
    trials: int  # finished ones that count, pruned and failed ones included
    pruned: int
    failed: int
    best: float | None
    best_trial: int | None
    seconds: float  # of all its trials
    default: float | None  # value of its default configuration, if that trial is complete
    on_front: int | None = None


def leaderboard(study: optuna.Study, labels: Sequence[str]) -> list[Row]:
    """Return one row per candidate, the best first; the first label owns trials without one."""
    several = len(study.directions) > 1
    front = {trial.number for trial in study.best_trials} if several else set()
    rows = []
    for label in labels:
        own = [one for one in counted(study) if (candidate_of(one) or labels[0]) == label]
        states = Counter(trial.state for trial in own)
        done = [one for one in own if one.state == TrialState.COMPLETE and not several]
        best = best_of(done, study.directions)
        row = Row(
            candidate=label,
            trials=len(own),
            pruned=states[TrialState.PRUNED],
            failed=states[TrialState.FAIL],
            best=best.value if best else None,
            best_trial=best.number if best else None,
            seconds=sum(map(seconds, own)),
            default=next((one.value for one in done if DEFAULT in one.user_attrs), None),
            on_front=sum(one.number in front for one in own) if several else None,
        )
        rows.append(row)
    sign = _sign(study.directions)
    return sorted(
        rows, key=lambda row: (-(row.on_front or 0), row.best is None, sign * (row.best or 0.0))
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


def candidate_of(trial: FrozenTrial) -> str | None:
    """Return the label of a trial's candidate, or None in a study that has only one."""
    label = trial.params.get(CANDIDATE)
    chosen = isinstance(trial.distributions.get(CANDIDATE), CategoricalDistribution)
    return label if chosen and isinstance(label, str) else None


def candidates_of(study: optuna.Study) -> list[str]:
    """Return the labels of all candidates that a study chooses from; empty if it has only one."""
    for trial in study.get_trials(deepcopy=False):
        distribution = trial.distributions.get(CANDIDATE)
        if candidate_of(trial) and isinstance(distribution, CategoricalDistribution):
            return [str(choice) for choice in distribution.choices]
    return []


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """Return the complete trials that count."""
    return [trial for trial in counted(study) if trial.state == TrialState.COMPLETE]


def best_of(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """Return the best of complete trials by the first objective, the earliest among equals."""
    sign = _sign(directions)
    return min(trials, key=lambda trial: (sign * trial.values[0], trial.number), default=None)


def pareto_front(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """Return the complete trials that no other trial dominates; a study has `best_trials`."""
    study = optuna.create_study(directions=directions)
    study.add_trials(trials)
    return [trials[one.number] for one in study.best_trials]


def commonest_error(study: optuna.Study) -> str | None:
    """Return the commonest error of the failed trials, the first one among equals."""
    failed = [trial for trial in counted(study) if trial.state == TrialState.FAIL]
    errors = Counter(str(one.user_attrs.get("error", "no error was noted")) for one in failed)
    return errors.most_common(1)[0][0] if errors else None


def seconds(trial: FrozenTrial) -> float:
    """Return the duration of a finished trial."""
    return trial.duration.total_seconds() if trial.duration else 0.0


def _sign(directions: Sequence[StudyDirection]) -> int:
    return -1 if directions[0] == StudyDirection.MAXIMIZE else 1
