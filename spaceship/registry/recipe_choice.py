"""Recipe of a job: that of `model=`, the champion's own, or a blend of several."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spaceship.config.nodes import Nodes
from spaceship.errors import ConfigError, RegistryError, expected
from spaceship.evaluation.report import Report
from spaceship.model.recipe import Recipe
from spaceship.registry.registry import CHAMPION, Registry
from spaceship.tracking.best_jobs import best_recipes, study_folder
from spaceship.tracking.store import Store

_CHOICES = ("calibration", "threshold")


def chosen_recipe(
    nodes: Nodes,
    overrides: Sequence[str],
    registry: Callable[[], Registry],
    best: Callable[[str, int], Sequence[Recipe]],
) -> Recipe:
    """Return everything needed to build the pipeline again, interpolations unresolved.

    With `model=champion` that is the champion's own recipe, and the fallback's until there is a
    champion. A feature set, calibration or threshold on the command line wins over it. `best`
    returns the recipes of a study's best trials, given its name and their number.

    >>> chosen_recipe(experiment.nodes, (), lambda: registry, lambda *_: []).name
    'logistic_regression'
    """
    model, features = nodes.plain("model"), nodes.plain("features")
    choices = {name: nodes.plain(name) for name in _CHOICES}
    if "features" in model:  # a whole recipe, of a run that is made again
        return Recipe.from_plain(model)
    if model.get("name") != CHAMPION:
        made = stated_recipe(model, features, choices, best)
    elif (own := champion_recipe(registry())) is not None:
        named = {item.partition("=")[0] for item in overrides}
        given = {name: choices[name] for name in choices if name in named}
        made = Recipe.from_plain(own.to_plain() | given)
    elif "fallback" in model:
        return stated_recipe(model["fallback"], features, choices, best)
    else:
        do = "choose another: model=NAME or model@model.fallback=NAME"
        raise ConfigError(expected("a model until there is a champion", "no YAML", do))
    chosen = any(item.startswith(("features=", "features.")) for item in overrides)
    return made.with_features(features) if chosen else made


def champion_recipe(registry: Registry) -> Recipe | None:
    """Return the champion's recipe, None without a champion.

    Raise RegistryError if its tag is lost or garbled.

    >>> champion_recipe(registry)
    """
    if (champion := registry.find(CHAMPION)) is None:
        return None
    try:
        return Recipe.from_plain(champion.recipe)
    except ConfigError as error:
        found = error if champion.recipe else "none"
        what = f"the recipe of version {champion.number} of {registry.model}"
        raise RegistryError(expected(what, found, registry.other_champion())) from error


def best_of_study(store: Store, study: str, top: int, metric: str, present: Report) -> list[Recipe]:
    """Return the recipes of a study's best trials on the data and split of the present report.

    >>> best_of_study(experiment.store, "none", 3, "cv_accuracy", experiment.blank_report)
    Traceback (most recent call last):
    spaceship.errors.ConfigError: expected a sweep 'none' in model.study, found none; ...
    """
    found = best_recipes(study_folder(store, study), top, metric, present)
    return [Recipe.from_plain(one) for one in found]


def stated_recipe(
    model: Mapping[str, Any],
    features: dict[str, object],
    choices: Mapping[str, object],
    best: Callable[[str, int], Sequence[Recipe]],
) -> Recipe:
    """Return the recipe of a node of the group `model`, the members of a blend written out.

    See `chosen_recipe`.

    >>> stated_recipe(experiment.nodes.plain("model"), {}, {}, lambda *_: []).name
    'logistic_regression'
    """
    if "members" not in model:
        return Recipe.single(model, features, **choices)
    if model["study"] is not None:
        members = best(str(model["study"]), model["top"])
        return Recipe.blend(members, model, members[0].features, **choices)
    if not isinstance(model["members"], Mapping):
        message = f"expected models by name in model.members, found {model['members']!r}"
        raise ConfigError(f"{message}; one more is +model@model.members.NAME=NAME")
    members = [
        Recipe.single(member, features)
        for member in model["members"].values()
        if not isinstance(member, Mapping) or member.keys() - {"bags", "iterations"}
    ]
    return Recipe.blend(members, model, features, **choices)
