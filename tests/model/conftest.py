"""Keep the candidates to one thread: a test's few rows are not worth a busy second core."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from spaceship.task.spaceship_titanic.columns import COLUMNS, SPENDS

SIZE = 600


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Bound the libraries that take their number of threads from the machine."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def people() -> tuple[pd.DataFrame, Any]:
    """Return raw passengers, two to a travel group, and labels that depend on a few columns."""
    rng = np.random.default_rng(11)
    spends = {name: rng.integers(0, 900, SIZE).astype(float) for name in SPENDS}
    frame = pd.DataFrame(spends).assign(
        PassengerId=[f"{row // 2:04d}_{row % 2 + 1:02d}" for row in range(SIZE)],
        HomePlanet=rng.choice(["Earth", "Mars"], SIZE),
        CryoSleep=rng.random(SIZE) < 0.4,
        Cabin=[f"F/{number}/P" for number in rng.integers(0, 900, SIZE)],
        Destination="TRAPPIST-1e",
        Age=rng.integers(0, 80, SIZE).astype(float),
        VIP=False,
        Name="Ann Bee",
    )
    score = (frame["Spa"] - frame["FoodCourt"]) / 200 + 2 * frame["CryoSleep"] - 1
    return frame[list(COLUMNS)], rng.random(SIZE) < 1 / (1 + np.exp(-score))
