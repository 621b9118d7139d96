"""Reporter of a trial: one in each process, however often Hydra executes the public modules."""

import sys

from hydra.core.plugins import Plugins
from joblib import Parallel, delayed

from hydra_plugins.spaceship_optuna.trial import in_trial, reporting_to

PUBLIC = "hydra_plugins.spaceship_optuna.trial"


def _look_after_hydras_scan() -> list[bool]:
    """Return whether the function of before the scan and that of after it are in a trial."""
    before = sys.modules[PUBLIC].in_trial
    with reporting_to(lambda *_: False):
        Plugins()  # in a new process it executes the public modules again
        after = sys.modules[PUBLIC].in_trial
        return [before(), after(), in_trial(), before is after]


def test_worker_of_joblib_has_one_reporter() -> None:
    found = Parallel(n_jobs=2)(delayed(_look_after_hydras_scan)() for _ in range(2))
    assert found == [[True] * 4] * 2


def test_no_reporter_is_left_after_a_trial() -> None:
    assert _look_after_hydras_scan() == [True] * 4
    assert not in_trial()
