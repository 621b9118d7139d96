"""Answers of a stored model to raw rows, as MLflow's pyfunc asks for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from spaceship.data.broken_rules import broken_rules, keep_rules
from spaceship.errors import DataError
from spaceship.evaluation.answers import answer_columns
from spaceship.evaluation.cross_validation import decision_threshold, predict
from spaceship.model.prepared import Rows
from spaceship.model.request_rows import as_frame
from spaceship.model.served import Served
from spaceship.model.threads import forget_threads
from spaceship.task.arrays import Estimator
from spaceship.task.raw_frame import typed
from spaceship.task.task import ROW, Task
from spaceship.task.typed_rows import TypedRows
from spaceship.text import first_few


class Predictor:
    """A fitted pipeline that answers raw rows with label and probabilities, or an interval.

    >>> fitted = pipeline.fit(people.train, task.target(people.train))
    >>> Predictor(fitted, task).predict(people.test.astype(object)).columns.tolist()[1:]
    ['probability_True']
    """

    metadata: Any = None  # of the stored model, for MLflow

    def __init__(self, pipeline: Estimator, task: Task, margin: float | None = None) -> None:
        """Keep the parts; `margin` is the half width of an interval."""
        self.pipeline, self.task, self.margin = pipeline, task, margin
        self._threshold = decision_threshold(pipeline)
        self._columns = task.model_columns
        inner = getattr(pipeline, "classifier", pipeline)  # of one that predicts texts
        reads = inner.reads if isinstance(inner, Served) else None
        types = {name: one.type for name, one in self._columns.items()}
        self._takes_rows = reads is not None and all(
            types.get(name) is one.type for name, one in reads.items()
        )

    def predict(self, X: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002 - of MLflow
        """Return the answer to each row; none to no rows, which may lack columns altogether.

        Raises:
            UnreadableRowsError: A column is missing, or a value breaks a rule of its column.

        """
        rows = pd.DataFrame(X)
        if not len(rows) and not len(rows.columns):
            rows = pd.DataFrame(columns=[*self._columns])
        rows = rows.set_axis(pd.RangeIndex(1, len(rows) + 1, name=ROW))
        try:
            read = typed(rows, self._columns, finite=True)
        except DataError as error:
            raise _unreadable(str(error)) from None
        made = TypedRows.of(read)
        if not keep_rules(made, self._columns, self.task):
            # A sentence shows values as they were given.
            known = rows.loc[:, rows.columns.isin([*self._columns])]
            broken = first_few(map(str, broken_rules(known, self.task)), between="; ")
            raise _unreadable(broken)
        return pd.DataFrame(self._answers(made if self._takes_rows else read))

    def answer(self, values: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        """Return the answers to rows of JSON values, both by column; no frame is made if need be.

        Raises:
            UnreadableRowsError: A column is missing, or a value breaks a rule of its column.

        """
        rows = TypedRows.read(values, self._columns) if self._takes_rows else None
        if rows is not None and keep_rules(rows, self._columns, self.task):
            return {name: one.tolist() for name, one in self._answers(rows).items()}
        made = self.predict(as_frame(values))
        return {str(name): one.tolist() for name, one in made.items()}

    def _answers(self, rows: Rows) -> dict[str, Any]:
        values = predict(self.pipeline, rows, self.task)
        return answer_columns(values, self.task, self._threshold, self.margin)

    def get_raw_model(self) -> Any:
        """Return the pipeline, as MLflow's own wrapper of an estimator does."""
        return self.pipeline


def _unreadable(sentence: str) -> Exception:
    from spaceship.model.unreadable_rows import UnreadableRowsError

    return UnreadableRowsError(sentence)


def load(folder: str | Path) -> Predictor:
    """Return the model in a folder that `packaging.save` wrote.

    >>> load(tmp_path)
    Traceback (most recent call last):
    mlflow.exceptions.MlflowException: Could not find an "MLmodel" configuration file at ...
    """
    from mlflow.models import Model
    from mlflow.sklearn import load_model

    described = Model.load(str(Path(folder) / "MLmodel"))
    facts, order = described.metadata or {}, described.signature.inputs.input_names()
    task = Task.read(facts["task"])  # MLflow has sorted its columns
    ordered = {name: task.columns[name] for name in order if name in task.columns}
    task = task.model_copy(update={"columns": ordered})
    fitted = load_model(str(folder))  # type: ignore[no-untyped-call]
    return Predictor(forget_threads(fitted), task, facts["margin"])


_load_pyfunc = load  # the name that MLflow calls
