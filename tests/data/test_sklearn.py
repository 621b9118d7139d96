"""The built-in tasks on scikit-learn's tables fit the tables: names, types, ranges and labels."""

from typing import Any

import pytest
from omegaconf import OmegaConf

from spaceship.config.installation import configs
from spaceship.data.sklearn import TABLES, SklearnData
from spaceship.errors import ConfigError
from spaceship.task.label import Problem
from spaceship.task.task import Task
from tests.data.conftest import load


def of(name: str) -> Task:
    node: Any = OmegaConf.to_container(OmegaConf.load(configs() / "task" / f"{name}.yaml"))
    return Task.read(node)


@pytest.mark.parametrize(
    ("name", "rows"), {"breast_cancer": 569, "wine": 178, "diabetes": 442}.items()
)
def test_a_task_fits_its_table(name: str, rows: int, caplog: pytest.LogCaptureFixture) -> None:
    task = of(name)
    data = load(SklearnData(task.name), task)
    assert len(data.train) == rows
    assert data.test is None
    assert not data.train.isna().any(axis=None)
    assert "dropped" not in caplog.text, "every column has a meaning"
    if task.problem is not Problem.REGRESSION:
        assert set(data.train[task.label].astype(str)) == (
            {"True", "False"} if task.problem is Problem.BINARY else {*task.classes}
        )


def test_malignant_is_the_rarer_diagnosis() -> None:
    task = of("breast_cancer")
    assert load(SklearnData("breast_cancer"), task).train["diagnosis"].sum() == 212


def test_fingerprints_differ(task: Task) -> None:
    assert len({SklearnData(one).fingerprint(task) for one in TABLES}) == len(TABLES)
    assert SklearnData("wine").fingerprint(task) == SklearnData("wine").fingerprint(task)


@pytest.mark.parametrize("table", ["iris", None, "spaceship_titanic"])
def test_other_tables_are_refused(task: Task, table: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"one of breast_cancer, diabetes, wine, found .*data=local"
    ):
        SklearnData(table).read(task)
