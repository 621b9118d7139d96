"""Blocks of `full` by the names that its YAML uses."""

from spaceship.task.spaceship_titanic.features import _derived, _filling, _place
from spaceship.task.spaceship_titanic.features._block import Block

BLOCKS: dict[str, Block] = {
    "fill_from_group": _filling.FillFromGroup(),
    "fill_planet": _filling.FillPlanet(),
    "cryo_logic": _filling.CryoLogic(),
    "group_size": _derived.GroupSize(),
    "group_position": _derived.GroupPosition(),
    "cabin": _derived.Cabin(),
    "cabin_region": _derived.CabinRegion(),
    "cabin_rate": _derived.CabinRate(),
    "spending": _derived.Spending(),
    "no_spend": _derived.NoSpend(),
    "log_spends": _derived.LogSpends(),
    "child": _derived.Child(),
    "place_score": _place.PlaceScore(),
    "family_size": _derived.FamilySize(),
}
