"""Stored models predict in a process without this project, which finds their code beside them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.pipeline import Pipeline, make_pipeline

from spaceship.data._base import Dataset
from spaceship.features.table import TableFeatures
from spaceship.model.blend import Blend
from spaceship.model.encoding import Encoding, encoder
from spaceship.model.labelled import labelled
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging
from spaceship.registry.code_archive import CODE_FILE
from spaceship.task.label import Problem
from spaceship.task.spaceship_titanic.columns import LABEL
from spaceship.task.spaceship_titanic.features.full import FullFeatures
from tests.tasks import PROBLEMS, fields, harvest

ELSEWHERE = """
import io, json, os, sys
from importlib.abc import MetaPathFinder

class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        missing = {"hydra", "omegaconf", "optuna", "kagglehub", "catboost", "xgboost"}
        if name.split(".")[0] in missing:
            raise ModuleNotFoundError(name, name=name)

folder = sys.argv[1]
sys.path = [one for one in sys.path if one and not os.path.isdir(os.path.join(one, "spaceship"))]
sys.meta_path = [NotInstalled(), *(one for one in sys.meta_path if "editable" not in repr(one))]
try:
    import spaceship
except ModuleNotFoundError:
    pass
else:
    sys.exit(f"the project is within reach: {spaceship.__file__}")

import mlflow
import pandas as pd
text = sys.stdin.read()
model = mlflow.pyfunc.load_model(folder)
rows = pd.read_csv(io.StringIO(text))
records = rows.astype(object).where(rows.notna(), None).to_dict("records")
import spaceship
print(json.dumps({
    "csv": model.predict(rows).iloc[:, 0].tolist(),
    "json": model.predict(pd.DataFrame(records)).iloc[:, 0].tolist(),
    "code": spaceship.__file__,
}))
"""


def predicted_elsewhere(folder: Path, rows: pd.DataFrame, place: Path) -> dict[str, Any]:
    """Return what a process without the project predicts for rows, read as CSV and as JSON."""
    command = [sys.executable, "-c", ELSEWHERE, str(folder)]
    text, quiet = rows.to_csv(index=False), {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    pipes: dict[str, Any] = {"capture_output": True, "text": True}
    done = subprocess.run(command, input=text, cwd=place, env=quiet, check=False, **pipes)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_predicts_in_another_process_that_knows_nothing_of_the_project(
    people: Dataset, tmp_path: Path
) -> None:
    features = FullFeatures(["fill_from_group", "cabin", "spending"])
    model = LGBMClassifier(n_estimators=20, random_state=1, n_jobs=1, verbose=-1)
    pipeline = build_pipeline(features, Encoding.NATIVE, model)
    fitted = pipeline.fit(people.train, people.train[LABEL].to_numpy())
    folder, rows = tmp_path / "model", people.test
    assert rows is not None
    packaging.save(fitted, folder, people.train, people.task)
    found = predicted_elsewhere(folder, rows, tmp_path)
    assert found["csv"] == found["json"] == fitted.predict(rows).tolist()
    assert Path(found["code"]).is_relative_to(folder / "code" / CODE_FILE)


@pytest.mark.slow
@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_blend_on_a_table_of_ones_own_predicts_elsewhere(
    problem: Problem, tmp_path: Path
) -> None:
    task = fields(problem)
    rows, model = harvest(task), LGBMClassifier if task.is_classification else LGBMRegressor
    parts = make_pipeline(TableFeatures(task.to_plain()), encoder(Encoding.NATIVE))
    members = [(0, model(n_estimators=trees, n_jobs=1, verbose=-1)) for trees in (3, 5)]
    blend = Pipeline([("candidate", Blend([parts], members, task.to_plain(), n_folds=2))])
    blend.fit(rows, task.target(rows))
    packaging.save(blend, tmp_path / "model", rows, task)
    found = predicted_elsewhere(tmp_path / "model", rows.drop(columns=task.label), tmp_path)
    assert found["csv"] == found["json"] == labelled(blend, task).predict(rows).tolist()
