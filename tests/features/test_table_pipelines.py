"""Whole pipelines on `features=table`: every kind of estimator and problem; stored and loaded."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline

from spaceship.features.raw import RawFeatures
from spaceship.features.table import TableFeatures
from spaceship.model.catboost import CategoryCatBoost, CategoryCatBoostRegressor
from spaceship.model.encoding import Encoding, encoder
from spaceship.registry.code_archive import CODE_FILE
from spaceship.registry.packaging import _trusted_types, load, save
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task
from tests.features.tables import Table, labels_of, rows_of

COLUMNS = {
    "É/ü": "number",
    "pay [€]": "number",
    "a b": "boolean",
    "few": {"type": "category"},
    "few_2": "category",
    'say "hi"': "text",
    "since": "date",
    "seen": "datetime",
    "missingindicator_pay": "number",
}
QUICK: dict[str, Any] = {"n_estimators": 5, "verbose": -1, "n_jobs": 1}
CATBOOST: dict[str, Any] = {"iterations": 5, "silent": True, "allow_writing_files": False}


def table_of(problem: str) -> Table:
    node: dict[str, Any] = {"problem": problem, "label": "left", "columns": COLUMNS, "group": "g"}
    node |= {"positive": "yes"} if problem == "binary" else {}
    task, rng = Task.read(node), np.random.default_rng(5)
    frame = pd.concat([rows_of(task, 60, rng) for _ in range(4)], ignore_index=True)
    many = pd.Series([f"[{number}], <x>" for number in rng.integers(0, 60, len(frame))])
    return Table(task, typed(frame.assign(few_2=many), task.raw), labels_of(problem, 240, rng))


def estimator(name: str, problem: str) -> Any:
    regression = problem == "regression"
    if name == "lgbm":
        return LGBMRegressor(**QUICK) if regression else LGBMClassifier(**QUICK)
    if name == "catboost":
        return (CategoryCatBoostRegressor if regression else CategoryCatBoost)(**CATBOOST)
    if name == "histogram":
        kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return kind(max_iter=5, categorical_features="from_dtype")
    return Ridge() if regression else LogisticRegression(max_iter=2000)


CASES = [("lgbm", "native"), ("lgbm", "onehot"), ("histogram", "native"), ("linear", "onehot")]
CASES += [("catboost", "native")]


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize(("name", "encoding"), CASES)
@pytest.mark.parametrize("kind", [TableFeatures, RawFeatures])
def test_estimators_fit_and_predict_the_same_for_rows_and_groups(
    problem: str, name: str, encoding: str, kind: type[TableFeatures]
) -> None:
    table = table_of(problem)
    steps = [("features", kind(table.task.to_plain())), ("encoding", encoder(Encoding(encoding)))]
    whole = Pipeline([*steps, ("estimator", estimator(name, problem))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(whole).fit(table.frame, table.y)
    predicted = np.asarray(fitted.predict(table.frame)).ravel()
    own = (table.groups == table.groups.iloc[0]).to_numpy()
    alone = np.asarray(fitted.predict(table.frame[own])).ravel()
    assert np.isfinite(predicted.astype(float)).all()
    assert alone == pytest.approx(predicted[own])


def test_a_stored_set_needs_no_pickle_and_gives_the_same_bits() -> None:
    table = table_of("multiclass")
    fitted = TableFeatures(table.task.to_plain()).fit(table.frame, table.y)
    content = skops.io.dumps(fitted)
    loaded = skops.io.loads(content, trusted=_trusted_types(content))
    assert loaded.transform(table.frame).equals(fitted.transform(table.frame))


def test_a_stored_pipeline_predicts_the_same_bits(tmp_path: Path) -> None:
    table = table_of("regression")
    steps = TableFeatures(table.task.to_plain()), encoder(Encoding.NATIVE), LGBMRegressor(**QUICK)
    fitted = make_pipeline(*steps).fit(table.frame, table.y)
    finite = table.frame.replace([np.inf, -np.inf], np.nan)  # no data set has other numbers
    save(fitted, tmp_path / "model", finite, table.task)
    predicted = load(str(tmp_path / "model")).predict(table.frame)
    assert predicted.tolist() == fitted.predict(table.frame).tolist()
    (code,) = (tmp_path / "model").rglob(CODE_FILE)
    assert "spaceship/features/_target_encoding.py" in zipfile.ZipFile(code).namelist()


def test_a_stored_set_with_very_many_levels_is_small_and_loads_at_once() -> None:
    frame = pd.DataFrame({"few": [f"level {number // 2}" for number in range(40_000)]})
    task = {"problem": "regression", "label": "y", "columns": {"few": "category"}}
    fitted = TableFeatures(task).fit(frame, np.arange(40_000.0))
    content = skops.io.dumps(fitted)
    assert len(content) < 2_000_000
    assert skops.io.loads(content, trusted=_trusted_types(content)).transform(frame).shape[1] == 2
