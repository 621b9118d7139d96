"""Section of the config: the base of its frozen models, and types that several of them have."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _number_as_text(value: object) -> object:
    """Return a number as text: a name such as 2026 is a number on Hydra's command line."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value


Text = Annotated[str, BeforeValidator(_number_as_text)]
Half = Annotated[float, Field(ge=0.5, le=0.5)]
Threads = Literal[-1] | Annotated[int, Field(ge=1)]
"""Not 0, nor numbers below -1: LightGBM, CatBoost and scikit-learn disagree on them."""


def setting(wanted: str, **bounds: Any) -> Any:
    """Return a field whose description completes `expected KEY to be …` in messages.

    >>> setting("a folder, or null", default=None).description
    'a folder, or null'
    """
    return Field(description=wanted, **bounds)


class Section(BaseModel):
    """A section of the config: unknown keys are refused and values are never converted.

    >>> class Serve(Section):
    ...     port: int = setting("a port", ge=0)
    >>> Serve(port=8080).port
    8080
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
