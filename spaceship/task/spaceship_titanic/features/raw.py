"""Feature set `raw`: the typed columns and the cabin's three parts, nothing else."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from spaceship.task.feature_set import FeatureSet, State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._cabin import split_cabin


class RawFeatures(FeatureSet):
    """Pass the columns through, split `Cabin`, leave out `PassengerId` and `Name`."""

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, Any]:
        del state
        names = ("HomePlanet", "CryoSleep", "Destination", "Age", "VIP", *SPENDS)
        return {name: frame[name] for name in names} | split_cabin(frame["Cabin"])
