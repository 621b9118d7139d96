"""Feature set `raw`: the typed columns and the parts of texts, nothing else."""

from collections.abc import Mapping

import pandas as pd

from spaceship.features._base import TaskFeatures, plain_columns
from spaceship.features._names import safe_names
from spaceship.task.feature_set import State


class RawFeatures(TaskFeatures):
    """Pass numbers, categories and booleans through; leave out id, group, texts and dates.

    >>> RawFeatures(task.to_plain()).fit_transform(people.train).columns.tolist()[-3:]
    ['Deck', 'CabinNumber', 'Side']
    """

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, object]:
        del state
        columns = plain_columns(frame, self.meaning)
        return dict(zip(safe_names(columns), columns.values(), strict=True))
