"""Data sets and their sources: checked, typed frames and a key for their content."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from and rows to predict, checked and typed.

    Attributes:
        train: Rows with a label.
        test: Rows without one, to be predicted.
        sample: Submission in the expected form (id and label), if there is one.
        digest: Content hash of train and test (sha256, hexadecimal): equal digests mean equal
            contents.

    """

    train: pd.DataFrame
    test: pd.DataFrame
    sample: pd.DataFrame | None
    digest: str


class DataSource(ABC):
    """Source of a data set, chosen with `data=`.

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
    def load(self) -> Dataset:
        """Return the checked data set.

        Raises:
            SpaceshipError: The source cannot be reached, or its content breaks the schema.

        """
