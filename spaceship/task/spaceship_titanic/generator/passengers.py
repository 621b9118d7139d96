"""Passenger lists, synthetic: Kaggle's columns and shares, any length, from a seed alone."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from spaceship.task.arrays import Ints
from spaceship.task.spaceship_titanic.columns import LABEL, SPENDS
from spaceship.task.spaceship_titanic.generator._label import draw_labels
from spaceship.task.spaceship_titanic.generator._people import ASLEEP, People, draw_people
from spaceship.task.spaceship_titanic.generator._tables import TABLES, count_before


def generate(
    n_groups: int, seed: int, drift: float, first_group: int = 1
) -> tuple[pd.DataFrame, Ints]:
    """Return labelled passengers, typed, and the position of each one's travel group.

    `drift` is how far population and label model have moved, 0 (not at all) to 1; the numbers of
    travel groups count up from `first_group`.

    >>> frame, group = generate(n_groups=50, seed=1, drift=0.0)
    >>> frame["PassengerId"][0], int(group.max())
    ('0001_01', 49)
    """
    rng = np.random.default_rng(seed)
    people = draw_people(rng, n_groups, drift)
    labels = draw_labels(rng, people, drift)
    frame = _to_columns(people, first_group).assign(Name=_draw_names(rng, people.group))
    for column, share in TABLES["missing"].items():
        frame[column] = frame[column].mask(rng.random(len(frame)) < share)
    frame[LABEL] = labels
    return frame, people.group


def _to_columns(people: People, first_group: int) -> pd.DataFrame:
    """Return Kaggle's columns but the name and the label, nothing missing yet."""
    groups = range(first_group, first_group + int(people.group[-1]) + 1)
    place = count_before(people.group)
    columns = {
        "PassengerId": _words((f"{number:04}_" for number in groups), people.group)
        + _words((f"{number:02}" for number in range(1, int(place.max()) + 2)), place),
        "HomePlanet": _words(TABLES["planets"], people.planet),
        "CryoSleep": pd.array(people.state == ASLEEP, dtype="boolean"),
        "Cabin": _words((f"{deck}/" for deck in TABLES["decks"]), people.deck)
        + _words(map(str, range(int(people.cabin.max()) + 1)), people.cabin)
        + _words(["/P", "/S"], people.starboard.astype(np.int64)),
        "Destination": _words(TABLES["destinations"], people.destination),
        "Age": people.age.astype(float),
        "VIP": pd.array(people.vip, dtype="boolean"),
        **dict(zip(SPENDS, people.bills.T, strict=True)),
    }
    return pd.DataFrame(columns)


def _draw_names(rng: np.random.Generator, group: Ints) -> pd.Series:
    """Return `First Last` for every passenger; a travel group shares its surname."""
    parts = TABLES["names"]
    names = _words(parts["first"], rng.integers(len(parts["first"]), size=len(group))) + " "
    for part in ("openings", "middles", "endings"):
        names += _words(parts[part], rng.integers(len(parts[part]), size=group[-1] + 1)[group])
    return names


def _words(choices: Iterable[str], codes: Ints) -> pd.Series:
    return pd.Series(list(choices), dtype="str").take(codes).reset_index(drop=True)
