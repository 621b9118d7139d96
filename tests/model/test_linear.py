"""Linear models that score row by row refuse what scikit-learn refuses, in its words."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from spaceship.model.linear import LinearRegressor, RowLogisticRegression

X = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 2.0, 1.0]})
BAD: list[Callable[[pd.DataFrame], pd.DataFrame]] = [
    lambda X: X.assign(b=np.nan),
    lambda X: X.assign(b=np.inf),
    lambda X: X[["b", "a"]],
    lambda X: X[["a"]],
]


@pytest.mark.parametrize("spoilt", BAD)
def test_what_scikit_learn_refuses_is_refused(
    spoilt: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    model = RowLogisticRegression().fit(X, [0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"contains|feature names") as wanted:
        LogisticRegression.decision_function(model, spoilt(X))
    for scored in (model.decision_function, model.predict, model.predict_proba):
        with pytest.raises(ValueError, match=r"contains|feature names") as found:
            scored(spoilt(X))
        assert str(found.value) == str(wanted.value)
    with pytest.raises(ValueError, match=r"contains|feature names"):
        LinearRegressor().fit(X, X["a"]).predict(spoilt(X))


def test_a_model_of_columns_without_names_takes_any() -> None:
    model = RowLogisticRegression().fit(X.to_numpy(), [0, 0, 1, 1])
    assert model.predict(X.to_numpy()).tolist() == [0, 0, 1, 1]
