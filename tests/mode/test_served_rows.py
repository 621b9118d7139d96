"""Answers of a server to a few rows: the bits of the batch, for every model and feature set."""

import io
import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mlflow.models import ModelSignature
from omegaconf import OmegaConf
from sklearn.pipeline import Pipeline

from spaceship.config.build import resolved
from spaceship.config.installation import configs
from spaceship.config.resolvers import register_resolvers
from spaceship.data._base import Dataset
from spaceship.model.labelled import labelled
from spaceship.model.pipeline import build_recipe
from spaceship.model.predictor import Predictor
from spaceship.model.recipe import Recipe
from spaceship.model.served import served
from spaceship.model.server import answer_to
from spaceship.model.threads import forget_threads
from spaceship.registry.signature import as_served, signature
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.tasks import fields, harvest

FAST = {"n_estimators": 4, "iterations": 4, "max_iter": 40, "n_jobs": 3}
MEMBERS = {
    "blend": ("lgbm", "catboost", "logistic_regression"),
    "mean": ("lgbm", "catboost"),
}
CASES: list[tuple[str, str, str | None, dict[str, Any]]] = [
    *((name, "full", None, {}) for name in ("lgbm", "catboost", "hist_gradient_boosting", "svm")),
    *((name, "table", None, {}) for name in ("lgbm_table", "xgboost", "logistic_regression")),
    ("random_forest", "raw", None, {}),
    ("lgbm", "baseline", None, {"calibration": "sigmoid"}),
    ("lgbm", "full", None, {"threshold": "tuned"}),
    ("blend", "full", None, {}),
    ("mean", "full", None, {}),
    *((name, "table", "multiclass", {}) for name in ("lgbm", "xgboost", "blend")),
    ("lgbm", "raw", "multiclass", {"calibration": "isotonic"}),
    *((name, "table", "regression", {}) for name in ("lgbm", "random_forest", "blend")),
]


class Known(NamedTuple):
    """A model as a server has it, and the rows of a CSV file that it is asked for."""

    model: Predictor
    rows: pd.DataFrame  # as JSON has them: numbers, booleans and texts, None where missing
    groups: list[list[int]]  # positions of rows that belong together


def node_of(name: str) -> dict[str, Any]:
    own = OmegaConf.to_container(OmegaConf.load(configs() / "model" / f"{name}.yaml"))
    assert isinstance(own, dict)
    few = {key: value for key, value in FAST.items() if key in own.get("estimator", {})}
    own["estimator"] = {**own.get("estimator", {}), **few}
    return {str(key): value for key, value in own.items() if key != "search_space"}


def recipe(name: str, features: str, task: Task, choices: dict[str, Any]) -> Recipe:
    register_resolvers()
    own = {"task": task.to_plain(), "seed": 42, "threads": 1}
    own |= {"features": OmegaConf.load(configs() / "features" / f"{features}.yaml")}
    members = []
    for one in MEMBERS.get(name, [name]):
        if one == "logistic_regression" and task.problem is Problem.REGRESSION:
            continue
        plain = resolved(OmegaConf.create({**own, "model": node_of(one)}))
        bags = {"bags": 2} if name in MEMBERS and one == "catboost" else {}
        members.append(Recipe.single(plain["model"] | bags, plain["features"], **choices))
    if name not in MEMBERS:
        return members[0]
    blend = {"name": name, "method": "mean" if name == "mean" else "stack", "n_folds": 2}
    return Recipe.blend(members, blend, plain["features"])


@pytest.fixture(scope="module")
def known(people: Dataset) -> Any:
    @cache
    def made(number: int) -> Known:
        name, features, problem, choices = CASES[number]
        task = people.task if problem is None else fields(Problem(problem))
        rows = people.train if problem is None else harvest(task, 120)
        fitted = build_recipe(recipe(name, features, task, choices), task, seed=1)
        fitted.fit(rows, task.target(rows))
        margin = None if task.is_classification else 0.5
        model = Predictor(forget_threads(labelled(served(fitted), task)), task, margin)
        asked = as_served(rows.head(24), task)
        known = signature(asked, model.predict(asked.head(2)))
        model.metadata = Metadata(ModelSignature.from_dict(known).inputs)
        names = task.group_names(rows.head(24))
        groups = [[*np.flatnonzero(names == one)] for one in names.unique()]
        return Known(model, asked.reset_index(drop=True), groups)

    return made


class Metadata(NamedTuple):
    inputs: Any

    def get_input_schema(self) -> Any:
        return self.inputs


def value(raw: Any, form: str) -> Any:
    """Return a value as JSON, text or, where it is one, a whole number."""
    if pd.isna(raw):
        return "" if form == "text" else None
    if form == "text":
        return str(raw)
    return int(raw) if form == "whole" and isinstance(raw, float) and raw.is_integer() else raw


def answered(model: Predictor, rows: list[dict[str, Any]]) -> list[Any]:
    body = json.dumps({"dataframe_records": rows}).encode()
    found: list[Any] = json.loads(answer_to(body, "application/json", model))["predictions"]
    return found


@pytest.mark.parametrize("number", range(len(CASES)), ids=["-".join(map(str, c)) for c in CASES])
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_few_rows_have_the_bits_of_a_batch(known: Any, number: int, data: st.DataObject) -> None:
    model, rows, groups = known(number)
    id_columns = {model.task.id, model.task.group.of if model.task.group else None}
    gaps = np.random.default_rng(data.draw(st.integers(0, 99))).random(rows.shape) < 0.1
    gaps[:, [name in id_columns for name in rows]] = False
    rows = rows.mask(gaps)
    from_csv = pd.read_csv(io.StringIO(rows.to_csv(index=False)), dtype=str, keep_default_na=False)
    wanted = json.loads(json.dumps(model.predict(from_csv).to_dict("records")))
    form = data.draw(st.sampled_from(["native", "text", "whole"]))
    plain = [{str(k): value(v, form) for k, v in one.items()} for one in rows.to_dict("records")]
    for group in data.draw(st.lists(st.sampled_from(groups), min_size=1, max_size=2)):
        assert answered(model, [plain[at] for at in group]) == [wanted[at] for at in group]
    few = [at for group in data.draw(st.permutations(groups))[:6] for at in group]
    assert answered(model, [plain[at] for at in few]) == [wanted[at] for at in few]


@pytest.mark.parametrize("number", range(len(CASES)), ids=["-".join(map(str, c)) for c in CASES])
def test_a_stored_pipeline_has_the_bits_of_the_one_that_was_fitted(known: Any, number: int) -> None:
    model, rows, _ = known(number)
    stored = getattr(model.pipeline, "classifier", model.pipeline)
    method = "predict_proba" if model.task.is_classification else "predict"
    wanted = getattr(Pipeline(stored.steps), method)(rows)
    assert getattr(stored, method)(rows).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("name", ["lgbm", "catboost", "mean"])
def test_plain_rows_are_answered_without_a_frame(
    known: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, rows, [first, *_] = known(CASES.index((name, "full", None, {})))
    plain = rows.iloc[first].astype(object).where(lambda own: own.notna(), None).to_dict("records")
    wanted = answered(model, plain)
    monkeypatch.setattr(pd.DataFrame, "__init__", None)
    assert answered(model, plain) == wanted
    with pytest.raises(TypeError):
        model.predict(rows)
