"""Pruner that compares a trial with the best trial, step by step on the same steps."""

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial
from scipy.stats import wilcoxon

from hydra_plugins.spaceship_optuna._errors import mismatch


class PairedWilcoxonPruner(optuna.pruners.BasePruner):
    """Prune a trial whose steps are worse than the same steps of the best trial so far.

    Wilcoxon's signed-rank test, one-sided, on the differences step by step. Optuna's own
    `WilcoxonPruner` also requires the mean of the steps so far to be worse than the best trial's
    mean of all steps; where the first steps are easy that never holds, and nothing is pruned.
    A trial is pruned if the probability of its steps, were both trials equally good, is below
    `p_threshold`: two steps that are both worse have 0.25, three 0.125, four 0.0625. Every trial
    runs `n_startup_steps`.
    """

    def __init__(self, p_threshold: float = 0.3, n_startup_steps: int = 2) -> None:
        if not 0 <= p_threshold <= 1:
            wanted, found = "p_threshold of the pruner to be from 0 to 1", p_threshold
            raise mismatch(wanted, found, "0 never prunes, the default is 0.3")
        if n_startup_steps < 1:
            wanted = "n_startup_steps of the pruner to be 1 or more"
            raise mismatch(wanted, n_startup_steps, "the default is 2")
        self.p_threshold = p_threshold
        self.n_startup_steps = n_startup_steps

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        try:
            best = study.best_trial.intermediate_values
        except ValueError:  # no trial is complete yet
            return False
        own = trial.intermediate_values
        sign = 1 if study.direction == StudyDirection.MINIMIZE else -1
        worse_by = [sign * (own[step] - best[step]) for step in own if step in best]
        if len(worse_by) < self.n_startup_steps or not any(worse_by):
            return False
        return bool(wilcoxon(worse_by, alternative="greater").pvalue < self.p_threshold)
