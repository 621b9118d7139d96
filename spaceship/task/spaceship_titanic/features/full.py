"""Feature set `full`: raw columns and named blocks that pay under group-aware cross-validation."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spaceship.errors import ConfigError, expected
from spaceship.task.arrays import Mask
from spaceship.task.feature_set import FeatureSet, State, as_frame
from spaceship.task.raw_frame import typed
from spaceship.task.spaceship_titanic.columns import PASSENGER
from spaceship.task.spaceship_titanic.features._blocks import BLOCKS
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable
from spaceship.task.typed_rows import TypedRows


class FullFeatures(FeatureSet):
    """The columns of `raw` and those of the blocks named.

    With a block that learns from labels, `fit_transform` gives training rows columns learnt from
    other travel groups, as scikit-learn's `TargetEncoder` does: it is not `fit` and `transform`.

    >>> FullFeatures(["cabin", "no_spend"]).fit_transform(people.train).columns.tolist()[-4:]
    ['DeckSide', 'SignedCabinNumber', 'NoSpend', 'SpendKinds']
    """

    columns = PASSENGER
    takes_rows = True

    def __init__(self, blocks: Sequence[str]) -> None:
        """Keep the names of blocks, applied in this order: one that fills gaps serves the next."""
        self.blocks = blocks  # `fit` checks them

    def fit_transform(self, X: pd.DataFrame, y: object = None, **_: object) -> pd.DataFrame:
        """Learn from training passengers and return their columns."""
        frame = typed(X, self.columns)
        self.state_, columns = self._train(frame, y, out_of_fold=True)
        self.feature_names_out_ = list(columns)
        return as_frame(columns, frame.index)

    def _learn(self, frame: pd.DataFrame, y: object) -> State:
        return self._train(frame, y, out_of_fold=False)[0]

    def _train(self, frame: pd.DataFrame, y: object, *, out_of_fold: bool) -> tuple[State, Columns]:
        """Return what the blocks learn, and the columns, those that labels make out-of-fold."""
        if not isinstance(self.blocks, list | tuple):
            do = "give a list, [] for none"
            raise ConfigError(expected("features.blocks to be a list", repr(self.blocks), do))
        if unknown := sorted(set(map(str, self.blocks)) - set(BLOCKS)):
            wanted = f"features.blocks to name some of {', '.join(sorted(BLOCKS))}"
            raise ConfigError(expected(wanted, ", ".join(unknown), "leave them out"))
        table = PassengerTable.read(TypedRows.of(frame))
        chosen = [(name, BLOCKS[name]) for name in self.blocks]
        state: State = {name: one.learn(table) for name, one in chosen if one.train is None}
        for name, block in chosen:
            if block.train is not None and out_of_fold:
                state[name], columns = block.train(table, _labels(name, y))
            else:
                if block.train is not None:
                    state[name] = block.learn(table, _labels(name, y))
                columns = block.build(table, state[name])
            table = table.with_columns(columns)
        return state, table.columns

    def _build(self, frame: pd.DataFrame, state: State) -> Columns:
        return self._of_rows(TypedRows.of(frame), state)

    def _of_rows(self, rows: TypedRows, state: State) -> Columns:
        table = PassengerTable.read(rows)
        for name in self.blocks:
            table = table.with_columns(BLOCKS[name].build(table, state[name]))
        return table.columns


def _labels(block: str, y: object) -> Mask:
    if y is None:
        do = "fit with them, or leave it out of features.blocks"
        raise ConfigError(expected(f"labels, from which {block} learns", "none", do))
    return np.asarray(y, dtype=bool)
