"""Parts of raw texts: deck, number and side of a cabin, surname of a name."""

from typing import Any

from spaceship.task.texts import Arrow, Texts, as_numbers, split

_CABIN = r"(?s)^(?P<deck>[^/]*)(?:/(?P<number>[^/]*)(?P<side>/.*)?)?$"


def split_cabin(cabin: Arrow) -> dict[str, Any]:
    """Return `Deck`, `CabinNumber` and `Side` of `deck/number/side`, a number and two `Texts`."""
    deck, number, side = split(cabin, _CABIN)
    return {
        "Deck": Texts.of(deck),
        "CabinNumber": as_numbers(number),
        "Side": Texts.of(side).renamed(lambda one: one[1:] if one else None),
    }


def surname(names: Arrow) -> Texts:
    """Return the last word of each name; missing for a missing or blank name."""
    return Texts.of(names).renamed(lambda name: name.split()[-1] if name.strip() else None)
