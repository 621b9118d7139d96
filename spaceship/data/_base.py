"""Data sets and their sources: checked, typed frames and a key for their content."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from and rows to predict, checked and typed."""

    train: pd.DataFrame  # with a label
    test: pd.DataFrame  # without one
    sample: pd.DataFrame | None  # a submission in the expected form: id and label
    digest: str  # sha256 of the contents of train and test


class DataSource(ABC):
    """Source of a data set, chosen with `data=`; raises SpaceshipError if it cannot be used."""

    name: ClassVar[str]
    """The source's name on the command line; registered models carry it."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a cheap hexadecimal key that changes whenever `load` returns other content."""

    @abstractmethod
    def load(self) -> Dataset:
        """Return the data set; raise if its content breaks the schema."""
