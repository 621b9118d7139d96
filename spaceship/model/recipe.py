"""Recipes: everything that is needed to build a candidate's pipeline again, as plain values."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from spaceship.config.faults import list_faults
from spaceship.errors import ConfigError, expected
from spaceship.model.blend_weights import Method
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import Calibration
from spaceship.model.monotone import Effect
from spaceship.model.rounds import Iterations

Node = dict[str, Any]
"""A config node with a `_target_`; its interpolations may be unresolved."""
_SINGLE, _OPTIONAL = ("name", "encoding", "estimator"), ("iterations", "monotone", "bags")
_BLEND = ("name", "method", "n_folds")


class Recipe(BaseModel):
    """One estimator on one feature set, or a blend of such recipes.

    Interpolations stay unresolved, so that a stored recipe is built with the seed and the number of
    threads of the day. A blend has `members` in place of an estimator with its encoding and
    iterations; `method` and `n_folds` are settings of a blend. `bags` are those of an estimator; of
    a blend in an older release, those of each member.

    >>> forest = {"_target_": "sklearn.ensemble.RandomForestClassifier", "n_jobs": "${threads}"}
    >>> recipe = Recipe(name="forest", encoding="onehot", estimator=forest, features={})
    >>> Recipe.from_plain(recipe.to_plain()) == recipe
    True
    """

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    name: str  # that of its YAML
    encoding: Encoding = Encoding.NATIVE
    estimator: Node | None = None
    method: Method = Method.STACK
    n_folds: int = Field(5, ge=2, strict=True)
    bags: int = Field(1, ge=1, strict=True)
    iterations: Iterations = Iterations.FIXED
    monotone: dict[str, Effect] | None = None  # beside those of the task; None: none at all
    features: Node
    members: tuple["Recipe", ...] | None = Field(None, min_length=1)
    calibration: Calibration = Calibration.NONE
    threshold: float | str = 0.5

    @field_validator("*", mode="wrap")
    @classmethod
    def _check_unless_open(cls, value: object, check: Callable[[object], object]) -> object:
        """Leave an interpolation such as `${seed}` unchecked until its value is known."""
        return value if isinstance(value, str) and "${" in value else check(value)

    @field_validator("threshold")
    @classmethod
    def _check_threshold(cls, value: float | str) -> float | str:
        if value not in {0.5, "tuned"} and "${" not in str(value):
            raise PydanticCustomError("threshold", "Input should be 0.5 or 'tuned'")
        return value

    @classmethod
    def single(cls, model: object, features: Node, **choices: object) -> Self:
        """Return the recipe of a node of the group `model` and one of the group `features`.

        The choices are `calibration` and `threshold`. Raise ConfigError if the node is no model, or
        one that is made of others.
        """
        what = f"a model with {', '.join(_SINGLE)}"
        if not isinstance(model, Mapping):
            do = "name one of configs/model, or leave it out"
            raise ConfigError(expected(what, repr(model), do))
        if missing := [key for key in _SINGLE if model.get(key) is None]:
            found = f"none of {', '.join(missing)} in {model.get('name', 'it')}"
            raise ConfigError(expected(what, found, "name one that stands alone"))
        own = {key: model[key] for key in (*_SINGLE, *_OPTIONAL) if key in model}
        return cls.from_plain({**own, "features": features, **choices})

    @classmethod
    def blend(
        cls,
        members: Sequence[Self],
        settings: Mapping[str, object],
        features: Node,
        **choices: object,
    ) -> Self:
        """Return the recipe of a blend, which is named by a feature set.

        The settings hold `name`, `method` and `n_folds`; the choices are `calibration` and
        `threshold`. Raise ConfigError if there are no members, or a setting is out of its range.
        """
        own = {key: settings[key] for key in _BLEND}
        plain = [member.to_plain() for member in members]
        return cls.from_plain({**own, "members": plain, "features": features, **choices})

    @classmethod
    def from_plain(cls, plain: Mapping[str, object]) -> Self:
        """Return the recipe that `to_plain` described; raise ConfigError that lists every fault."""
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            message = f"expected {list_faults(error, 'model')}"
            raise ConfigError(f"{message}; set it on the command line: KEY=VALUE") from None

    def to_plain(self) -> dict[str, Any]:
        """Return the recipe as JSON values: the keys that were given, interpolations unresolved."""
        given = {name: value for name, value in self if name in self.model_fields_set}
        plain = {name: str(one) if isinstance(one, StrEnum) else one for name, one in given.items()}
        if self.members is not None:
            plain["members"] = [member.to_plain() for member in self.members]
        return plain

    def with_features(self, features: Node) -> Self:
        """Return the recipe on another feature set, its members too."""
        changes: dict[str, object] = {"features": features}
        if self.members is not None:
            changes["members"] = tuple(member.with_features(features) for member in self.members)
        return self.model_copy(update=changes)

    @property
    def prepares_alone(self) -> bool:
        """Whether the steps before the estimator are fitted once a fold, apart from it."""
        chosen = (self.iterations, self.calibration, self.threshold)
        return (
            self.members is None
            and self.bags == 1
            and chosen == (Iterations.FIXED, Calibration.NONE, 0.5)
        )
