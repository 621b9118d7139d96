"""Trials compared: whose they are, which count, which is best."""

from collections import Counter
from collections.abc import Sequence

import optuna
from optuna.distributions import CategoricalDistribution
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hydra_plugins.spaceship_optuna._search_space import CANDIDATE
from hydra_plugins.spaceship_optuna._study import counted


def candidate_of(trial: FrozenTrial) -> str | None:
    """Return the label of a trial's candidate, or None in a study that has only one."""
    label = trial.params.get(CANDIDATE)
    chosen = isinstance(trial.distributions.get(CANDIDATE), CategoricalDistribution)
    return label if chosen and isinstance(label, str) else None


def candidates_of(study: optuna.Study) -> list[str]:
    """Return the labels of all candidates a study chooses from; empty if it has only one."""
    for trial in study.get_trials(deepcopy=False):
        distribution = trial.distributions.get(CANDIDATE)
        if candidate_of(trial) and isinstance(distribution, CategoricalDistribution):
            return [str(choice) for choice in distribution.choices]
    return []


def complete(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that ran to their end and count."""
    return [trial for trial in counted(study) if trial.state == TrialState.COMPLETE]


def best_of(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> FrozenTrial | None:
    """Return the best of complete trials by the first objective, the earliest among equals."""
    costs = {trial.number: _costs(trial, directions)[0] for trial in trials}
    return min(trials, key=lambda trial: (costs[trial.number], trial.number), default=None)


def pareto_front(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """Return the complete trials that no other one beats in every objective, by number."""
    costs = {trial.number: _costs(trial, directions) for trial in trials}
    distinct = set(costs.values())
    dominated = {
        mine
        for mine in distinct
        if any(
            theirs != mine and all(b <= a for a, b in zip(mine, theirs, strict=True))
            for theirs in distinct
        )
    }
    front = [trial for trial in trials if costs[trial.number] not in dominated]
    return sorted(front, key=lambda trial: trial.number)


def commonest_error(study: optuna.Study) -> str | None:
    """Return the error that most failed trials ended with, if any failed; the first of equals."""
    failed = [trial for trial in counted(study) if trial.state == TrialState.FAIL]
    errors = Counter(str(one.user_attrs.get("error", "no error was noted")) for one in failed)
    return errors.most_common(1)[0][0] if errors else None


def seconds(trial: FrozenTrial) -> float:
    """Return how long a finished trial took."""
    return trial.duration.total_seconds() if trial.duration else 0.0


def _costs(trial: FrozenTrial, directions: Sequence[StudyDirection]) -> tuple[float, ...]:
    """Return the values of a complete trial, turned so that less is better."""
    signs = [-1 if direction == StudyDirection.MAXIMIZE else 1 for direction in directions]
    return tuple(sign * value for sign, value in zip(signs, trial.values, strict=True))
