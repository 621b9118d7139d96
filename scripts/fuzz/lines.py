"""Mutated command lines: keys, values, groups, targets, interpolations, Hydra's own settings."""

import random
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

from scripts.fuzz.case import Case, Content
from scripts.fuzz.data import QUICK
from scripts.fuzz.words import (
    CAUTIONS,
    CHOICES,
    FLAGS,
    GROUPS,
    HYDRA,
    LIMITS,
    NUMBERS,
    SMALL,
    SPACES,
    TARGETS,
    VALUES,
)

Line = list[str]
Place = tuple[str, tuple[str, ...]]
"""A key, and the overrides that choose the config that has it."""
Mutation = Callable[[random.Random, "Known"], Line]

BASES = (
    ("mode=pp", "features=raw"),
    ("mode=inference",),
    ("mode=train", "features=raw"),
    ("mode=train", "features=full", "report.of_jobs=false"),
    ("mode=default", "features=raw"),
    ("mode=history",),
    ("mode=promote",),
    ("mode=rollback",),
    ("mode=clean",),
    ("mode=leaderboard",),
    ("mode=explain", "row=1"),
    ("mode=show",),
    ("mode=report",),
    ("mode=simulate", "features=raw", "simulate.eras=2", "simulate.groups=40"),
    ("mode=tune", "hydra.sweeper.dry_run=true"),
)
CONFIGS = (
    ("model=logistic_regression", "features=full", "gate=strict"),
    ("model=lgbm", "data=local", "gate=default"),
    ("model=blend", "data=kaggle", "gate=off"),
    ("model=champion", "tracking=server", "mode=tune", "hydra.sweeper.dry_run=true"),
    ("model=catboost", "data=synthetic", "tracking=sqlite"),
    ("model=svm", "mode=history"),
    ("model=random_forest",),
    ("model=hist_gradient_boosting",),
)
"""Command lines whose composed configs give the keys to mutate."""
NODES = (
    *("mode", "model.estimator", "features", "data", "gate", "model.estimator.C", "split"),
    "hydra",
)
SWEEP_CHOICES = ("nope", "null", "tpe", "random", "grid", "nop", "", "cmaes", "joblib")
METRICS = ("cv_accuracy", "holdout_accuracy", "[cv_brier,cv_ece]", "nope")


class Known:
    """Keys of composed configs, which are mutated, and the sandbox's folder."""

    def __init__(self, configs: Sequence[DictConfig], folder: Path) -> None:
        """Collect the keys, those whose value is a number apart."""
        from hydra.conf import HydraConf

        from hydra_plugins.spaceship_optuna.config import OptunaSweeperConf

        hydra = OmegaConf.structured(HydraConf)
        hydra.sweeper = OmegaConf.structured(OptunaSweeperConf)
        leaves: dict[Place, object] = {}
        for overrides, config in zip(CONFIGS, configs, strict=True):
            for key, value in _leaves(config):
                group = f"{key.partition('.')[0]}="
                chosen = tuple(one for one in overrides if one.startswith(group))
                leaves[key, chosen] = value
        self.places = sorted(leaves)
        self.numbers = sorted(at for at, value in leaves.items() if type(value) in {int, float})
        self.settings = sorted(f"hydra.{key}" for key, _ in _leaves(hydra))
        self.folder = folder


def case(number: int, seed: int, known: Known, files: Mapping[str, Content]) -> Case:
    """Return the command line of a number: always the same for the same seed and configs."""
    name = f"line-{number}"
    draw = random.Random(f"{seed} {name}")  # noqa: S311 - nothing secret
    kind = list(KINDS)[number % len(KINDS)]
    mutated = KINDS[kind](draw, known)
    base = [*QUICK, *draw.choice(BASES), "data=local", f"data.dir={known.folder}/data"]
    line = _suited(base, mutated)
    if any("tune" in argument for argument in line) and not any("dry" in one for one in line):
        line.append("hydra.sweeper.dry_run=true")
    if kind == "characters":
        place = draw.randrange(len(line))
        line[place] = _garbled(draw, line[place])
    outputs = f"paths.outputs={known.folder}/outputs"
    if any("paths" in argument.lower() for argument in mutated):
        line.insert(0, outputs)  # the mutated argument comes last, and wins
    else:
        line.append(outputs)
    return Case(name, f"line: {kind}", " ".join(mutated), tuple(line), files)


def _suited(base: Line, mutated: Line) -> Line:
    """Return the whole line; a mutated argument replaces the same key of the base."""
    taken = {argument.lstrip("+~").partition("=")[0] for argument in mutated}
    small = [one for chosen in mutated for one in SMALL.get(chosen, ())]
    kept = [one for one in [*base, *small] if one.partition("=")[0] not in taken]
    flags = mutated[:1] and mutated[0].startswith("-")  # argparse wants flags first
    return [*mutated, *kept] if flags else [*kept, *mutated]


def _value(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.places)
    return [*chosen, f"{draw.choice(['', '', '++'])}{key}={draw.choice(VALUES)}"]


def _number(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.numbers)
    return [*chosen, f"{key}={draw.choice(NUMBERS)}"]


def _null(draw: random.Random, known: Known) -> Line:
    key, chosen = draw.choice(known.places)
    parts = key.split(".")
    length = draw.choice([len(parts), len(parts), draw.randint(1, len(parts))])
    return [*chosen, f"{'.'.join(parts[:length])}=null"]


