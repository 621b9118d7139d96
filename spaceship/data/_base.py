"""What every source of passengers promises: checked, typed frames and a key for their content."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd


@dataclass(frozen=True)
class Passengers:
    """One data set, checked and typed; equal digests mean equal contents.

    Attributes:
        train: Passengers whose fate is known, with `Transported`.
        test: Passengers whose fate is to be predicted, without it.
        sample: Submission in the expected form (`PassengerId`, `Transported`), if there is one.
        digest: Content hash of the frames (sha256, hexadecimal).

    """

    train: pd.DataFrame
    test: pd.DataFrame
    sample: pd.DataFrame | None
    digest: str


class DataSource(ABC):
    """Where passengers come from.

    Attributes:
        name: The source's name on the command line; registered models carry it.

    """

    name: ClassVar[str]

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a cheap hexadecimal key that changes whenever `load` would return other content.

        Raises:
            SpaceshipError: The source cannot be reached.

        """

    @abstractmethod
    def load(self) -> Passengers:
        """Return the checked passengers.

        Raises:
            SpaceshipError: The source cannot be reached, or its content breaks the schema.

        """
