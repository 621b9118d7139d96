"""A trial is given up when it loses to the best one on the folds both have seen."""

import math
from collections.abc import Sequence
from typing import Any, Literal

import optuna
import pytest

from hydra_plugins.spaceship_optuna._errors import SettingsError
from hydra_plugins.spaceship_optuna._pruner import PairedWilcoxonPruner

BEST = (0.30, 0.40, 0.50, 0.40, 0.40)
"""The first fold is easier than the rest."""


def study_with(
    best: Sequence[float] | None, direction: Literal["minimize", "maximize"] = "minimize"
) -> optuna.Study:
    study = optuna.create_study(direction=direction)
    if best is not None:
        done = optuna.trial.create_trial(
            value=sum(best) / len(best), intermediate_values=dict(enumerate(best))
        )
        study.add_trial(done)
    return study


def prunes(pruner: optuna.pruners.BasePruner, study: optuna.Study, folds: Sequence[float]) -> bool:
    trial = study.ask()
    for step, value in enumerate(folds):
        trial.report(value, step)
    return pruner.prune(study, study.trials[trial.number])


@pytest.mark.parametrize(
    ("folds", "given_up"),
    [
        ((0.31,), False),
        ((0.31, 0.41), True),
        ((0.31, 0.39), False),
        ((0.29, 0.39), False),
        ((0.31, 0.39, 0.55, 0.45), True),
        (BEST[:3], False),
    ],
)
def test_worse_on_the_same_folds_is_given_up(folds: Sequence[float], *, given_up: bool) -> None:
    assert prunes(PairedWilcoxonPruner(), study_with(BEST), folds) is given_up


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_easy_first_folds_do_not_save_a_trial() -> None:
    study, folds = study_with(BEST), (0.31, 0.41)

    assert not prunes(optuna.pruners.WilcoxonPruner(p_threshold=0.3), study, folds)
    assert prunes(PairedWilcoxonPruner(), study, folds)


def test_more_is_worse_only_where_less_is_better() -> None:
    study = study_with(BEST, "maximize")

    assert not prunes(PairedWilcoxonPruner(), study, (0.31, 0.41))
    assert prunes(PairedWilcoxonPruner(), study, (0.29, 0.39))


def test_nothing_is_given_up_before_there_is_a_best() -> None:
    assert not prunes(PairedWilcoxonPruner(), study_with(None), (9.0, 9.0))


def test_a_lower_threshold_waits_longer() -> None:
    cautious, study = PairedWilcoxonPruner(p_threshold=0.2), study_with(BEST)

    assert not prunes(cautious, study, (0.31, 0.41))
    assert prunes(cautious, study, (0.31, 0.41, 0.51))


def test_a_fold_that_is_not_a_number_prunes_nothing() -> None:
    assert not prunes(PairedWilcoxonPruner(), study_with(BEST), (0.31, math.nan))


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"p_threshold": 1.5}, "p_threshold"), ({"n_startup_steps": 0}, "n_startup_steps")],
)
def test_settings_without_sense_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        PairedWilcoxonPruner(**settings)
