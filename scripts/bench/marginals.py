"""How far the shares of each column's values lie from the real ones; part of bench_synthetic."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Shares = dict[str, dict[str, float]]
"""Column to value to share among the rows where it is known; `missing` is a share of all rows."""

GROUPS, SEED = 100_000, 11
POINTS = 2.0  # most that a share may be off, in percentage points
AGES = (0, 1, 5, 13, 18, 26, 36, 51, 80)
BILLS = (0, 1, 51, 201, 501, 1001, 2001, 5001, 1_000_000)

FACTS: Shares = {
    "HomePlanet": {"Earth": 0.5413, "Europa": 0.247, "Mars": 0.2116, "missing": 0.0222},
    "Destination": {
        "TRAPPIST-1e": 0.6987,
        "55 Cancri e": 0.208,
        "PSO J318.5-22": 0.0933,
        "missing": 0.0211,
    },
    "CryoSleep": {"True": 0.3618, "False": 0.6382, "missing": 0.0239},
    "VIP": {"True": 0.0215, "False": 0.9785, "missing": 0.0228},
    "side": {"S": 0.5036, "P": 0.4964, "missing": 0.0231},
    "group size": dict(
        zip("12345678", (0.551, 0.2, 0.116, 0.047, 0.029, 0.019, 0.025, 0.012), strict=True)
    ),
    "Transported": {"True": 0.5036, "False": 0.4964},
    "Age": {"missing": 0.0208},
    "RoomService": {"missing": 0.0203},
    "FoodCourt": {"missing": 0.0223},
    "ShoppingMall": {"missing": 0.0236},
    "Spa": {"missing": 0.0219},
    "VRDeck": {"missing": 0.0207},
    "Name": {"missing": 0.0227},
}
"""Measured on Kaggle's training and test files together (the label on the training file)."""


def rows(folder: Path | None) -> list[list[str]]:
    """Return, for each column, the value whose share is furthest off, in percentage points."""
    from spaceship.data.synthetic import generate

    wanted = FACTS if folder is None else real(folder)
    found = shares(generate(GROUPS, SEED, 0.0)[0])
    return [[column, *worst(found[column], values)] for column, values in wanted.items()]


def worst(found: dict[str, float], wanted: dict[str, float]) -> list[str]:
    """Return the largest difference, its value, and whether it is small enough."""
    gaps = {value: 100 * (found.get(value, 0.0) - share) for value, share in wanted.items()}
    value = max(gaps, key=lambda name: abs(gaps[name]))
    return [f"{gaps[value]:+.2f}", value, "yes" if abs(gaps[value]) <= POINTS else "no"]


def real(folder: Path) -> Shares:
    """Return the shares of Kaggle's files, training and test together."""
    import pandas as pd

    from spaceship.data.local import LocalData

    people = LocalData(folder).load()
    both = pd.concat([people.train.drop(columns="Transported"), people.test], ignore_index=True)
    return shares(both) | {"Transported": _shares_of(people.train["Transported"])}


def shares(frame: "pd.DataFrame") -> Shares:
    """Return the share of each value, of bands for numbers, and of what is missing."""
    import pandas as pd

    from spaceship.task.spaceship_titanic.columns import SPENDS, group_of

    group = group_of(frame["PassengerId"])
    cabin = frame["Cabin"].str.split("/", expand=True)
    columns = {name: frame[name] for name in ("HomePlanet", "Destination", "CryoSleep", "VIP")}
    columns |= {"deck": cabin[0], "side": cabin[2], "group size": group.map(group.value_counts())}
    columns["Age"] = pd.cut(frame["Age"], AGES, right=False)
    columns |= {name: pd.cut(frame[name], BILLS, right=False) for name in SPENDS}
    columns["Name"] = frame["Name"].mask(frame["Name"].notna(), "known")
    if "Transported" in frame:
        columns["Transported"] = frame["Transported"]
    return {name: _shares_of(column) for name, column in columns.items()}


def _shares_of(column: "pd.Series") -> dict[str, float]:
    counts = column.value_counts(normalize=True)
    known = {str(value): float(share) for value, share in counts.items()}
    return known | {"missing": float(column.isna().mean())}
