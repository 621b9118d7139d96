"""Hold-out predictions: the label and a twin's probability of each row that it has not seen."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import RegistryError
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.files import read_text
from spaceship.task.spaceship_titanic.columns import ID, LABEL

HOLDOUT_FILE = "holdout.csv"
_PROBABILITY = "probability"
_COLUMNS = [ID, LABEL, _PROBABILITY]
_LABELS = {"True": True, "False": False}


@dataclass(frozen=True, eq=False)
class HoldOut:
    """Predictions for the hold-out: True is predicted above the threshold.

    The rows are indexed by id; their columns are the label (bool), the probability of True
    (float64), and the value in each slice such as `HomePlanet` (str).

    >>> HoldOut.of(["0001_01", "0001_02"], [True, False], [0.9, 0.6]).accuracy
    0.5
    """

    rows: pd.DataFrame
    threshold: float = THRESHOLD

    def __post_init__(self) -> None:
        """Raise ValueError if two rows have the same id."""
        if self.rows.index.has_duplicates:
            message = f"expected distinct ids, found {len(self.ids)} rows of {len({*self.ids})}"
            raise ValueError(message)

    def __eq__(self, other: object) -> bool:
        """Compare every value; NaN equals NaN."""
        if not isinstance(other, HoldOut):
            return NotImplemented
        return self.threshold == other.threshold and self.rows.equals(other.rows)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(
        cls,
        ids: Iterable[str],
        labels: npt.ArrayLike,
        probabilities: npt.ArrayLike,
        threshold: float = THRESHOLD,
        slices: Mapping[str, Iterable[str]] | None = None,
    ) -> Self:
        """Return the hold-out of columns of one length `(n_rows,)`."""
        columns = {LABEL: np.asarray(labels, bool), _PROBABILITY: np.asarray(probabilities, float)}
        values = {name: pd.array([*texts], dtype="str") for name, texts in (slices or {}).items()}
        index = pd.Index([*ids], name=ID, dtype="str")
        return cls(pd.DataFrame(columns | values, index=index), threshold)

    @classmethod
    def read_csv(cls, path: Path, threshold: float = THRESHOLD) -> Self:
        """Return the hold-out in a file of `to_csv`; raise RegistryError if missing or broken."""
        try:
            rows = pd.read_csv(StringIO(read_text(path)), dtype="str", keep_default_na=False)
            rows = rows[[*_COLUMNS, *rows.columns.drop(_COLUMNS)]].set_index(ID)
            rows[LABEL] = rows[LABEL].map(_LABELS.__getitem__).astype(bool)
            rows[_PROBABILITY] = rows[_PROBABILITY].map(float).astype(float)
            return cls(rows, threshold)
        except (KeyError, ValueError) as error:
            message = f"expected rows of {', '.join(_COLUMNS)} in {path}, found {error}"
            raise RegistryError(f"{message}; run the job again") from error

    def to_csv(self) -> str:
        """Return the rows as CSV text, probabilities with every digit."""
        return self.rows.to_csv(lineterminator="\n", na_rep="nan")

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of each row."""
        return tuple(self.rows.index)

    @property
    def labels(self) -> npt.NDArray[np.bool_]:
        """The label of each row `(n_rows,)`."""
        return self.rows[LABEL].to_numpy(bool)

    @property
    def probabilities(self) -> npt.NDArray[np.float64]:
        """The probability of True of each row `(n_rows,)`."""
        return self.rows[_PROBABILITY].to_numpy(float)

    @property
    def slices(self) -> pd.DataFrame:
        """The value of each row in each slice, a column per slice."""
        return self.rows.drop(columns=_COLUMNS[1:])

    @cached_property
    def correct(self) -> pd.Series:
        """Whether each row is predicted right, by id."""
        return (self.rows[_PROBABILITY] > self.threshold) == self.rows[LABEL]

    @property
    def n_correct(self) -> int:
        """The number of correct predictions."""
        return int(self.correct.sum())

    @property
    def accuracy(self) -> float:
        """The share of correct predictions; NaN without rows or with a NaN among them."""
        known = self.rows[_PROBABILITY].notna().all()
        return float(self.correct.mean()) if known else math.nan

    def only(self, ids: pd.Index) -> Self:
        """Return the hold-out of some of the ids, in their order."""
        return replace(self, rows=self.rows.loc[ids])
