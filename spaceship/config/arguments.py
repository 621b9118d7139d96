"""Arguments of classes that configs name: checked by their types, every fault in one message."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from spaceship.config.faults import list_faults, misspelt
from spaceship.errors import ConfigError, did_you_mean


class Configured(BaseModel):
    """Base of a class whose arguments come from a YAML file or from the command line.

    >>> Limit = type("Limit", (Configured,), {"__annotations__": {"rows": int}})
    >>> Limit(rows=3).rows
    3
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    hint: ClassVar[str] = "see configs"  # the end of the message about a wrong argument

    def __init__(self, **arguments: object) -> None:
        """Raise ConfigError that lists every argument that is unknown or of a wrong type."""
        try:
            super().__init__(**arguments)
        except ValidationError as error:
            name = type(self).__name__.lower()
            slips = {one["loc"]: misspelt(one) for one in error.errors()}
            meant = {".".join([name, *map(str, at)]): one for at, one in slips.items() if one}
            do = did_you_mean(meant) if meant else self.hint
            message = f"expected {list_faults(error, name)}; {do}"
            raise ConfigError(message, meant) from error
