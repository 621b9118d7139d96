"""Block `place_score`: how place on the ship, sleep and spends move the odds, in one column.

The label varies smoothly along each deck and side. A logistic regression over radial bases in
deck, side and cabin number follows that with few coefficients, where trees need many splits.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._block import SupervisedBlock
from spaceship.task.spaceship_titanic.features._filling import LAST_CHILD_AGE
from spaceship.task.spaceship_titanic.features._table import PassengerTable

STEP = 200
"""Cabin numbers from one basis of a deck and side to the next."""
WIDTH = 200.0
"""Cabin numbers from a basis to where it has fallen to exp(-1/2)."""
MONEY = 1000.0
"""Spends are counted in thousands, so that the penalty weighs them like the other terms."""
PENALTY = 1.0
"""Strength of the L2 penalty on the coefficients."""
_LEVELS = ("HomePlanet", "Destination")

Term = tuple[str, npt.NDArray[np.float64]]


class PlaceScore(SupervisedBlock):
    """Log-odds of True by a linear model of place, sleep, spends, planet and destination."""

    def learn_from(self, passengers: PassengerTable, labels: npt.NDArray[np.bool_]) -> State:
        """Fit the regression; give its coefficients by term, and what the terms are made of."""
        from sklearn.linear_model import LogisticRegression

        known: State = {"places": _places(passengers), "weights": {}, "bias": 0.0}
        for name in _LEVELS:
            known[name] = sorted(passengers.columns[name].dropna().unique().tolist())
        if labels.all() or not labels.any():
            return known  # one label: nothing moves the odds
        terms = dict(_terms(passengers, known))
        model = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky")
        model.fit(np.column_stack(list(terms.values())), labels)
        weights = dict(zip(terms, model.coef_[0].tolist(), strict=True))
        return known | {"weights": weights, "bias": float(model.intercept_[0])}

    def build(self, passengers: PassengerTable, state: State) -> Mapping[str, Any]:
        """Give `PlaceScore`, added up term by term: its bits do not depend on the other rows."""
        score = np.full(len(passengers.surname), state["bias"])
        for name, values in _terms(passengers, state) if state["weights"] else ():
            score += state["weights"][name] * values
        return {"PlaceScore": score}


def _places(passengers: PassengerTable) -> dict[str, list[float]]:
    """Return the centres of the bases of each deck and side: those with a cabin within a step."""
    deck, number, side = (passengers.columns[name] for name in ("Deck", "CabinNumber", "Side"))
    finite = number[np.isfinite(number)]
    below = (finite // STEP * STEP).groupby((deck + side)[finite.index]).unique().sort_index()
    return {
        str(place): sorted({float(one) for low in lows for one in (low, low + STEP)})
        for place, lows in below.items()
    }


def _terms(passengers: PassengerTable, known: State) -> Iterator[Term]:
    """Give the terms of the regression by name, each (n_rows,); what is missing adds nothing."""
    columns = passengers.columns
    place, number = columns["Deck"] + columns["Side"], columns["CabinNumber"].to_numpy()
    for name, centres in known["places"].items():
        here = (place == name).to_numpy(dtype=bool)
        yield name, here.astype("float64")
        for centre in centres:
            basis = np.zeros(len(number))
            basis[here] = np.exp(-0.5 * ((number[here] - centre) / WIDTH) ** 2)
            yield f"{name} {centre!r}", np.nan_to_num(basis)
    for name in SPENDS:
        yield name, columns[name].fillna(0.0).to_numpy("float64") / MONEY
    for name, flag in (("asleep", 1.0), ("awake", 0.0)):
        yield name, (columns["CryoSleep"] == flag).to_numpy("float64")
    for column in _LEVELS:
        for level in known[column]:
            yield f"{column} {level}", (columns[column] == level).to_numpy("float64")
    yield "child", (columns["Age"] <= LAST_CHILD_AGE).to_numpy("float64")
