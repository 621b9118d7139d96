"""Hold-out predictions of a twin for rows that it has not seen, joined with their labels."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from io import StringIO
from itertools import takewhile
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import RegistryError
from spaceship.evaluation.losses import Labels, constant_losses, standard_error
from spaceship.evaluation.metrics import THRESHOLD, decide
from spaceship.files import csv_text, read_text
from spaceship.task.arrays import Floats, Target, Values
from spaceship.task.label import Problem

HOLDOUT_FILE = "holdout.csv"
_GROUP, _PROBABILITY, _PREDICTION = "group", "probability", "prediction"
_OF_CLASS = f"{_PROBABILITY}_"
_KINDS = {"b": Problem.BINARY, "i": Problem.MULTICLASS, "f": Problem.REGRESSION}


@dataclass(frozen=True, eq=False)
class HoldOut:
    """Predictions for the hold-out, one row each.

    >>> HoldOut.of(["0001_01", "0001_02"], [True, False], [0.9, 0.6]).accuracy
    0.5
    """

    ids: pd.Index  # text; its name is that of the id
    target: Target  # `(n_rows,)`: booleans, numbers of classes, or numbers
    values: Floats  # probability of True or number `(n_rows,)`, of each class `(n_rows, n_classes)`
    threshold: float = THRESHOLD  # True is predicted above it
    slices: pd.DataFrame = field(default_factory=pd.DataFrame)  # value of each row in each slice
    groups: Values | None = None  # name of each row's group; None: of an old file, its id
    label: str = "label"  # name of the label
    classes: tuple[str, ...] = ()  # multiclass: the value of each class

    def __post_init__(self) -> None:
        """Raise ValueError if two rows have the same id, or columns differ in length."""
        if not len(self.ids) == len(self.target) == len(self.values):
            lengths = f"{len(self.ids)} ids, {len(self.target)} labels, {len(self.values)} values"
            raise ValueError(f"expected columns of one length, found {lengths}")
        if self.ids.has_duplicates:
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
        target: npt.ArrayLike,
        values: npt.ArrayLike,
        threshold: float = THRESHOLD,
        *,
        slices: Mapping[str, Iterable[str]] | None = None,
        **more: Any,
    ) -> Self:
        """Return the hold-out of columns of one length `(n_rows,)`; `more` are other fields."""
        index = pd.Index([*ids], name=getattr(ids, "name", None) or "id", dtype="str")
        texts = {name: pd.array([*column], dtype="str") for name, column in (slices or {}).items()}
        truth, found = np.asarray(target), np.asarray(values, float)
        return cls(index, truth, found, threshold, pd.DataFrame(texts, index), **more)

    @classmethod
    def read_csv(
        cls, path: Path, labels: Labels, threshold: float = THRESHOLD, *, labelled: bool = False
    ) -> Self:
        """Return the hold-out in a file of `to_csv`, with the labels that the data gives.

        A file of an older release is `labelled`: its second column is left out. Raise RegistryError
        if the file is missing or broken, or the data lacks one of its rows.
        """
        try:
            text = StringIO(read_text(path), newline="")
            table = pd.read_csv(text, header=None, dtype="str", keep_default_na=False)
            if labelled:
                table = table.drop(columns=1)
            return cls._of_table(table, labels, threshold)
        except (IndexError, KeyError, ValueError) as error:
            message = f"expected rows of an id and predictions in {path}, found {error}"
            raise RegistryError(f"{message}; run the job again") from error

    @classmethod
    def _of_table(cls, table: pd.DataFrame, labels: Labels, threshold: float) -> Self:
        names, table = table.iloc[0].tolist(), table.iloc[1:]  # pandas would rename equal names
        first, last = (places := places_of_values(names)).start, places.stop
        several = [name for name in names[places] if name.startswith(_OF_CLASS)]
        values = table.iloc[:, places].map(float).to_numpy(float)
        if (found := tuple(name.removeprefix(_OF_CLASS) for name in several)) != labels.classes:
            raise ValueError(f"the classes {found}, where the data has {labels.classes}")
        index = pd.Index(table.iloc[:, 0], name=names[0])
        at = labels.target.index.get_indexer(index)
        if (at < 0).any():
            raise ValueError(f"{(at < 0).sum()} rows that the data lacks ({index[at < 0][0]} …)")
        return cls(
            index,
            labels.target.to_numpy()[at],
            values if several else values[:, 0],
            threshold,
            table.iloc[:, last:].set_axis(index).set_axis(names[last:], axis="columns"),
            table.iloc[:, 1].to_numpy() if first > 1 else None,
            str(labels.target.name),
            labels.classes,
        )

    def to_csv(self) -> str:
        """Return the rows as CSV text, predictions with every digit, labels left out."""
        return csv_text(self.rows.iloc[:, 1:], index=True, na_rep="nan")

    @property
    def rows(self) -> pd.DataFrame:
        """A row per id: label, group, predictions, slices."""
        classes = np.asarray(self.classes, dtype=object)
        label = classes[self.target] if self.classes else self.target
        columns = [(self.label, label)]  # names may come twice
        columns += [] if self.groups is None else [(_GROUP, self.groups)]
        if self.classes:
            each = zip(self.classes, self.values.T, strict=True)
            columns += [(f"{_OF_CLASS}{one}", values) for one, values in each]
        else:
            number = self.problem is Problem.REGRESSION
            columns.append((_PREDICTION if number else _PROBABILITY, self.values))
        names = [name for name, _ in columns]
        table = pd.DataFrame(dict(enumerate(values for _, values in columns)), index=self.ids)
        return pd.concat([table.set_axis(names, axis="columns"), self.slices], axis=1)

    @property
    def problem(self) -> Problem:
        """The kind of problem, from the type of the label."""
        return _KINDS[self.target.dtype.kind]

    @property
    def group_names(self) -> pd.Series:
        """The name of each row's group, by id."""
        return pd.Series(self.ids if self.groups is None else self.groups, self.ids)

    @cached_property
    def losses(self) -> pd.Series:
        """The loss of each row, by id: 0 or 1 for a class, the squared error of a number."""
        if self.problem is Problem.REGRESSION:
            return pd.Series((self.values - self.target) ** 2, self.ids)
        wrong = decide(self.values, self.problem, self.threshold) != self.target
        return pd.Series(wrong.astype(int), self.ids)

    @property
    def n_correct(self) -> int:
        """The number of correct predictions of a class."""
        return len(self.ids) - int(self.losses.sum())

    @property
    def accuracy(self) -> float:
        """The share of correct predictions; NaN without rows or with a NaN among them."""
        known = len(self.ids) and not np.isnan(self.values).any()
        return self.n_correct / len(self.ids) if known else math.nan

    @property
    def metric(self) -> str:
        """The metric that the gate works on."""
        return "rmse" if self.problem is Problem.REGRESSION else "accuracy"

    @property
    def score(self) -> Fraction | float:
        """The metric: the accuracy as a fraction of counts, or the root mean squared error."""
        if self.problem is Problem.REGRESSION:
            return math.sqrt(self.losses.mean())
        return Fraction(self.n_correct, len(self.ids))

    @property
    def error(self) -> float:
        """The standard error of the score; whole groups count as one draw."""
        return self._error(self.losses.to_numpy(float), float(self.score))

    @cached_property
    def constant_losses(self) -> Floats:
        """The loss of each row by the best constant prediction `(n_rows,)`; see `losses`."""
        return constant_losses(self.target)

    @property
    def constant(self) -> tuple[float, float]:
        """The score of the best constant prediction of these rows, and its standard error.

        Whole groups count as one draw (Cameron & Miller, "A Practitioner's Guide to Cluster-Robust
        Inference", 2015).
        """
        losses = self.constant_losses
        mean = float(losses.mean())
        value = math.sqrt(mean) if self.metric == "rmse" else float((1 - losses).mean())
        return value, self._error(losses, value)

    def _error(self, losses: Floats, value: float) -> float:
        error = standard_error(losses - losses.mean(), self.group_names.to_numpy())
        of_root = error / (2 * value) if value else 0.0
        return of_root if self.problem is Problem.REGRESSION else error

    @property
    def shares(self) -> dict[str, dict[str, float]]:
        """The share of rows with each value, by the name of a slice or of a label of classes."""
        named = dict(self.slices.items())
        if self.problem is not Problem.REGRESSION:
            named[self.label] = self.rows.iloc[:, 0]
        return {
            str(name): {
                str(value): float(share)
                for value, share in column.astype("str").value_counts(normalize=True).items()
            }
            for name, column in named.items()
        }

    def only(self, ids: pd.Index) -> Self:
        """Return the hold-out of some of the ids, in their order."""
        at = self.ids.get_indexer(ids)
        return replace(
            self,
            ids=self.ids[at],
            target=self.target[at],
            values=self.values[at],
            slices=self.slices.reindex(self.ids[at]),
            groups=None if self.groups is None else self.groups[at],
        )


def places_of_values(names: Sequence[str]) -> slice:
    """Return the places of the predictions among the columns of a file of `HoldOut.to_csv`.

    >>> places_of_values(["id", "group", "probability_a", "probability_b", "age"])
    slice(2, 4, None)
    """
    first = 2 if names[1] == _GROUP else 1
    several = [*takewhile(lambda name: name.startswith(_OF_CLASS), names[first:])]
    if names[first] not in {_PROBABILITY, _PREDICTION, *several[:1]}:
        raise KeyError(names[first])
    return slice(first, first + (len(several) or 1))
