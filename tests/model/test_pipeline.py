"""The pipeline takes raw columns, whatever way they were read."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from spaceship.features.raw import RawFeatures
from spaceship.model.encoding import Encoding
from spaceship.model.pipeline import build_pipeline
from spaceship.task.spaceship_titanic.columns import COLUMNS, SPENDS


def passengers(n_rows: int = 40) -> pd.DataFrame:
    rows = np.arange(n_rows)
    asleep = [None if row % 7 == 0 else row % 2 == 0 for row in range(n_rows)]
    frame = pd.DataFrame(dict.fromkeys(SPENDS, rows * 10.0)).assign(
        PassengerId=[f"{row:04d}_01" for row in rows],
        HomePlanet=np.where(rows % 3 == 0, "Earth", "Mars"),
        CryoSleep=pd.Series(asleep),
        Cabin=[f"F/{row}/{'PS'[row % 2]}" for row in rows],
        Destination="TRAPPIST-1e",
        Age=np.where(rows % 5 == 0, np.nan, rows),
        VIP=False,
        Name="Ann Bee",
    )
    return frame[list(COLUMNS)]


def pipeline() -> Pipeline:
    return build_pipeline(RawFeatures(), Encoding.ONEHOT, LogisticRegression())


def test_steps_and_probabilities() -> None:
    frame, labels = passengers(), np.arange(40) % 2 == 0
    fitted = pipeline().fit(frame, labels)
    assert list(fitted.named_steps) == ["features", "encoding", "estimator"]
    probabilities = fitted.predict_proba(frame)[:, 1]
    assert ((probabilities > 0.5) == labels).mean() > 0.9


def test_text_from_a_file_and_typed_values_predict_alike() -> None:
    frame, labels = passengers(), np.arange(40) % 2 == 0
    fitted = pipeline().fit(frame, labels)
    text = frame.astype({"CryoSleep": "str", "VIP": "str"})
    np.testing.assert_array_equal(fitted.predict_proba(text), fitted.predict_proba(frame))


def test_is_cloned_without_what_it_learnt() -> None:
    fitted = pipeline().fit(passengers(), np.arange(40) % 2 == 0)
    assert not hasattr(clone(fitted).named_steps["features"], "state_")
