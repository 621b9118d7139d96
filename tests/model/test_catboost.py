from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from spaceship.model.catboost import CategoryCatBoost

PARAMETERS = {"iterations": 5, "allow_writing_files": False, "logging_level": "Silent"}


def frame(planets: list[object]) -> pd.DataFrame:
    planet = pd.Categorical(planets, categories=["Earth", "Mars"])
    return pd.DataFrame({"HomePlanet": planet, "Age": np.arange(len(planets), dtype="float64")})


TRAIN = frame(["Earth", "Mars", np.nan, "Mars"] * 10)
LABELS = (TRAIN["HomePlanet"] == "Mars").to_numpy()


def test_category_columns_are_categorical_features() -> None:
    model = CategoryCatBoost(**PARAMETERS).fit(TRAIN, LABELS)
    assert model.get_cat_feature_indices() == [0]
    assert (model.predict(TRAIN) == LABELS).all()


def test_a_missing_category_is_one_of_its_own() -> None:
    labels = TRAIN["HomePlanet"].isna().to_numpy()
    model = CategoryCatBoost(**PARAMETERS).fit(TRAIN, labels)
    assert ((model.predict_proba(TRAIN)[:, 1] > 0.5) == labels).all()


def test_takes_a_frame_without_categories() -> None:
    model = CategoryCatBoost(**PARAMETERS).fit(TRAIN[["Age"]], LABELS)
    assert model.get_cat_feature_indices() == []


def test_clone_keeps_the_parameters_and_forgets_the_trees() -> None:
    model = CategoryCatBoost(**PARAMETERS).fit(TRAIN, LABELS)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not twin.is_fitted()


def test_writes_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    CategoryCatBoost(**PARAMETERS).fit(TRAIN, LABELS)
    assert not list(tmp_path.iterdir())
