"""A stored model predicts the same anywhere, without this repository and without pickle."""

import errno
import json
import os
from functools import partial
from modulefinder import Module, ModuleFinder
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
import skops.io
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from spaceship.config.installation import PACKAGE
from spaceship.data._base import Dataset
from spaceship.errors import RegistryError
from spaceship.features.raw import RawFeatures
from spaceship.model.catboost import CategoryCatBoost
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.registry import packaging
from spaceship.registry.code_archive import CODE_FILE, write_code
from spaceship.registry.requirements import SERVING_PACKAGES
from spaceship.task.spaceship_titanic.columns import LABEL
from spaceship.task.spaceship_titanic.features.full import FullFeatures
from spaceship.task.task import Task


class Strange(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Comes from neither this project nor a library it trusts."""

    def fit(self, X: pd.DataFrame, y: Any) -> "Strange":
        self.classes_ = np.unique(y)
        self.width_ = X.shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        return np.zeros(len(X), dtype=bool)


@pytest.fixture(scope="module")
def unlabelled(people: Dataset) -> pd.DataFrame:
    """Give the passengers to predict."""
    assert people.test is not None
    return people.test


@pytest.fixture(scope="module")
def fitted(people: Dataset) -> Pipeline:
    features = FullFeatures(["fill_from_group", "cabin", "spending"])
    model = LGBMClassifier(n_estimators=20, random_state=1, n_jobs=1, verbose=-1)
    pipeline = build_pipeline(features, Encoding.NATIVE, model)
    return pipeline.fit(people.train, people.train[LABEL].to_numpy())


@pytest.fixture(scope="module")
def folder(fitted: Pipeline, people: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packaged") / "model"
    packaging.save(fitted, path, people.train, people.task)
    return path


def test_comes_back_the_same(
    folder: Path, fitted: Pipeline, people: Dataset, unlabelled: pd.DataFrame
) -> None:
    loaded = packaging.load(str(folder))
    for frame in (people.train, unlabelled):
        np.testing.assert_array_equal(loaded.predict_proba(frame), fitted.predict_proba(frame))


def test_lone_rows_with_nulls_predict_what_they_predict_in_company(
    folder: Path, fitted: Pipeline, people: Dataset, unlabelled: pd.DataFrame
) -> None:
    import mlflow

    served = mlflow.pyfunc.load_model(str(folder))
    rows = unlabelled.astype(object).where(unlabelled.notna(), None)
    alone = ~people.task.group_names(unlabelled).duplicated(keep=False)
    solo = rows[alone].head(4).to_dict("records")
    assert solo
    expected = dict(zip(unlabelled["PassengerId"], fitted.predict(unlabelled), strict=True))
    for row in solo:
        assert served.predict(pd.DataFrame([row]))[LABEL].tolist() == [expected[row["PassengerId"]]]
    unknown = dict.fromkeys(rows.columns) | {"PassengerId": "9999_01"}
    assert served.predict(pd.DataFrame([unknown]))[LABEL].dtype == bool


def test_no_pickle_lies_in_the_folder(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert "model.skops" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert "serialization_format: skops" in (folder / "MLmodel").read_text()
    assert [path.name for path in (folder / "code").iterdir()] == [CODE_FILE]


def test_a_twin_carries_neither_code_nor_example_and_predicts_the_same(
    fitted: Pipeline, people: Dataset, unlabelled: pd.DataFrame, tmp_path: Path
) -> None:
    packaging.save_twin(fitted, tmp_path / "twin", people.task)
    left = {path.name for path in (tmp_path / "twin").iterdir()}
    assert left.isdisjoint({"code", "input_example.json", "serving_input_example.json"})
    loaded = packaging.load(str(tmp_path / "twin"))
    np.testing.assert_array_equal(loaded.predict(unlabelled), fitted.predict(unlabelled))


@pytest.mark.parametrize("module", ["cli.main", "callbacks.mlflow", "model.predictor", "api"])
def test_the_code_of_a_module_is_what_its_bytecode_imports(module: str, tmp_path: Path) -> None:
    name = f"{PACKAGE.name}.{module}"
    finder = ModuleFinder(path=[])  # finds no other packages
    finder.modules[PACKAGE.name] = Module(PACKAGE.name, path=[str(PACKAGE)])  # type: ignore[arg-type]
    finder.import_hook(name)
    own = {one.replace(".", "/") for one in finder.modules if one.split(".")[0] == PACKAGE.name}
    with ZipFile(write_code([name], tmp_path)) as archive:
        found = {one.removesuffix(".py").removesuffix("/__init__") for one in archive.namelist()}
    assert found == own


def test_the_same_code_is_the_same_file(tmp_path: Path) -> None:
    modules = [one.__module__ for one in (FullFeatures, Task)]
    first = write_code(modules, tmp_path).read_bytes()
    assert write_code(reversed(modules), tmp_path).read_bytes() == first


def test_only_the_code_that_the_pipeline_needs_is_stored(folder: Path) -> None:
    names = ZipFile(folder / "code" / CODE_FILE).namelist()
    rooms = {name.split("/")[1] for name in names}
    assert {"model", "task"} < rooms
    assert rooms.isdisjoint({"mode", "callbacks", "gate", "registry", "tracking", "candidate.py"})
    features = {name.split("/")[-1] for name in names if "/features/" in name}
    assert "full.py" in features
    assert features.isdisjoint({"raw.py", "baseline.py"})


def test_signature_and_example_are_raw_columns(folder: Path) -> None:
    import mlflow

    info = mlflow.models.get_model_info(str(folder))
    inputs = {column.name: str(column.type) for column in info.signature.inputs}
    assert {*inputs.values()} == {"Any"}
    outputs = {column.name: column.type.name for column in info.signature.outputs}
    assert outputs == {LABEL: "boolean", "probability_True": "double"}
    assert info.metadata is not None
    types = info.metadata["column_types"]
    assert types.keys() == inputs.keys()
    assert (types["Age"], types["Cabin"]) == ("float64", "str")
    assert LABEL not in inputs
    assert len(inputs) == 13
    example = json.loads((folder / "input_example.json").read_text())
    assert example["columns"] == list(inputs)
    assert len(example["data"]) == packaging.EXAMPLE_ROWS


def test_requirements_are_pinned_and_no_more_than_needed(folder: Path) -> None:
    lines = (folder / "requirements.txt").read_text().split()
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted({*SERVING_PACKAGES, "lightgbm"})
    assert all(line.count("==") == 1 and line.partition("==")[2] for line in lines)


def test_a_library_behind_a_class_of_ours_is_required_too(
    people: Dataset, unlabelled: pd.DataFrame, tmp_path: Path
) -> None:
    model = CategoryCatBoost(iterations=2, logging_level="Silent", allow_writing_files=False)
    pipeline = build_pipeline(RawFeatures(people.task.to_plain()), Encoding.NATIVE, model)
    pipeline.fit(people.train, people.train[LABEL].to_numpy())
    packaging.save(pipeline, tmp_path / "model", people.train, people.task)
    assert "catboost==" in (tmp_path / "model" / "requirements.txt").read_text()
    loaded = packaging.load(str(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict(unlabelled), pipeline.predict(unlabelled))


def test_a_type_that_is_not_trusted_is_refused_before_anything_is_written(
    people: Dataset, tmp_path: Path
) -> None:
    pipeline = build_pipeline(RawFeatures(people.task.to_plain()), Encoding.ONEHOT, Strange())
    pipeline.fit(people.train, people.train[LABEL].to_numpy())
    with pytest.raises(RegistryError, match=r"types under spaceship\..* found .*Strange"):
        packaging.save(pipeline, tmp_path / "model", people.train, people.task)
    assert not (tmp_path / "model").exists()


def test_what_cannot_be_finished_goes(
    fitted: Pipeline, people: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="Input/output"):
        packaging.save(fitted, tmp_path / "twin", people.train, people.task)
    assert list(tmp_path.iterdir()) == []


def test_frames_without_gaps_or_label_can_be_the_example(
    people: Dataset, unlabelled: pd.DataFrame, tmp_path: Path
) -> None:
    pipeline = build_pipeline(
        RawFeatures(people.task.to_plain()), Encoding.ONEHOT, LogisticRegression()
    )
    pipeline.fit(people.train, people.train[LABEL].to_numpy())
    whole = unlabelled.dropna().head(3)
    packaging.save(pipeline, tmp_path / "model", whole, people.task)
    assert packaging.load(str(tmp_path / "model")).predict(unlabelled).shape == (len(unlabelled),)


@pytest.mark.parametrize("content", [None, "no YAML: ["])
def test_what_cannot_be_loaded_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "model.skops").write_text(content)
    with pytest.raises(RegistryError, match=r"(?s)loads in .*, found.*mode=rollback"):
        packaging.load(str(tmp_path))


@pytest.mark.slow
def test_mlflows_own_server_answers_too(folder: Path, unlabelled: pd.DataFrame) -> None:
    import mlflow
    from mlflow.pyfunc.scoring_server import invocations

    model = mlflow.pyfunc.load_model(str(folder))
    body = json.dumps({"dataframe_split": json.loads(unlabelled.to_json(orient="split"))})
    made = invocations(body, "application/json", model, model.metadata.get_input_schema())  # type: ignore[no-untyped-call]
    assert json.loads(made.response)["predictions"] == model.predict(unlabelled).to_dict("records")


def test_a_partial_is_trusted_no_more_than_what_it_calls() -> None:
    named = skops.io.get_untrusted_types(data=skops.io.dumps(partial(os.system, "true")))
    trusted = (*packaging.TRUSTED_TYPES, *packaging.TRUSTED_PREFIXES)
    assert [name for name in named if not name.startswith(trusted)] != []
