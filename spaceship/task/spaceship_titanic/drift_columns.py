"""Columns of the passengers whose drift is measured."""

import pandas as pd

from spaceship.task.spaceship_titanic.columns import ID, NUMBERS
from spaceship.task.spaceship_titanic.features._group import TravelGroups
from spaceship.task.spaceship_titanic.features._parts import split_cabin

GROUP_SIZE = "GroupSize"  # name of the sizes of travel groups among the columns of a profile
_CATEGORIES = ("HomePlanet", "CryoSleep", "Deck", "Side", "Destination", "VIP")


def drift_columns(frame: pd.DataFrame) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Return the categories and the numbers; a cabin counts as `Deck` and `Side`.

    >>> categories, numbers = drift_columns(people.test)
    >>> "Deck" in categories, "Age" in numbers
    (True, True)
    """
    columns = {**frame, **split_cabin(frame["Cabin"])}
    return {name: columns[name] for name in _CATEGORIES}, {name: frame[name] for name in NUMBERS}


def group_sizes(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the size of each passenger's travel group, and the size of each group.

    >>> of_rows, of_groups = group_sizes(people.test)
    >>> len(of_rows) == int(of_groups.sum())
    True
    """
    groups = TravelGroups.read(frame[ID])
    sizes = pd.Series(groups.size().astype(int))
    return sizes, sizes[~pd.Series(groups.codes).duplicated()]
