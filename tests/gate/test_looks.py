"""Budget, ladder and the correction for looks, on verdicts."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.looks import Looks
from spaceship.gate.policy import Gate
from spaceship.gate.rule.gain import Gain
from spaceship.gate.rule.significance import Significance

MakeReport = Callable[..., Report]


def test_a_budget_refuses_the_look_after_the_last() -> None:
    gate = Gate(gain=Gain(), budget=3)
    assert gate.refuse_worn(Looks.nth(3)) is None
    worn = gate.refuse_worn(Looks.nth(4))
    assert worn is not None
    assert (worn.award, worn.rule, worn.told) == ("refused", "budget", False)
    assert "found 3 on record" in worn.reason
    assert "gate.reseal=true split.salt=TEXT reason=" in worn.reason
    assert Gate(gain=Gain()).refuse_worn(Looks.nth(9999)) is None


@pytest.mark.parametrize("given", [{"budget": 0}, {"budget": 1.5}, {"reveal": "never"}])
def test_a_setting_that_cannot_be_used_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        Gate(gain=Gain(), **given)  # type: ignore[arg-type]


def test_a_ladder_tells_only_gains_beyond_noise(report: MakeReport) -> None:
    gate = Gate(gain=Gain(), reveal="ladder")
    small = gate.decide(report(801, 1000), report(800, 1000))
    assert (small.award, small.told, small.numbers, small.checks) == ("challenger", False, {}, ())
    assert not any(letter.isdigit() for letter in small.reason)
    large = gate.decide(report(850, 1000), report(800, 1000))
    assert (large.award, large.told) == ("champion", True)
    among_many = gate.decide(report(820, 1000), report(800, 1000), Looks.nth(10**6))
    assert not among_many.told, "the best of so many gains as much by luck"


def test_the_correction_grows_with_the_candidates(report: MakeReport) -> None:
    gate = Gate(significance=Significance())
    numbers = [
        gate.decide(report(90, 100), report(85, 100), Looks.nth(n)).numbers["mcnemar_p"]
        for n in (1, 2, 10)
    ]
    assert all((a or 0) < (b or 0) for a, b in pairwise(numbers))
    luck = [Looks.nth(n).luck(0.01) for n in (1, 2, 10, 100)]
    assert luck == sorted(luck)
    assert Looks.nth(1000).margin(3.0) > Looks.nth(1).margin(3.0) == 3.0
