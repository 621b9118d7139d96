"""Block `place_score`: log-odds by place on the ship, sleep and spends, in one column.

The label varies smoothly along each deck and side. A logistic regression over radial bases in
deck, side and cabin number follows that with few coefficients, where trees need many splits.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._filling import LAST_CHILD_AGE
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable

STEP = 200  # cabin numbers between the bases of a deck and side
WIDTH = 200.0  # cabin numbers: at this distance a basis has fallen to exp(-1/2)
MONEY = 1000.0  # spends count in thousands, so that the penalty weighs them like the other terms
PENALTY = 1.0  # strength of the L2 penalty on the coefficients
_LEVELS = ("HomePlanet", "Destination")

Term = tuple[str, npt.NDArray[np.float64]]


def learn_places(table: PassengerTable, labels: npt.NDArray[np.bool_]) -> State:
    """Fit the regression; return its coefficients by term, and what builds the terms."""
    from sklearn.linear_model import LogisticRegression

    known: State = {"places": _places(table), "weights": {}, "bias": 0.0}
    for name in _LEVELS:
        known[name] = sorted(table.columns[name].dropna().unique().tolist())
    if labels.all() or not labels.any():
        return known  # one label: nothing moves the odds
    terms = dict(_terms(table, known))
    model = LogisticRegression(C=1 / PENALTY, solver="newton-cholesky")
    model.fit(np.column_stack(list(terms.values())), labels)
    weights = dict(zip(terms, model.coef_[0].tolist(), strict=True))
    return known | {"weights": weights, "bias": float(model.intercept_[0])}


def place_score(table: PassengerTable, state: State) -> Columns:
    """Return the log-odds, added up term by term: their bits do not depend on the other rows."""
    score = np.full(len(table.surname), state["bias"])
    for name, values in _terms(table, state) if state["weights"] else ():
        score += state["weights"][name] * values
    return {"PlaceScore": score}


def _places(table: PassengerTable) -> dict[str, list[float]]:
    """Return the centres of the bases of each deck and side: those with a cabin within a step."""
    deck, number, side = (table.columns[name] for name in ("Deck", "CabinNumber", "Side"))
    finite = number[np.isfinite(number)]
    below = (finite // STEP * STEP).groupby((deck + side)[finite.index]).unique().sort_index()
    return {
        str(place): sorted({float(one) for low in lows for one in (low, low + STEP)})
        for place, lows in below.items()
    }


def _terms(table: PassengerTable, known: State) -> Iterator[Term]:
    """Return the terms of the regression by name, each (n_rows,); a missing value adds nothing."""
    columns = table.columns
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
