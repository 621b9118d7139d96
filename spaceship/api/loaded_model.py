"""Models of a project as objects: recipe, scores and predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from spaceship.errors import DataError, RegistryError, expected
from spaceship.model.predictor import Predictor
from spaceship.model.unreadable_rows import UnreadableRowsError
from spaceship.task.label import BOUNDS, PROBABILITY


@dataclass(frozen=True)
class LoadedModel:
    """A model, or the run of a candidate that was refused: such a run has scores, but no model.

    Attributes:
        name: The recipe's name, such as `lgbm on full`.
        version: Version of the registered model, as MLflow writes it; None for a refused run.
        run_id: Id of the MLflow run that made it.
        recipe: Everything that the same pipeline is built from.
        scores: Figures by name: `cv_*` cross-validated, `cv_*_std` their standard deviation over
            the folds, `holdout_*` of the twin where the verdict may show them.
        holdout: The twin's prediction of each hold-out row, by id, without labels; all but the
            predictions is text. None where the verdict does not tell figures of the hold-out.

    Example:
        >>> LoadedModel("lgbm on full", "3", "a1b2", {}, {"cv_accuracy": 0.8}).scores
        {'cv_accuracy': 0.8}

    """

    name: str
    version: str | None
    run_id: str
    recipe: Mapping[str, object] = field(repr=False)
    scores: Mapping[str, float] = field(repr=False)
    holdout: pd.DataFrame | None = field(default=None, repr=False)
    _predictor: Predictor | None = field(default=None, repr=False)

    def predict(self, rows: pd.DataFrame) -> pd.Series:
        """Return the predicted label of each row, in the label's own values.

        Args:
            rows: Raw rows `(n_rows, n_columns)` with the task's columns, in any order; further
                columns are left out. Rows of one group belong into one call.

        Returns:
            Labels or numbers `(n_rows,)` with the rows' index, named as the label.

        Raises:
            DataError: A column is missing, or a value is not of its column's type.
            RegistryError: There is no model: the run was refused.

        """
        return self._answers(rows).iloc[:, 0]

    def predict_proba(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the probability of each class, for each row.

        Args:
            rows: As for `predict`.

        Returns:
            Probabilities `(n_rows, n_classes)` that add up to 1 in each row, with the rows' index;
            the columns are the classes, in the label's own values and order.

        Raises:
            DataError: The label is a number, or as for `predict`.
            RegistryError: As for `predict`.

        """
        answers, task = self._answers(rows), self._model.task
        if not task.is_classification:
            do = "ask for its interval: predict_interval(rows)"
            raise DataError(expected("classes to predict", f"the number {task.label}", do))
        values = answers[
            [one for one in answers.columns[1:] if one.startswith(PROBABILITY)]
        ].to_numpy()
        if values.shape[1] == 1:  # of True
            values = np.hstack([1 - values, values])
        return pd.DataFrame(values, rows.index, task.spelt(range(values.shape[1])).tolist())

    def predict_interval(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return an interval for each row that holds 90 % of new rows' numbers.

        Args:
            rows: As for `predict`.

        Returns:
            Columns `lower_90` and `upper_90` in the label's unit `(n_rows, 2)`, the rows' index.

        Raises:
            DataError: The label is a class, or the model has no interval, or as for `predict`.
            RegistryError: As for `predict`.

        """
        found = self._answers(rows)
        if not {*BOUNDS} <= {*found}:
            task = self._model.task
            kind = "classes" if task.is_classification else "a model without intervals"
            do = "ask for predict(rows) or predict_proba(rows)"
            raise DataError(expected("a model of numbers with intervals", kind, do))
        return found[[*BOUNDS]]

    @property
    def _model(self) -> Predictor:
        if self._predictor is None:
            do = "load another one: Project.load(version)"
            what, found = f"a model of run {self.run_id}", "none: it was refused"
            raise RegistryError(expected(what, found, do))
        return self._predictor

    def _answers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the label of each row, and all that is known beside it."""
        model = self._model
        try:
            return model.predict(rows).set_axis(rows.index)
        except UnreadableRowsError as error:
            raise DataError(error.sentence) from None
