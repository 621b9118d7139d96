"""LightGBM on frames: the shape of what is predicted, of any number of classes."""

import numpy as np
import pandas as pd
import pytest

from spaceship.model.lightgbm import FrameLGBMClassifier


@pytest.mark.parametrize("classes", [2, 3])
def test_no_rows_have_a_column_of_each_class(classes: int) -> None:
    X = pd.DataFrame({"size": np.arange(60.0)})
    model = FrameLGBMClassifier(n_estimators=2, verbose=-1).fit(X, np.arange(60) % classes)
    assert model.predict_proba(X.head(0)).shape == (0, classes)
    assert model.predict_proba(X.head(1)).shape == (1, classes)
