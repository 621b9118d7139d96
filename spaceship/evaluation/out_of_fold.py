"""Out-of-fold predictions of the training part, and their losses, by models without the row."""

import math
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from spaceship.errors import RegistryError, expected
from spaceship.evaluation.cross_validation import CrossValidation
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import constant_losses, standard_error
from spaceship.files import write_atomically
from spaceship.task.arrays import Floats
from spaceship.task.label import Problem
from spaceship.task.task import Task

OUT_OF_FOLD_FILE = "out_of_fold.parquet"
_ROUNDING = 1e-9  # of a sum of weights
_LOSSES = ("group", "loss", "constant")
_VALUE = "value"  # start of the names of columns of predictions; earlier files have none


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Loss of each training row that a fold tests: 0 or 1 for a class, a squared error.

    >>> rows = pd.DataFrame({"group": ["a"], "loss": [0.0], "constant": [1.0]}, index=["a-1"])
    >>> OutOfFold(rows).write(tmp_path)
    >>> OutOfFold.read(tmp_path) == OutOfFold(rows)
    True
    """

    # by id: name of the `group`, `loss`, and loss by the best `constant`; then the predictions:
    # `value`, a number or the probability of True, or `value_CLASS` of each class
    rows: pd.DataFrame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OutOfFold) and self.rows.equals(other.rows)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, found: CrossValidation, training: pd.DataFrame, task: Task) -> Self:
        """Return the losses of a cross-validation of the training part."""
        target, values = task.target(training), found.values
        tested = np.isfinite(values if values.ndim == 1 else values.sum(axis=1))
        if task.problem is Problem.REGRESSION:
            losses = (values - target) ** 2
        else:
            losses = (found.predictions != target).astype(float)
        columns = {
            "group": task.group_names(training).to_numpy(),
            "loss": losses,
            "constant": constant_losses(target),
        }
        several = values.ndim > 1
        names = [f"{_VALUE}_{one}" for one in task.classes] if several else [_VALUE]
        columns |= dict(zip(names, values.T if several else [values], strict=True))
        return cls(pd.DataFrame(columns, index=pd.Index(task.names(training)))[tested])

    @property
    def values(self) -> Floats:
        """Predictions: numbers or probabilities of True, (n_rows,); or (n_rows, n_classes).

        >>> OutOfFold(pd.DataFrame({"value_a": [0.75], "value_b": [0.25]})).values
        array([[0.75, 0.25]])
        """
        named = [one for one in self.rows if str(one).startswith(_VALUE)]
        return self.rows[named[0] if named == [_VALUE] else named].to_numpy()

    def excess(self, holdout: HoldOut) -> float:
        """Return by how many standard errors a hold-out's mean loss lies below the out-of-fold one.

        Whole groups count as one draw. Far above 0, held-out rows are copies of learnt ones, or
        easier than these.
        """
        sides = []
        for losses, groups in (
            (self.rows["loss"], self.rows["group"]),
            (holdout.losses, holdout.group_names),
        ):
            mean = float(losses.mean())
            sides.append((mean, standard_error(losses - mean, groups.to_numpy())))
        (learnt, error), (held_out, other) = sides
        both = math.hypot(error, other)
        return (learnt - held_out) / both if both else 0.0

    def margin(self, coverage: float) -> float | None:
        """Return the half width of an interval around a predicted number; None: too few groups.

        Split-conformal, by the errors of models that have not seen the row: a number of a new group
        lies in it with the probability `coverage` at least, if the new group is drawn like these
        and the model that predicts it errs no more than those of the folds. Groups weigh the same,
        whatever their size, and the new one counts as a group of infinite error (Lee, Barber and
        Willett, "Distribution-free inference with hierarchical data", 2023).

        >>> of = pd.DataFrame({"group": [*"abcdefghi"], "loss": 4.0, "constant": 9.0})
        >>> OutOfFold(of).margin(0.9), OutOfFold(of.head(8)).margin(0.9)
        (2.0, None)
        """
        rows = self.rows.sort_values("loss", kind="stable")
        sizes = rows["group"].map(rows["group"].value_counts())
        mass = (1 / sizes).cumsum() / (rows["group"].nunique() + 1)
        enough = rows["loss"][(mass >= coverage - _ROUNDING).to_numpy()]
        return math.sqrt(enough.iloc[0]) if len(enough) else None

    def write(self, folder: Path) -> None:
        """Write the rows into a folder, whole or not at all."""
        buffer = BytesIO()
        self.rows.to_parquet(buffer)
        write_atomically(folder / OUT_OF_FOLD_FILE, buffer.getvalue())

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Return the losses in a folder, None if there are none; raise RegistryError if broken."""
        path = folder / OUT_OF_FOLD_FILE
        try:
            rows = pd.read_parquet(path)
            return cls(rows[[*_LOSSES, *(one for one in rows if str(one).startswith(_VALUE))]])
        except FileNotFoundError:
            return None
        except (KeyError, OSError, ValueError) as error:  # pyarrow's errors are among these
            what = f"out-of-fold losses in {path}"
            raise RegistryError(expected(what, error, "run the job again")) from error
