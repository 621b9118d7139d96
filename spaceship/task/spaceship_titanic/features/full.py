"""Feature set `full`: what pays under group-aware cross-validation, in named blocks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError
from spaceship.task.column_types import typed
from spaceship.task.feature_set import FeatureSet, State, as_frame
from spaceship.task.spaceship_titanic.features._block import SupervisedBlock
from spaceship.task.spaceship_titanic.features._blocks import BLOCKS
from spaceship.task.spaceship_titanic.features._table import PassengerTable


class FullFeatures(FeatureSet):
    """The columns of `raw` and those of the blocks named.

    With a block that learns from labels, `fit_transform` gives training rows columns learnt from
    other travel groups, as scikit-learn's `TargetEncoder` does: it is not `fit` and `transform`.
    """

    def __init__(self, blocks: Sequence[str]) -> None:
        """Keep the names; `fit` checks them.

        Args:
            blocks: Names of blocks, applied in this order: one that fills gaps serves the next.

        """
        self.blocks = blocks

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> pd.DataFrame:
        """Learn from training passengers and give their columns."""
        self.fit(X, y)
        frame = typed(X)
        passengers = PassengerTable.read(frame)
        for name in self.blocks:
            block = BLOCKS[name]
            if isinstance(block, SupervisedBlock):
                columns = block.out_of_fold(passengers, _labels(name, y))
            else:
                columns = block.build(passengers, self.state_[name])
            passengers = passengers.with_columns(columns)
        return as_frame(passengers.columns, frame.index)

    def _learn(self, frame: pd.DataFrame, y: Any) -> State:
        if unknown := sorted(set(self.blocks) - set(BLOCKS)):
            choices = ", ".join(sorted(BLOCKS))
            msg = f"features.blocks may name {choices}; found {', '.join(unknown)}"
            raise ConfigError(msg)
        raw = passengers = PassengerTable.read(frame)
        state: State = {}
        for name in self.blocks:
            block = BLOCKS[name]
            if isinstance(block, SupervisedBlock):
                state[name] = block.learn_from(passengers, _labels(name, y))
            else:
                state[name] = block.learn(raw)
            passengers = passengers.with_columns(block.build(passengers, state[name]))
        return state

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, Any]:
        passengers = PassengerTable.read(frame)
        for name in self.blocks:
            passengers = passengers.with_columns(BLOCKS[name].build(passengers, state[name]))
        return passengers.columns


def _labels(block: str, y: Any) -> npt.NDArray[np.bool_]:
    """Return the labels that a block learns from."""
    if y is None:
        message = f"expected labels, from which the block {block} learns, found none"
        raise ConfigError(f"{message}; fit with them, or leave it out of features.blocks")
    return np.asarray(y, dtype=bool)
