"""Arguments of classes that configs name: checked by their types, every fault in one message."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError

from spaceship.errors import ConfigError
from spaceship.faults import list_faults


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
            faults = list_faults(error, type(self).__name__.lower())
            raise ConfigError(f"expected {faults}; {self.hint}") from error
