"""Feature set `full`: what pays under group-aware cross-validation, in named blocks."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from spaceship.errors import ConfigError
from spaceship.features._base import FeatureSet, State
from spaceship.features._blocks import BLOCKS
from spaceship.features._passengers import Passengers


class FullFeatures(FeatureSet):
    """The columns of `raw` and those of the blocks named."""

    def __init__(self, blocks: Sequence[str]) -> None:
        """Keep the names; `fit` checks them.

        Args:
            blocks: Names of blocks, applied in this order: one that fills gaps serves the next.

        """
        self.blocks = blocks

    def _learn(self, frame: pd.DataFrame) -> State:
        if unknown := sorted(set(self.blocks) - set(BLOCKS)):
            choices = ", ".join(sorted(BLOCKS))
            msg = f"features.blocks may name {choices}; found {', '.join(unknown)}"
            raise ConfigError(msg)
        passengers = Passengers.read(frame)
        return {name: BLOCKS[name].learn(passengers) for name in self.blocks}

    def _build(self, frame: pd.DataFrame, state: State) -> Mapping[str, Any]:
        passengers = Passengers.read(frame)
        for name in self.blocks:
            passengers = passengers.with_columns(BLOCKS[name].build(passengers, state[name]))
        return passengers.columns
