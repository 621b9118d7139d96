"""Columns of a passenger: their names and types, as in configs/task/spaceship_titanic.yaml."""

from spaceship.task.task import Column

ID = "PassengerId"
LABEL = "Transported"
SPENDS = ("RoomService", "FoodCourt", "ShoppingMall", "Spa", "VRDeck")
_FACTS = ("HomePlanet", "CryoSleep", "Cabin", "Destination", "Age", "VIP")
COLUMNS = (ID, *_FACTS, *SPENDS, "Name")
NUMBERS = ("Age", *SPENDS)
BOOLEANS = ("CryoSleep", "VIP")


PASSENGER = {
    name: Column.model_validate(
        {"type": "number" if name in NUMBERS else "boolean" if name in BOOLEANS else "text"}
    )
    for name in COLUMNS
}
"""Types of the columns, for feature sets: the task's YAML is no part of a stored model."""
