"""The contract of the blocks that `full` is made of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import DataError
from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.features._table import PassengerTable

_FOLDS, _FEWEST = 5, 2


class Block(ABC):
    """A few columns that are kept or left out as a whole."""

    def learn(self, passengers: PassengerTable) -> State:
        """Give what the block has to know from the training rows, in plain Python."""
        del passengers
        return {}

    @abstractmethod
    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give columns by name; one that exists already is replaced."""


class SupervisedBlock(Block):
    """A block that learns from the labels.

    A training row never gets a column that its own travel group's labels had a part in, or an
    estimator would trust the column more than it deserves: see `out_of_fold`.
    """

    @abstractmethod
    def learn_from(self, passengers: PassengerTable, labels: npt.NDArray[np.bool_]) -> State:
        """Give what the block has to know from the training rows and their labels."""

    def out_of_fold(
        self, passengers: PassengerTable, labels: npt.NDArray[np.bool_]
    ) -> Mapping[str, Any]:
        """Give the training rows' columns, each learnt from the other folds' travel groups."""
        from sklearn.model_selection import GroupKFold

        n_folds = min(_FOLDS, len(set(passengers.groups.codes)))
        if n_folds < _FEWEST:
            message = f"expected at least {_FEWEST} travel groups to learn from, found {n_folds}"
            raise DataError(f"{message}; give more data or leave out the block in features.blocks")
        folds = GroupKFold(n_folds, shuffle=True, random_state=0)
        parts = []
        for learn, ask in folds.split(labels, groups=passengers.groups.codes):
            state = self.learn_from(passengers.rows(learn), labels[learn])
            parts.append(pd.DataFrame(self.build(passengers.rows(ask), state), index=ask))
        whole = pd.concat(parts).sort_index()
        return {str(name): whole[name].to_numpy() for name in whole}
