"""MLflow's client with calls that log or copy many things, and without a check for prompts.

The check reads the model with all its tags before each change, thousands of them in an old store;
no name of this project is a prompt's.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
)

from spaceship._upstream import mlflow_sessions
from spaceship.tracking.run_rows import Metrics, Texts

_PARAMS_PER_CALL = 100


class Client(MlflowClient):
    """Client of a store that holds no prompts under the names in use.

    >>> Client(store.uri, store.uri).create_registered_model("churn-local").name
    'churn-local'
    """

    def _raise_if_prompt(self, name: str) -> None:
        """Read nothing."""

    def log_values(self, run_id: str, metrics: Metrics, params: Texts, tags: Texts) -> None:
        """Log metrics, tags and parameters in one request, more than 100 parameters in several."""
        now = int(time.time() * 1000)
        figures = [Metric(key, value, now, 0) for key, value in metrics.items()]
        named = [RunTag(*one) for one in tags.items()]
        given = [Param(*one) for one in params.items()]
        first, rest = given[:_PARAMS_PER_CALL], given[_PARAMS_PER_CALL:]
        self.log_batch(run_id, metrics=figures, params=first, tags=named)
        for start in range(0, len(rest), _PARAMS_PER_CALL):
            self.log_batch(run_id, params=rest[start : start + _PARAMS_PER_CALL])

    def insert_runs(self, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
        """Insert rows of runs by the names of a database's tables, but of those that are there."""
        from mlflow.store.db.base_sql_model import Base
        from sqlalchemy import insert, select

        sessions: Any = mlflow_sessions(self.tracking_uri)
        ids = Base.metadata.tables["runs"].c.run_uuid
        given = [row["run_uuid"] for row in tables["runs"]]
        with sessions(read_only=False) as session:
            there = {*session.scalars(select(ids).where(ids.in_(given)))}
            for name, rows in tables.items():
                if new := [row for row in rows if row["run_uuid"] not in there]:
                    session.execute(insert(Base.metadata.tables[name]), new)

    def log_dataset(self, run_id: str, facts: Mapping[str, str], context: str) -> None:
        """Log a data set that a run used for something, by the fields of MLflow's `Dataset`."""
        tags = [InputTag("mlflow.data.context", context)]
        self.log_inputs(run_id, [DatasetInput(Dataset(**facts), tags)])

    def log_output(self, run_id: str, model_id: str) -> None:
        """Note that a logged model came out of a run."""
        self.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])

    def copy_of_version(self, name: str, version: str, path: str, folder: str) -> str:
        """Copy an artifact of a version to a folder, all of them if the path is empty."""
        place = self.get_model_version_download_uri(name, version)
        uri, own = f"{place}/{path}" if path else place, self.tracking_uri
        return str(download_artifacts(uri, dst_path=folder, tracking_uri=own))
