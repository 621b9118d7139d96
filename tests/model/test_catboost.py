from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier
from sklearn.base import clone

from spaceship.model.catboost import CategoryCatBoost
from spaceship.model.coded import Coded

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


def test_rows_alone_have_the_bits_of_the_librarys_own_frames() -> None:
    names = ["fee, €", "size [m]", "first town", "age"]
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(rng.normal(size=(300, 4)), columns=names)
    rows.loc[::9, "age"], rows.loc[4, "fee, €"] = np.nan, 1e300
    towns = pd.Series(rng.choice(["Köln", "Ulm", "b, c", "Rome"], 300))
    rows["first town"] = towns.mask(towns.index % 7 == 0).astype("category")
    few = CategoryCatBoost(**PARAMETERS, one_hot_max_size=2)
    model = few.fit(rows, (rows["age"] > 0) | (rows["first town"] == "Ulm"))
    plain = rows.assign(**{"first town": rows["first town"].astype("str").fillna("missing")})
    wanted = CatBoostClassifier.predict_proba(model, plain)
    for first, last in ((0, 300), (4, 5), (7, 8), (9, 140)):
        part = rows.iloc[first:last]
        for given in (part, Coded.of(part)):
            assert model.predict_proba(given).tobytes() == wanted[first:last].tobytes()
