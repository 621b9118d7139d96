"""Feature set `raw`: the typed columns and the cabin's three parts, nothing else."""

from collections.abc import Mapping

import pandas as pd

from spaceship.task.feature_set import FeatureSet, State
from spaceship.task.spaceship_titanic.columns import PASSENGER
from spaceship.task.spaceship_titanic.features._parts import raw_columns


class RawFeatures(FeatureSet):
    """Pass the columns through, split `Cabin`, leave out `PassengerId` and `Name`.

    >>> RawFeatures().fit_transform(people.train).columns.tolist()[-3:]
    ['Deck', 'CabinNumber', 'Side']
    """

    columns = PASSENGER

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        del state
        return raw_columns(frame)