def _key(draw: random.Random, known: Known) -> Line:
    key, group = draw.choice(known.places)
    place = draw.randrange(len(key))
    forms = [
        f"~{key}", f"~{key}=1", f"+{key}=1", f"++{key}.more=1", f"{key}.0=1", f"{key}:x=1",
        f"{key[:place]}{key[place + 1:]}=1", f"~{key.partition('.')[0]}", f"+{key}_x=1",
        f"{key.upper()}=1", f"{key}={draw.choice(NUMBERS)}", f"{key}[0]=1", f"'{key}'=1",
        f"++{key}.a.b.c={draw.choice(VALUES)}", f"{key}@x=1",
    ]  # fmt: skip
    chosen = draw.choice(forms)
    return [*group, chosen, *draw.choice([[], [chosen], [f"{key}=2"]])]


def _group(draw: random.Random, _: Known) -> Line:
    return [f"{draw.choice(['', '', '', '+', '~'])}{draw.choice(GROUPS)}={draw.choice(CHOICES)}"]


def _target(draw: random.Random, known: Known) -> Line:
    node, target = draw.choice(NODES), draw.choice(TARGETS)
    proof = known.folder / "work" / "proof"
    extra = draw.choice([[], [f"++{node}.command='touch {proof}'"], [f"++{node}._args_=[{proof}]"]])
    extra += draw.choice([[], [], [f"++{node}._partial_=true"], [f"++{node}._convert_=nope"]])
    return [f"++{node}._target_={target}", *extra]


def _hydra(draw: random.Random, known: Known) -> Line:
    form = draw.choice(HYDRA).format(folder=known.folder, long="x" * 400)
    return [*draw.choice([[], [], ["-m"]]), form]


def _setting(draw: random.Random, known: Known) -> Line:
    return [f"{draw.choice(['', '++', '~'])}{draw.choice(known.settings)}={draw.choice(VALUES)}"]


def _flags(draw: random.Random, _: Known) -> Line:
    form = draw.choice(FLAGS)
    return [form] if not form.strip() else form.split(" ")


def _sweep(draw: random.Random, known: Known) -> Line:
    line = ["-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweeper.dry_run=true"]
    key = draw.choice(
        [*(key for key, _ in known.numbers), "seed", "model.estimator.C", "split.n_folds", "model"]
    )
    setting = draw.choice([one for one in known.settings if one.startswith("hydra.sweeper.")])
    kind = draw.choice(["hydra/sweeper/sampler", "hydra/sweeper/pruner", "hydra/launcher"])
    changed = draw.choice([
        f"++{key}={draw.choice(SPACES)}",
        f"{setting}={draw.choice([*NUMBERS, *VALUES])}",
        f"{setting}={draw.choice([*NUMBERS, *VALUES])}",
        f"{kind}={draw.choice(SWEEP_CHOICES)}",
        f"hydra.sweeper.params={{{key}:'{draw.choice(SPACES)}'}}",
        f"++model.search_space={draw.choice(VALUES)}",
        f"++model.search_space.estimator.C={draw.choice([*SPACES, *VALUES])}",
        f"objective.metric={draw.choice(METRICS)}",
    ]).replace("{{", "{").replace("}}", "}")  # fmt: skip
    return [*line, changed]


def _gate(draw: random.Random, known: Known) -> Line:
    keys = sorted({key for key, _ in known.places if key.startswith("gate.")})
    gate = draw.choice(["default", "strict", "off"])
    key, value = draw.choice([*keys, "gate.nope"]), draw.choice([*NUMBERS, *VALUES])
    require = draw.choice([[], ["gate.require=true"]])
    return ["mode=train", "features=raw", f"gate={gate}", *require, f"++{key}={value}"]


def _limit(draw: random.Random, _: Known) -> Line:
    key, value = draw.choice(LIMITS), draw.choice([*CAUTIONS, *CAUTIONS, *NUMBERS, *VALUES])
    return [f"{draw.choice(['', '', '++', '~'])}{key}={value}"]


def _characters(_: random.Random, __: Known) -> Line:
    return []


def _garbled(draw: random.Random, argument: str) -> str:
    """Return an argument with characters changed, added or dropped."""
    text = list(argument)
    for _ in range(draw.choice([1, 1, 2, 6])):
        place = draw.randrange(len(text) + 1)
        end = place + draw.choice([0, 0, 1])
        text[place:end] = draw.choice([*string.punctuation, " ", "\n", "é", "🚀", "\u202e", "a"])
    return "".join(text)


def _leaves(node: DictConfig | ListConfig, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the dotted keys of a config that hold no further node, with their values."""
    waiting: list[tuple[str, Any]] = [(prefix, OmegaConf.to_container(node, resolve=False))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [(f"{name}.{key}".lstrip("."), inner) for key, inner in value.items()]
        else:
            yield name, value


KINDS: dict[str, Mutation] = {
    "values": _value,
    "numbers": _number,
    "null": _null,
    "keys": _key,
    "groups": _group,
    "targets": _target,
    "gates": _gate,
    "limits": _limit,
    "hydra": _hydra,
    "hydra's settings": _setting,
    "flags": _flags,
    "sweeps": _sweep,
    "characters": _characters,
}
