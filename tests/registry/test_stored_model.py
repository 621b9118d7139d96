"""Stored models stay loadable: two committed models give the predictions stored beside them.

`earlier` was made by the last release whose package was flat, `present` by this file, run as a
script, before the feature set `raw` served any task: run it again only after a change that is meant
to break stored models. Their folders hold the files that loading needs but no code, so the classes
come from this project.
"""

import json
import shlex
import shutil
import tempfile
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.base import clone

from spaceship.config.build import build
from spaceship.config.installation import configs
from spaceship.config.moved import MOVED
from spaceship.mode.serve import example_request
from spaceship.model.encoding import Encoding
from spaceship.registry import packaging
from spaceship.task.task import Task
from tests.serving import assert_sentence, post, serving

FOLDER = Path(__file__).resolve().parent / "stored_model"
ROWS = FOLDER / "passengers.csv"
FEATURES = "spaceship.task.spaceship_titanic.features"
NEEDED = ("MLmodel", "model.skops")
CLASSES = (
    "spaceship.model.blend.Blend",
    "spaceship.model.catboost.CategoryCatBoost",
    "spaceship.model.encoding.CategoryEncoder",
    "spaceship.model.foundation.FoundationModel",
    "spaceship.model.inner_cv.InnerFolds",
    "spaceship.model.inner_cv.InnerIterations",
    "spaceship.model.served.Served",
    f"{FEATURES}.baseline.BaselineFeatures",
    f"{FEATURES}.full.FullFeatures",
    "spaceship.features.raw.RawFeatures",
)
"""Classes that stored models name."""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("name", ["earlier", "present"])
def test_a_stored_model_predicts_what_it_predicted_when_it_was_stored(name: str) -> None:
    rows = pd.read_csv(ROWS)
    model = packaging.load(str(FOLDER / name))
    assert type(model[0]).__module__ in {f"{FEATURES}.full", "spaceship.features.raw"}
    assert "Features(" in repr(clone(model)), "its parameters are those of the present class"
    found = model.predict_proba(rows.drop(columns=["earlier", "present"]))[:, 1]
    np.testing.assert_allclose(found, rows[name], rtol=1e-12)


@pytest.mark.parametrize("path", CLASSES)
def test_classes_of_stored_models_keep_their_paths(path: str) -> None:
    found = resolve_name(path)
    assert f"{found.__module__}.{found.__qualname__}" == path


def test_every_moved_module_holds_such_a_class() -> None:
    assert {*MOVED.values()} <= {path.rpartition(".")[0] for path in CLASSES}


def test_a_recipe_of_an_earlier_release_is_built() -> None:
    part = build({"_target_": "spaceship.features.full.FullFeatures", "blocks": ["cabin"]})
    assert type(part).__module__ == f"{FEATURES}.full"


def test_the_committed_models_are_small() -> None:
    assert packaging.size(FOLDER) < 60_000


def _store_anew() -> None:
    """Fit and store the model `present`, and write its predictions beside it."""
    from lightgbm import LGBMClassifier

    from spaceship.data.checks import checked
    from spaceship.data.synthetic import SyntheticData
    from spaceship.features.raw import RawFeatures
    from spaceship.model.pipeline import build_pipeline

    path = configs() / "task" / "spaceship_titanic.yaml"
    task = Task.read(yaml.safe_load(path.read_text()))
    source = SyntheticData(n_groups=400, seed=2912, drift=0.0, test_fraction=0.33)
    people = checked(source.read(task), task)
    features = RawFeatures(task.to_plain())
    model = LGBMClassifier(n_estimators=5, num_leaves=6, random_state=1, n_jobs=1, verbose=-1)
    pipeline = build_pipeline(features, Encoding.NATIVE, model)
    pipeline.fit(people.train, people.train["Transported"].to_numpy())
    with tempfile.TemporaryDirectory() as folder:
        packaging.save(pipeline, Path(folder) / "model", people.train, task)
        for name in NEEDED:
            shutil.copy(Path(folder) / "model" / name, FOLDER / "present")
    rows = pd.read_csv(ROWS)
    chances = pipeline.predict_proba(rows.drop(columns=["earlier", "present"]))[:, 1]
    rows.assign(present=chances).to_csv(ROWS, index=False)


if __name__ == "__main__":
    _store_anew()


def test_a_model_of_an_earlier_release_answers_as_it_did() -> None:
    rows = pd.read_csv(FOLDER / "passengers.csv").drop(columns=["earlier", "present"]).head(5)
    with serving(FOLDER / "present") as address:
        status, content = post(address, "text/csv", rows.to_csv(index=False).encode())
        assert (status, len(content["predictions"])) == (200, 5)
        assert {*content["predictions"]} <= {True, False}
        command = shlex.split(example_request(FOLDER / "present", address))
        [asked] = json.loads(command[-1])["dataframe_records"]
        assert [*asked] == [*rows]
        status, content = post(address, "text/csv", b"a,b\n1,2\n")
    assert status == 400
    assert_sentence(content, "columns, missing: ")
