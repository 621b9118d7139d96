"""Blocks of `full` by the names that its YAML uses."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import DataError, expected
from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.columns import SPENDS
from spaceship.task.spaceship_titanic.features import _derived, _filling, _place
from spaceship.task.spaceship_titanic.features._parts import count, look_up
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable

_FOLDS, _FEWEST = 5, 2


def _nothing(_: PassengerTable) -> State:
    return {}


@dataclass(frozen=True)
class Block:
    """A few columns that are built together, kept or left out as a whole."""

    columns: Callable[..., Columns]  # of a table and, if something is learnt, the state
    learn: Callable[..., State] = _nothing  # of training rows and, if supervised, their labels
    supervised: bool = False

    def build(self, table: PassengerTable, state: State) -> Columns:
        """Return columns by name; a column that exists already is replaced."""
        return self.columns(table) if self.learn is _nothing else self.columns(table, state)


BLOCKS = {
    "fill_from_group": Block(_filling.fill_from_group),
    "fill_planet": Block(_filling.fill_planet, _filling.learn_planets),
    "cryo_logic": Block(_filling.cryo_logic),
    "group_size": Block(lambda table: {"GroupSize": table.groups.size()}),
    "group_position": Block(lambda table: {"GroupPosition": table.groups.position}),
    "cabin": Block(_derived.cabin),
    "cabin_region": Block(lambda table: {"CabinRegion": table.columns["CabinNumber"] // 100}),
    "cabin_rate": Block(_derived.cabin_rate),
    "spending": Block(_derived.spending),
    "no_spend": Block(_derived.no_spend),
    "log_spends": Block(lambda table: {f"Log{x}": np.log1p(table.columns[x]) for x in SPENDS}),
    "child": Block(_derived.child),
    "place_score": Block(_place.place_score, _place.learn_places, supervised=True),
    "family_size": Block(
        lambda table, counts: {"FamilySize": look_up(table.surname, counts)},
        lambda table: count(table.surname),  # training passengers of each surname
    ),
}


def out_of_fold(block: Block, table: PassengerTable, labels: npt.NDArray[np.bool_]) -> Columns:
    """Return a supervised block's columns of the training rows, each fold's learnt from the others.

    No row's column depends on the labels of its own travel group, else an estimator would trust
    the column more than it deserves.
    """
    from sklearn.model_selection import GroupKFold

    groups = table.groups.codes
    n_folds = min(_FOLDS, len(set(groups)))
    if n_folds < _FEWEST:
        do = "give more data or leave out the block in features.blocks"
        raise DataError(expected(f"at least {_FEWEST} travel groups to learn from", n_folds, do))
    parts = []
    for rest, fold in GroupKFold(n_folds, shuffle=True, random_state=0).split(
        labels, groups=groups
    ):
        state = block.learn(table.rows(rest), labels[rest])
        parts.append(pd.DataFrame(block.build(table.rows(fold), state), index=fold))
    whole = pd.concat(parts).sort_index()
    return {str(name): whole[name].to_numpy() for name in whole}
