"""Error for rows that a model cannot read; only who raises it needs MLflow, which is slow to load.

MLflow's server answers its errors with the HTTP status of their code.
"""

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import BAD_REQUEST


class UnreadableRowsError(MlflowException):
    """Rows that the model cannot read; the server answers them with HTTP status 400.

    >>> UnreadableRowsError("expected age to be a number").sentence
    'expected age to be a number'
    """

    def __init__(self, sentence: str) -> None:
        """Keep the sentence, as MLflow adds all rows to its `message`."""
        super().__init__(sentence, error_code=BAD_REQUEST)
        self.sentence = sentence
