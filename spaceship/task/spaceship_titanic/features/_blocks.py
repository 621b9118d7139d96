"""Blocks of `full` by the names that its YAML uses."""

from collections.abc import Callable
from dataclasses import dataclass

from spaceship.task.feature_set import State
from spaceship.task.spaceship_titanic.features import _derived, _filling, _place
from spaceship.task.spaceship_titanic.features._table import Columns, PassengerTable


def _nothing(_: PassengerTable) -> State:
    return {}


@dataclass(frozen=True)
class Block:
    """A few columns that are built together, kept or left out as a whole."""

    columns: Callable[..., Columns]  # of a table and, if something is learnt, the state
    learn: Callable[..., State] = _nothing  # of training rows and, if supervised, their labels
    train: Callable[..., tuple[State, Columns]] | None = None
    """If supervised: the state and the training rows' columns, which are out-of-fold."""

    def build(self, table: PassengerTable, state: State) -> Columns:
        """Return columns by name; a column that exists already is replaced."""
        return self.columns(table) if self.learn is _nothing else self.columns(table, state)


BLOCKS = {
    "fill_from_group": Block(_filling.fill_from_group),
    "fill_planet": Block(_filling.fill_planet, _filling.learn_planets),
    "cryo_logic": Block(_filling.cryo_logic),
    "group_size": Block(lambda table: {"GroupSize": table.groups.size()}),
    "group_position": Block(lambda table: {"GroupPosition": table.groups.position()}),
    "cabin": Block(_derived.cabin),
    "cabin_region": Block(_derived.cabin_region),
    "cabin_rate": Block(_derived.cabin_rate),
    "spending": Block(_derived.spending),
    "no_spend": Block(_derived.no_spend),
    "log_spends": Block(_derived.log_spends),
    "child": Block(_derived.child),
    "place_score": Block(_place.place_score, _place.learn_places, _place.train_places),
    "family_size": Block(
        lambda table, counts: {"FamilySize": table.surname.mapped(counts)},
        lambda table: table.surname.counts(),  # training passengers of each surname
    ),
}
