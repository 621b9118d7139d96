"""Digests of models: equal for equal fits of every family, whatever the number of threads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline
from xgboost import XGBClassifier

from spaceship.data._base import Dataset
from spaceship.data.digest import TableDigest
from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.record.model_digest import model_digest
from spaceship.registry import packaging
from spaceship.task.task import Task

FAMILIES: dict[str, Callable[[int], Any]] = {
    "lgbm": lambda n: LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=n),
    "catboost": lambda n: CatBoostClassifier(
        iterations=3, verbose=0, allow_writing_files=False, thread_count=n
    ),
    "xgboost": lambda n: XGBClassifier(n_estimators=3, n_jobs=n),
    "forest": lambda n: RandomForestClassifier(n_estimators=3, random_state=1, n_jobs=n),
    "boosting": lambda _: HistGradientBoostingClassifier(max_iter=3, random_state=1),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_fits_have_equal_digests_and_others_name_the_step(
    family: str, people: Dataset, task: Task, tmp_path: Path
) -> None:
    def digest(n_jobs: int, rows: int = 300) -> TableDigest:
        pipeline = build_pipeline(
            RawFeatures(task.to_plain()), Encoding.ONEHOT, FAMILIES[family](n_jobs)
        )
        learn = people.train[:rows]
        return stored(pipeline.fit(learn, task.target(learn)), task, tmp_path)

    one = digest(1)
    assert digest(1) == one
    assert digest(16) == one
    other = digest(1, rows=200)
    assert other.columns["estimator"] != one.columns["estimator"]
    assert other.digest != one.digest


def stored(fitted: Pipeline, task: Task, folder: Path) -> TableDigest:
    packaging.save_twin(fitted, folder / "twin", task)
    return model_digest(folder / "twin")
