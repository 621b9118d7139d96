"""Block `place_score`: log-odds by place on the ship, sleep and spends, in one column.

The label varies smoothly along each deck and side. A logistic regression over radial bases in
deck, side and cabin number follows that with few coefficients, where trees need many splits. The
knots of the bases are quantiles of the cabin numbers: there are no more of them for more rows.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from heapq import nlargest
from typing import Self

import numpy as np
from scipy.special import logit

from spaceship.task.arrays import Floats, Mask, Positions
from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features._derived import or_zero
from spaceship.task.spaceship_titanic.features._filling import LAST_CHILD_AGE
from spaceship.task.spaceship_titanic.features._logistic import Part, Regression
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable
from spaceship.task.texts import Texts

MOST_ROWS = 15_000  # to fit on
ROWS_PER_KNOT = 80  # of a deck and side
FEWEST_KNOTS, MOST_KNOTS = 2, 16  # of a deck and side
MOST_LEVELS = 40  # decks and sides, planets, destinations: the commonest
MONEY = 1000.0  # spends count in thousands, so that the penalty weighs them like the other terms
HUGE = 1e12  # of a term; the square of a larger one overflows
PENALTY = 1.0  # strength of the L2 penalty on the coefficients
DIGITS = 10  # of a coefficient that no number of threads changes
_FOLDS = 5
_LEVELS = ("HomePlanet", "Destination")
_READ = ("Deck", "Side", "CabinNumber", "CryoSleep", "Age", *SPENDS, *_LEVELS)
_OLD_WIDTH = 200.0  # cabin numbers: width of the bases of models that earlier releases stored

Term = tuple[str, Floats]


def place_score(table: PassengerTable, state: State) -> Columns:
    """Return the log-odds."""
    return {"PlaceScore": _score(table.columns, state)}


def learn_places(table: PassengerTable, labels: Mask) -> State:
    """Fit the regression; return its coefficients by term, and what builds the terms."""
    return _Fit.of(table, labels).state(np.ones(len(labels), dtype=bool))


def train_places(table: PassengerTable, labels: Mask) -> tuple[State, Columns]:
    """Return the state, and the log-odds of the training rows, each fold's learnt from the others.

    No row's column depends on the labels of its own travel group, else an estimator would trust
    the column more than it deserves.
    """
    folds, fit, score = table.groups.folds(_FOLDS), _Fit.of(table, labels), np.empty(len(labels))
    for fold in range(folds.max() + 1):
        inside = np.flatnonzero(folds == fold)
        score[inside] = _score(_rows(table.columns, inside), fit.state(folds != fold))
    return fit.state(np.ones(len(labels), dtype=bool)), {"PlaceScore": score}


@dataclass(frozen=True)
class _Fit:
    """The regression, ready to be fitted to some of the rows chosen."""

    rows: Positions  # positions of the rows chosen
    known: State  # what builds the terms
    names: list[str]  # of the terms; the bias, which is the first, has none
    regression: Regression

    @classmethod
    def of(cls, table: PassengerTable, labels: Mask) -> Self:
        """Return the regression of a table's rows, or of as many as are enough."""
        rows = table.groups.chosen(MOST_ROWS)
        columns = _rows(table.columns, rows)
        place, number = _places(columns), columns["CabinNumber"]
        known: State = {name: _commonest(columns[name]) for name in _LEVELS}
        known |= {"knots": {n: _knots(number[place.are(n)]) for n in _commonest(place)}}
        names, parts = [name for name, _ in _shared_terms(_rows(columns, rows[:0]), known)], []
        n_shared = 1 + len(names)
        for name, here in _by_place(place, known["knots"]):
            shared = [values for _, values in _shared_terms(_rows(columns, here), known)]
            own = dict(_bases(number[here], name, known)) if name else {}
            places = np.r_[:n_shared, 1 + len(names) : 1 + len(names) + len(own)]
            terms = np.column_stack([np.ones(len(here)), *shared, *own.values()])
            parts.append(Part(here, places, terms.clip(-HUGE, HUGE, out=terms)))
            names += own
        penalty = np.array([0.0, *[PENALTY] * len(names)])
        return cls(rows, known, names, Regression(parts, labels[rows].astype(float), penalty))

    def state(self, used: Mask) -> State:
        """Return the state learnt from the rows of the table that are used."""
        used = used[self.rows]
        of_used = self.regression.labels[used]
        empty = self.known | {"weights": {}, "bias": 0.0}
        if not len(of_used) or of_used.min() == of_used.max():
            return empty  # one label: nothing moves the odds
        found = self.regression.fit(used.astype(float))
        if found is None:  # terms too odd for numbers of 64 bits
            return empty | {"bias": float(logit(of_used.mean()))}
        bias, *weights = (float(f"{one:.{DIGITS}g}") for one in found.tolist())
        return empty | {"weights": dict(zip(self.names, weights, strict=True)), "bias": bias}


