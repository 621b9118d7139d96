"""What the callback tells jobs by."""

import pytest
from omegaconf import OmegaConf

from spaceship.logbook import is_study


@pytest.mark.parametrize(
    ("sweeper", "study"),
    [
        ({"_target_": "hydra_plugins.spaceship_optuna.sweeper.OptunaSweeper"}, True),
        ({"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_sweeper_that_was_taken_away_makes_no_study(
    sweeper: dict[str, str] | None, *, study: bool
) -> None:
    assert is_study(OmegaConf.create({"hydra": {"sweeper": sweeper}})) == study
