"""Commands of MLflow as text for messages, which work as typed, from any folder."""

import shlex
import sys
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.text import shell_line


def mlflow_command(uri: str, *words: str) -> str:
    """Return a command of MLflow's own on a store; a password in its URI is hidden.

    >>> mlflow_command("sqlite:////my outputs/mlflow.db", "gc").rpartition("/")[2]
    'mlflow gc'
    >>> mlflow_command("sqlite:////my outputs/mlflow.db", "gc").partition(" /")[0]
    "MLFLOW_TRACKING_URI='sqlite:////my outputs/mlflow.db'"
    """
    return _on(uri, [str(Path(sys.executable).with_name("mlflow")), *words])


def client_call(uri: str, call: str) -> str:
    """Return a command that calls a method of MLflow's client on a store.

    >>> print(client_call("sqlite:////o/mlflow.db", "delete_run('1')").partition(" -c ")[2])
    "import mlflow; mlflow.MlflowClient().delete_run('1')"
    """
    return _on(uri, [sys.executable, "-c", f"import mlflow; mlflow.MlflowClient().{call}"])


def _on(uri: str, words: list[str]) -> str:
    return f"MLFLOW_TRACKING_URI={shlex.quote(redact(uri))} {shell_line(words)}"
