"""Plan of a sweep as people read it."""

import pytest
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hydra_plugins.spaceship_optuna._commands import show_plan
from hydra_plugins.spaceship_optuna._distributions import Parameter
from hydra_plugins.spaceship_optuna._search_space import Arm, SearchPlan


@pytest.mark.parametrize(
    ("space", "text"),
    [
        (FloatDistribution(0.015, 0.04, log=True), "0.015 … 0.04 (log)"),
        (FloatDistribution(0, 0.9, step=0.1), "0.0 … 0.9 (step 0.1)"),
        (IntDistribution(1, 9), "1 … 9"),
        (IntDistribution(1, 9, step=2), "1 … 9 (step 2)"),
        (CategoricalDistribution(["a", None]), "a, None"),
    ],
)
def test_a_space_is_a_line_of_plain_text(
    caplog: pytest.LogCaptureFixture, space: BaseDistribution, text: str
) -> None:
    arm = Arm("lgbm", ("model=lgbm",), (Parameter("rate", space),), {"rate": 0.025})
    with caplog.at_level("INFO"):
        show_plan(SearchPlan((), (arm,)), 5)
    assert f"  rate  {text}, default 0.025" in [one.getMessage() for one in caplog.records]
