"""The mean that a multirun ends with: what it starts from."""

from pathlib import Path

import pytest

from spaceship.callbacks._blend import start_recipes
from spaceship.callbacks._hook import Hook
from spaceship.errors import ConfigError
from tests.callbacks.test_hook import composed

STARTS = {
    "model@mode.start=blend": [("catboost", 3), ("lgbm", 1)],
    "model@mode.start=svm": [("svm", 1)],
    "~model@mode.start": [],
}


@pytest.mark.parametrize(("start", "recipes"), STARTS.items())
def test_it_starts_from_a_blends_members_or_one_model(
    tmp_path: Path, start: str, recipes: list[tuple[str, int]]
) -> None:
    hook = Hook(composed(tmp_path, "mode=tune", start))
    assert [(one.name, one.bags) for one in start_recipes(hook)] == recipes


def test_a_start_that_is_made_of_others_is_refused(tmp_path: Path) -> None:
    hook = Hook(composed(tmp_path, "mode=tune", "model@mode.start=champion"))
    with pytest.raises(ConfigError, match="found none of encoding, estimator in champion"):
        start_recipes(hook)