def _score(columns: Columns, state: State) -> Floats:
    """Return the log-odds, added up term by term: their bits do not depend on the other rows."""
    weights, score = state["weights"], np.full(len(columns["Age"]), state["bias"])
    if not weights:
        return score
    known = state["places"] if "places" in state else state["knots"]
    for name, here in _by_place(_places(columns), known):
        if name:
            own = score[here]
            for term, values in _bases(columns["CabinNumber"][here], name, state):
                own += weights[term] * values
            score[here] = own
    for term, values in _shared_terms(columns, state):
        score += weights[term] * values
    return score


def _places(columns: Columns) -> Texts:
    deck: Texts = columns["Deck"]
    return deck.beside(columns["Side"])


def _by_place(place: Texts, known: Collection[str]) -> Iterator[tuple[str | None, Positions]]:
    """Return the rows of each known place, and of no such place."""
    own = place.renamed(lambda name: name if name in known else None)
    order = np.argsort(own.codes.astype(np.int16), kind="stable")  # few levels: quick
    ends = np.searchsorted(own.codes[order], range(len(own.levels)))
    found = zip([None, *own.levels], np.split(order, ends), strict=True)
    yield from sorted(found, key=lambda one: one[0] or "")  # whatever place the table begins with


def _bases(number: Floats, place: str, state: State) -> Iterator[Term]:
    """Return the terms of a deck and side by name; a missing number adds nothing."""
    yield place, np.ones(len(number))
    if "places" in state:  # a model that an earlier release has stored
        centres = state["places"][place]
        away = (number - np.array(centres)[:, None]) / _OLD_WIDTH
    else:
        centres = state["knots"][place]
        at = np.interp(number, centres, range(len(centres))) if centres else number
        away = at - np.arange(len(centres))[:, None]
    near = np.exp(-0.5 * away**2)
    near[:, np.isnan(number)] = 0.0
    yield from zip((f"{place} {centre!r}" for centre in centres), near, strict=True)


def _commonest(texts: Texts) -> list[str]:
    counts = texts.counts()
    return sorted(nlargest(MOST_LEVELS, counts, key=lambda name: (counts[name], name)))


def _knots(numbers: Floats) -> list[float]:
    """Return quantiles of cabin numbers, of which the first and the last are extremes."""
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return []
    n_knots = np.clip(round(len(finite) / ROWS_PER_KNOT), FEWEST_KNOTS, MOST_KNOTS)
    knots: list[float] = np.unique(np.quantile(finite, np.linspace(0, 1, n_knots))).tolist()
    return knots


def _shared_terms(columns: Columns, state: State) -> Iterator[Term]:
    """Return the terms of all places by name; a missing value adds nothing."""
    for name in SPENDS:
        yield name, or_zero(columns[name]) / MONEY
    for name, flag in (("asleep", 1.0), ("awake", 0.0)):
        yield name, (columns["CryoSleep"] == flag).astype(np.float64)
    for column in _LEVELS:
        for level in state[column]:
            yield f"{column} {level}", columns[column].are(level).astype(np.float64)
    yield "child", (columns["Age"] <= LAST_CHILD_AGE).astype(np.float64)


def _rows(columns: Columns, positions: Positions) -> Columns:
    """Return the columns that the terms are made of, at some rows."""
    read = {name: columns[name] for name in _READ}
    return {
        name: one.rows(positions) if isinstance(one, Texts) else one[positions]
        for name, one in read.items()
    }
