"""Out-of-fold losses of the training part: the loss of each row by a model that has not seen it."""

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
from spaceship.task.label import Problem
from spaceship.task.task import Task

OUT_OF_FOLD_FILE = "out_of_fold.parquet"


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """Loss of each training row that a fold tests: 0 or 1 for a class, a squared error.

    >>> rows = pd.DataFrame({"group": ["a"], "loss": [0.0], "constant": [1.0]}, index=["a-1"])
    >>> OutOfFold(rows).write(tmp_path)
    >>> OutOfFold.read(tmp_path) == OutOfFold(rows)
    True
    """

    rows: pd.DataFrame  # by id: name of the `group`, `loss`, and loss by the best `constant`

    def __eq__(self, other: object) -> bool:
        """Compare every value."""
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
        return cls(pd.DataFrame(columns, index=pd.Index(task.names(training)))[tested])

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
            return cls(rows[["group", "loss", "constant"]])
        except FileNotFoundError:
            return None
        except (KeyError, OSError, ValueError) as error:  # pyarrow's errors are among these
            what = f"out-of-fold losses in {path}"
            raise RegistryError(expected(what, error, "run the job again")) from error
