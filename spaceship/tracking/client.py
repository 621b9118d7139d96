"""MLflow's client without its check that a registered model is no prompt.

The check reads the model with all its tags before each change, thousands of them in an old store;
no name of this project is a prompt's.
"""

from mlflow import MlflowClient


class Client(MlflowClient):
    """Client of a store that holds no prompts under the names in use.

    >>> Client(store.uri, store.uri).create_registered_model("churn-local").name
    'churn-local'
    """

    def _raise_if_prompt(self, name: str) -> None:
        """Read nothing."""
