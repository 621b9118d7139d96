"""Files that describe a stored model to MLflow: what loads it, its signature, packages and example.

They are those that `mlflow.sklearn.save_model` writes, which imports all of MLflow and searches
every installed package several times: more than a second, a fifth of a whole training.
`test_model_folder.py` compares the folders.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import uuid4

import pandas as pd

from spaceship._upstream import MLFLOW_SKOPS_FILE
from spaceship.registry.signature import signature

DESCRIPTION = "MLmodel"
_CONDA, _PYTHON, _PACKAGES = "conda.yaml", "python_env.yaml", "requirements.txt"
_EXAMPLE, _REQUEST = "input_example.json", "serving_input_example.json"


@dataclass(frozen=True)
class Described:
    """Facts that describe a stored model.

    >>> rows = people.test.head(2)
    >>> described = Described("spaceship.model.predictor", "code/a.zip", [], [], {}, rows, rows)
    >>> described.write(tmp_path)
    >>> (tmp_path / "MLmodel").is_file()
    True
    """

    loader: str  # module whose `_load_pyfunc` loads it
    code: str  # what that is imported from, below the folder
    types: Sequence[str]  # that skops is to trust
    packages: Sequence[str]  # pinned
    facts: Mapping[str, object]  # of our own
    example: pd.DataFrame  # raw rows
    answered: pd.DataFrame  # the answers to them

    def write(self, folder: Path) -> None:
        """Write the files into the folder of a model; its size counts all but the description."""
        example = {key: one for key, one in self.example.to_dict("split").items() if key != "index"}
        (folder / _EXAMPLE).write_text(json.dumps(example))
        (folder / _REQUEST).write_text(json.dumps({"dataframe_split": example}, indent=2))
        (folder / _PACKAGES).write_text("\n".join(self.packages))
        tools = [_pinned(name) for name in ("pip", "setuptools", "wheel")]
        needs = [f"python={platform.python_version()}", tools[0].replace("==", "<=")]
        conda = [*needs, {"pip": [*self.packages]}]
        environment = {"channels": ["conda-forge"], "dependencies": conda, "name": "mlflow-env"}
        _write_yaml(folder / _CONDA, environment)
        python = {"python": platform.python_version(), "build_dependencies": tools}
        python |= {"dependencies": [f"-r {_PACKAGES}"]}
        _write_yaml(folder / _PYTHON, python, in_order=False)
        files = [path for path in folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        _write_yaml(folder / DESCRIPTION, self._described(size))

    def _described(self, size: int) -> dict[str, object]:
        served = {
            "code": self.code,
            "env": {"conda": _CONDA, "virtualenv": _PYTHON},
            "loader_module": self.loader,
            "model_path": MLFLOW_SKOPS_FILE,
            "predict_fn": "predict",
            "python_version": platform.python_version(),
        }
        stored = {
            "code": self.code,
            "pickled_model": MLFLOW_SKOPS_FILE,
            "serialization_format": "skops",
            "sklearn_version": version("scikit-learn"),
            "skops_trusted_types": [*self.types],
        }
        example = {"artifact_path": _EXAMPLE, "serving_input_path": _REQUEST, "type": "dataframe"}
        return {
            "flavors": {"python_function": served, "sklearn": stored},
            "is_signature_from_type_hint": False,
            "metadata": dict(self.facts),
            "mlflow_version": version("mlflow"),
            "model_id": None,
            "model_size_bytes": size,
            "model_uuid": uuid4().hex,
            "prompts": None,
            "saved_input_example_info": example | {"pandas_orient": "split"},
            "signature": signature(self.example, self.answered),
            "type_hint_from_example": False,
            "utc_time_created": str(datetime.now(UTC).replace(tzinfo=None)),
        }


def _pinned(name: str) -> str:
    with suppress(PackageNotFoundError):
        return f"{name}=={version(name)}"
    return name


def _write_yaml(path: Path, content: Mapping[str, object], *, in_order: bool = True) -> None:
    import yaml

    path.write_text(yaml.safe_dump(dict(content), default_flow_style=False, sort_keys=in_order))
