"""Folders of stored models: files and contents as MLflow writes them of the same model."""

import json
from pathlib import Path
from typing import Any

import mlflow
import mlflow.sklearn
import pytest
import yaml
from mlflow.models import infer_signature
from sklearn.dummy import DummyClassifier, DummyRegressor

from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging
from spaceship.registry.code_archive import CODE_FILE
from spaceship.registry.signature import as_served
from spaceship.task.label import Problem
from tests.tasks import PROBLEMS, fields, harvest

OWN = {"model_uuid", "utc_time_created", "model_size_bytes"}


def of(folder: Path) -> dict[str, Any]:
    """Return what describes a model, without what differs from save to save."""
    found: dict[str, Any] = yaml.safe_load((folder / "MLmodel").read_text())
    return {key: one for key, one in found.items() if key not in OWN}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_folder_is_the_one_that_mlflow_writes(problem: Problem, tmp_path: Path) -> None:
    task = fields(problem)
    rows = harvest(task, 60)
    dummy = DummyRegressor() if problem is Problem.REGRESSION else DummyClassifier()
    fitted = build_pipeline(RawFeatures(task.to_plain()), Encoding.NATIVE, dummy)
    fitted.fit(rows, task.target(rows))
    margin = 0.5 if problem is Problem.REGRESSION else None
    packaging.save(fitted, tmp_path / "ours", rows, task, margin)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    example = as_served(rows, task).head(packaging.EXAMPLE_ROWS)
    described = of(ours)
    mlflow.sklearn.save_model(
        packaging.load(ours),
        str(theirs),
        code_paths=[str(next((ours / "code").iterdir()))],
        input_example=example,
        signature=infer_signature(example, mlflow.pyfunc.load_model(str(ours)).predict(example)),
        metadata=described["metadata"],
        pip_requirements=(ours / "requirements.txt").read_text().split(),
        skops_trusted_types=described["flavors"]["sklearn"]["skops_trusted_types"],
        serialization_format="skops",
    )
    names = [{path.relative_to(one) for path in one.rglob("*")} for one in (ours, theirs)]
    assert names[0] == names[1]
    for name in ("conda.yaml", "python_env.yaml", "requirements.txt"):
        assert (ours / name).read_text() == (theirs / name).read_text()
    for name in ("input_example.json", "serving_input_example.json"):
        found = [json.dumps(json.loads((one / name).read_text())) for one in (ours, theirs)]
        assert found[0] == found[1]
    expected = of(theirs)
    for flavor in expected["flavors"].values():
        flavor["code"] = f"{flavor['code']}/{CODE_FILE}"  # imported as it is
    expected["flavors"]["python_function"]["loader_module"] = "spaceship.model.predictor"
    inputs = json.loads(described["signature"]["inputs"])
    assert {column.pop("type") for column in inputs} == {"any"}
    of_mlflow = json.loads(expected["signature"]["inputs"])
    assert [column["name"] for column in inputs] == [column["name"] for column in of_mlflow]
    expected["signature"]["inputs"] = described["signature"]["inputs"]
    assert described == expected
