"""Columns of a passenger: their names and types, as in configs/task/spaceship_titanic.yaml."""

from spaceship.task.column_types import Column
from spaceship.task.task import Task

ID = "PassengerId"
LABEL = "Transported"
SPENDS = ("RoomService", "FoodCourt", "ShoppingMall", "Spa", "VRDeck")
_FACTS = ("HomePlanet", "CryoSleep", "Cabin", "Destination", "Age", "VIP")
COLUMNS = (ID, *_FACTS, *SPENDS, "Name")
NUMBERS = ("Age", *SPENDS)
BOOLEANS = ("CryoSleep", "VIP")


_TYPES = dict.fromkeys(NUMBERS, "number") | dict.fromkeys(BOOLEANS, "boolean")
_TYPES |= {"HomePlanet": "category", "Destination": "category"}
PASSENGER = {n: Column.model_validate({"type": _TYPES.get(n, "text")}) for n in COLUMNS}
"""Types of the columns, for feature sets: the task's YAML is no part of a stored model."""
TASK = Task.model_validate(
    {
        "name": "spaceship_titanic",
        "problem": "binary",
        "label": LABEL,
        "positive": "True",
        "id": ID,
        "group": {"of": ID, "pattern": "([^_]*)_.*"},
        "columns": PASSENGER,
        "parts": {
            "Deck": {"of": "Cabin", "pattern": "([^/]*)"},
            "CabinNumber": {"of": "Cabin", "pattern": "[^/]*/([^/]*)", "type": "number"},
            "Side": {"of": "Cabin", "pattern": "[^/]*/[^/]*/(.*)"},
        },
    }
)
"""The task as far as feature sets use it."""
