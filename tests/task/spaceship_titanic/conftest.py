"""Passengers small enough to check by eye."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.task.spaceship_titanic.columns import COLUMNS

Maker = Callable[..., pd.DataFrame]


@pytest.fixture
def passengers() -> Maker:
    """Give a function from columns to a frame; what is not named is missing."""

    def make(ids: list[str], **columns: Any) -> pd.DataFrame:
        blank = pd.DataFrame({"PassengerId": ids}).assign(**dict.fromkeys(COLUMNS[1:], np.nan))
        given = {name: np.array(values, dtype=object) for name, values in columns.items()}
        return blank.assign(**given)

    return make
