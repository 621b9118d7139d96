"""Awards of the gate, from least to most."""

from enum import StrEnum


class Award(StrEnum):
    """The outcome for a candidate; the two higher ones are aliases of the registry.

    >>> min(Award.CHAMPION, Award.REFUSED, key=lambda award: award.rank)
    <Award.REFUSED: 'refused'>
    """

    REFUSED = "refused"
    CHALLENGER = "challenger"
    CHAMPION = "champion"

    @property
    def rank(self) -> int:
        """The place in the order: the texts sort otherwise."""
        return list(Award).index(self)
