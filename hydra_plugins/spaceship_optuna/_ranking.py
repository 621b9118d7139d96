"""Trials of a study: their candidates, the complete ones, the best ones and the failures."""

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
    sign = -1 if directions[0] == StudyDirection.MAXIMIZE else 1
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
