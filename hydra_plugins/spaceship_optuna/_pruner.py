"""When a sweep gives a trial up: fold by fold against the best trial's same folds."""

import optuna
from optuna.trial import FrozenTrial
from scipy.stats import wilcoxon

from spaceship.errors import ConfigError


class PairedWilcoxonPruner(optuna.pruners.BasePruner):
    """Prune a trial whose folds are worse than the same folds of the best trial so far.

    Wilcoxon's signed-rank test, one-sided, on the differences fold by fold. Optuna's own
    `WilcoxonPruner` also wants the mean of the folds so far to be worse than the best trial's mean
    of all folds; where the first folds are easy ones that never holds, and nothing is pruned.

    Args:
        p_threshold: Chance, if the two were equally good, below which a trial is given up. Two
            folds that are both worse have 0.25, three 0.125, four 0.0625.
        n_startup_steps: Folds that every trial gets.

    Raises:
        ConfigError: The threshold is no chance, or the number of folds is below one.

    """

    def __init__(self, p_threshold: float = 0.3, n_startup_steps: int = 2) -> None:
        """Check and keep the settings."""
        if not 0 <= p_threshold <= 1:
            message = f"expected p_threshold of the pruner to be from 0 to 1, found {p_threshold}"
            raise ConfigError(f"{message}; 0 never prunes, the default is 0.3")
        if n_startup_steps < 1:
            message = (
                f"expected n_startup_steps of the pruner to be 1 or more, found {n_startup_steps}"
            )
            raise ConfigError(f"{message}; the default is 2")
        self.p_threshold = p_threshold
        self.n_startup_steps = n_startup_steps

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Tell whether the trial is to be given up after the steps it has reported."""
        try:
            best = study.best_trial.intermediate_values
        except ValueError:  # no trial is complete yet
            return False
        own = trial.intermediate_values
        sign = 1 if study.direction == optuna.study.StudyDirection.MINIMIZE else -1
        worse_by = [sign * (own[step] - best[step]) for step in own if step in best]
        if len(worse_by) < self.n_startup_steps or not any(worse_by):
            return False
        return bool(wilcoxon(worse_by, alternative="greater").pvalue < self.p_threshold)
