"""The contract of the blocks that `full` is made of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from spaceship.features._base import State
from spaceship.features._passengers import Passengers


class Block(ABC):
    """A few columns that are kept or left out as a whole."""

    def learn(self, passengers: Passengers) -> State:
        """Give what the block has to know from the training rows, in plain Python."""
        del passengers
        return {}

    @abstractmethod
    def build(self, passengers: Passengers, state: State) -> Mapping[str, Any]:
        """Give columns by name; one that exists already is replaced."""
