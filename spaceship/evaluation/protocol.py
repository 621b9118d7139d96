"""Protocol of an evaluation: the hold-out, and the folds of the training part."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from spaceship.split.folds import Fold, group_folds
from spaceship.split.holdout import holdout_mask
from spaceship.task.spaceship_titanic.columns import ID, LABEL


@dataclass(frozen=True)
class Protocol:
    """The split that every figure of a report rests on.

    >>> training, holdout = Protocol(0.2, "spaceship", n_folds=5, seed=1).split(people.train)
    >>> len(training) + len(holdout) == len(people.train)
    True
    """

    holdout_fraction: float  # share of travel groups that no model is selected on
    salt: str  # chooses these groups
    n_folds: int  # folds of the cross-validation inside the training part
    seed: int  # seed of the folds

    def split(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the training part and the hold-out, each with a fresh index."""
        held = holdout_mask(frame[ID], fraction=self.holdout_fraction, salt=self.salt)
        training, holdout = frame.loc[~held], frame.loc[held]
        return training.reset_index(drop=True), holdout.reset_index(drop=True)

    def folds(self, training: pd.DataFrame) -> list[Fold]:
        """Return the folds of the training part."""
        return _folds(tuple(training[ID]), training[LABEL].to_numpy().tobytes(), self)


@lru_cache(maxsize=8)  # the folds take as long to find as a model takes to fit
def _folds(ids: tuple[str, ...], labels: bytes, protocol: Protocol) -> list[Fold]:
    truth, series = np.frombuffer(labels, dtype=bool), pd.Series(ids, dtype="str")
    return group_folds(series, truth, n_splits=protocol.n_folds, seed=protocol.seed)
