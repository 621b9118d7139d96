"""Recipes: everything that is needed to build a candidate's pipeline again, as plain values."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_serializer,
)
from pydantic_core import ErrorDetails

from spaceship.errors import ConfigError
from spaceship.model.blend import Method
from spaceship.model.encoding import Encoding
from spaceship.model.inner_cv import Calibration, Iterations

Node = dict[str, Any]
"""A config node with a `_target_`; its interpolations may be unresolved."""
_SINGLE, _BLEND = ("name", "encoding", "estimator"), ("name", "method", "n_folds", "bags")
_TOP_LEVEL = ("calibration", "threshold", "features")
"""Fields that are keys of the whole config; the others lie below `model`."""


def _choice(kind: type[StrEnum], default: StrEnum) -> Any:
    """Return a field whose description, as all of them, completes `expected KEY to be …`."""
    return Field(default, description=f"one of {', '.join(kind)}")


class Recipe(BaseModel):
    """One estimator on one feature set, or a blend of such recipes.

    Interpolations stay unresolved, so that a stored recipe is built with the seed and the number
    of threads of the day.

    Attributes:
        name: The candidate's name, which is that of its YAML.
        encoding: Input that the estimator takes; not for a blend.
        estimator: Node of the estimator; None for a blend.
        method: Way in which a blend weighs its members.
        n_folds: Inner folds from which a blend learns its weights.
        bags: Fits of each member of a blend.
        iterations: Whether inner folds choose the number of boosting rounds.
        features: Node of the feature set; each member of a blend has its own.
        members: Recipes that a blend is made of; None for a single estimator.
        calibration: Method that calibrates the probabilities, by inner folds.
        threshold: Probability above which True is predicted: 0.5, or `tuned` by inner folds.

    Example:
        >>> raw = {"_target_": "spaceship.task.spaceship_titanic.features.raw.RawFeatures"}
        >>> forest = {"_target_": "sklearn.ensemble.RandomForestClassifier", "n_jobs": "${threads}"}
        >>> recipe = Recipe(name="forest", encoding="onehot", estimator=forest, features=raw)
        >>> recipe.with_features({**raw, "columns": ["Age"]}).features["columns"]
        ['Age']
        >>> Recipe.from_plain(recipe.to_plain()) == recipe
        True

    """

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    name: str = Field(description="a name")
    encoding: Encoding = _choice(Encoding, Encoding.NATIVE)
    estimator: Node | None = Field(None, description="a config with a _target_")
    method: Method = _choice(Method, Method.STACK)
    n_folds: int = Field(5, ge=2, strict=True, description="a whole number from 2 on")
    bags: int = Field(1, ge=1, strict=True, description="a whole number from 1 on")
    iterations: Iterations = _choice(Iterations, Iterations.FIXED)
    features: Node = Field(description="a config with a _target_")
    members: tuple["Recipe", ...] | None = Field(
        None, min_length=1, description="one model or more"
    )
    calibration: Calibration = _choice(Calibration, Calibration.NONE)
    threshold: Annotated[float, Field(ge=0.5, le=0.5)] | Literal["tuned"] = Field(
        0.5, description="one of 0.5, tuned"
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _check_unless_open(cls, value: Any, check: Callable[[Any], Any]) -> Any:
        """Leave an interpolation such as `${seed}` unchecked until its value is known."""
        return value if isinstance(value, str) and "${" in value else check(value)

    @classmethod
    def single(cls, model: object, features: Node, **choices: Any) -> Self:
        """Return the recipe of one estimator on one feature set.

        Args:
            model: A node of the group `model`.
            features: A node of the group `features`.
            **choices: `calibration` and `threshold`.

        Raises:
            ConfigError: The node is no model, or one that is made of others.

        """
        if not isinstance(model, Mapping):
            message = f"expected a model with {', '.join(_SINGLE)}, found {model!r}"
            raise ConfigError(f"{message}; name one of configs/model, or leave it out")
        if missing := [key for key in _SINGLE if model.get(key) is None]:
            message = f"expected a model with {', '.join(_SINGLE)}, found none of "
            message += f"{', '.join(missing)} in {model.get('name', 'it')}"
            raise ConfigError(f"{message}; name one that stands alone")
        own = {key: model[key] for key in _SINGLE}
        iterations = model.get("iterations", Iterations.FIXED)
        return cls.from_plain({**own, "iterations": iterations, "features": features, **choices})

    @classmethod
    def blend(
        cls,
        members: Sequence["Recipe"],
        settings: Mapping[str, Any],
        features: Node,
        **choices: Any,
    ) -> Self:
        """Return the recipe of a blend.

        Args:
            members: Recipes, each with its own features.
            settings: `name`, `method`, `n_folds` and `bags`, maybe among others.
            features: The feature set that the blend is named by.
            **choices: `calibration` and `threshold`.

        Raises:
            ConfigError: There are no members, or a setting is out of its range.

        """
        own = {key: settings[key] for key in _BLEND}
        plain = [member.to_plain() for member in members]
        return cls.from_plain({**own, "members": plain, "features": features, **choices})

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the recipe that `to_plain` described.

        Raises:
            ConfigError: A value is out of its range; every one is listed.

        """
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            faults = dict.fromkeys(map(_fault, error.errors()))
            message = f"expected {'; '.join(faults)}"
            raise ConfigError(f"{message}; set it on the command line: KEY=VALUE") from None

    @model_serializer
    def to_plain(self) -> dict[str, Any]:
        """Return the recipe as JSON values: the keys that were given, interpolations unresolved."""
        given = {name: value for name, value in self if name in self.model_fields_set}
        plain = {name: str(one) if isinstance(one, StrEnum) else one for name, one in given.items()}
        if self.members is not None:
            plain["members"] = [member.to_plain() for member in self.members]
        return plain

    def with_features(self, features: Node) -> Self:
        """Return the recipe on another feature set, its members too."""
        changes: dict[str, Any] = {"features": features}
        if self.members is not None:
            changes["members"] = tuple(member.with_features(features) for member in self.members)
        return self.model_copy(update=changes)

    @property
    def prepares_alone(self) -> bool:
        """Whether the steps before the estimator are fitted once a fold, apart from it."""
        chosen = (self.iterations, self.calibration, self.threshold)
        return self.members is None and chosen == (Iterations.FIXED, Calibration.NONE, 0.5)


def _fault(error: ErrorDetails) -> str:
    """Return `KEY to be …, found …`; parts of the place that are no fields name types of unions."""
    fields = Recipe.model_fields
    place = [part for part in error["loc"] if isinstance(part, int) or part in fields]
    name = next(str(part) for part in reversed(place) if part in fields)
    key = ".".join(map(str, place if name in _TOP_LEVEL else ["model", *place]))
    found = "nothing" if error["type"] == "missing" else repr(error["input"])
    return f"{key} to be {fields[name].description}, found {found}"
