"""Gain of the feature sets, their blocks and options: cross-validation of the real training file.

Whole sets are compared with `raw`. With `--changes` the set `full` is compared with itself less or
plus a block (`cabin`; `all` of them), or with an option (`calibration=sigmoid`).
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scripts.bench.measure import (
    experiment,
    kaggle_data,
    kaggle_parser,
    machine,
    names,
    numbers,
    progress,
    table,
)
from spaceship.cli.main import prepare
from spaceship.evaluation.metrics import better

if TYPE_CHECKING:
    from spaceship.data._base import Dataset

METRICS = ("accuracy", "log_loss", "roc_auc", "ece")
FOLDS = 5
GAINS = {"lgbm": 0.004, "catboost": 0.005}
"""Least decrease of the log loss from `raw` to `full`."""
LEVELS = {("catboost", "accuracy"): 0.8145, ("catboost", "log_loss"): 0.379}
"""Levels that `full` has to reach."""

Candidate = tuple[str, str]
"""Model, and feature set or change."""
Folds = dict[int, list[dict[str, float]]]
"""Metrics of each fold, by seed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print scores, paired differences and bars."""
    options = kaggle_parser(__doc__)
    options.add_argument("--models", type=names, default="lgbm,catboost", help="candidates")
    options.add_argument("--features", type=names, default="raw,baseline,full", help="sets")
    options.add_argument("--changes", type=names, default="", help="of full: blocks, overrides")
    options.add_argument("--seeds", type=numbers, default="42,123,2026", help="of folds and fits")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    data = kaggle_data(given.data)
    sets = {name: (f"features={name}",) for name in given.features}
    variants = changes_of_full(given.changes) if given.changes else sets
    base = next(iter(variants))
    results: dict[Candidate, Folds] = {}
    for model in given.models:
        for name, overrides in variants.items():
            chosen = (f"model={model}", *overrides)
            results[model, name] = {seed: scores(data, seed, *chosen) for seed in given.seeds}
            progress(" | ".join(level_row((model, name), results[model, name])))
    print(machine())
    print(
        f"{len(data.train)} passengers, {FOLDS} folds, seeds {', '.join(map(str, given.seeds))}\n"
    )
    head = ["candidate", *(f"{metric} (seeds' range)" for metric in METRICS)]
    print(table(head, (level_row(key, folds) for key, folds in results.items())))
    head = [f"less {base}", *(f"{metric} ± SE (seeds better)" for metric in METRICS)]
    print(table(head, difference_rows(results, base)))
    if not given.changes:
        print(table(["bar", "found", "met"], bar_rows(results)))


def changes_of_full(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the overrides of `full` and of each change; a block is left out or added."""
    from spaceship.task.spaceship_titanic.features._blocks import BLOCKS

    shipped: list[str] = list(experiment("features=full").nodes.plain("features")["blocks"])
    found: dict[str, tuple[str, ...]] = {"full": ("features=full",)}
    for name in BLOCKS if "all" in names else names:
        if "=" in name:
            found[name] = ("features=full", name)
        else:
            blocks = f"features.blocks=[{','.join(changed(shipped, name))}]"
            found[f"{'-' if name in shipped else '+'} {name}"] = ("features=full", blocks)
    return found


def changed(blocks: Sequence[str], name: str) -> list[str]:
    """Return the blocks without the one named or, where it is not among them, with it.

    A block that fills gaps goes first, because the others build on it.

    >>> changed(["cabin", "spending"], "cabin"), changed(["cabin"], "fill_planet")
    (['spending'], ['fill_planet', 'cabin'])
    """
    if name in blocks:
        return [one for one in blocks if one != name]
    return [name, *blocks] if name.startswith("fill_") else [*blocks, name]


def scores(data: "Dataset", seed: int, *overrides: str) -> list[dict[str, float]]:
    """Return the metrics of each fold; the seed draws folds and estimator alike."""
    from spaceship.evaluation.cross_validation import cross_validate
    from spaceship.split.folds import group_folds

    job, frame, task = experiment(*overrides, f"seed={seed}"), data.train, data.task
    groups, labels = task.group_names(frame), task.target(frame)
    folds = group_folds(groups, labels, task, n_splits=FOLDS, seed=seed)
    return cross_validate(job.pipeline(job.recipe()), frame, task, folds).folds


def means(folds: Folds, metric: str) -> list[float]:
    """Return the mean over folds, seed by seed."""
    return [fmean(fold[metric] for fold in one) for one in folds.values()]


def level_row(candidate: Candidate, folds: Folds) -> list[str]:
    """Return a candidate's means over seeds, with the lowest and the highest seed."""
    levels = [means(folds, metric) for metric in METRICS]
    cells = (f"{fmean(of):.4f} ({min(of):.4f} … {max(of):.4f})" for of in levels)
    return [" on ".join(candidate), *cells]


def difference_rows(results: Mapping[Candidate, Folds], base: str) -> list[list[str]]:
    """Return each candidate's gain on the base of its model, on the same folds."""
    return [
        [" on ".join(key), *(difference(folds, results[key[0], base], m) for m in METRICS)]
        for key, folds in results.items()
        if key[1] != base
    ]


def difference(folds: Folds, base: Folds, metric: str) -> str:
    """Return the mean difference over paired folds, its standard error, and the seeds better.

    Folds of different seeds share passengers, so the error is somewhat larger than it looks.
    """
    pairs = [
        own[metric] - other[metric]
        for seed, scored in folds.items()
        for own, other in zip(scored, base[seed], strict=True)
    ]
    error = stdev(pairs) / math.sqrt(len(pairs))
    seeds = zip(means(folds, metric), means(base, metric), strict=True)
    better_seeds = sum(better(metric, own, other) for own, other in seeds)
    return f"{fmean(pairs):+.4f} ± {error:.4f} ({better_seeds}/{len(folds)})"


def bar_rows(results: Mapping[Candidate, Folds]) -> list[list[str]]:
    """Return a row for each bar whose candidates were measured."""
    rows = []
    for model, least in GAINS.items():
        if {(model, "full"), (model, "raw")} <= set(results):
            full, raw = (fmean(means(results[model, name], "log_loss")) for name in ("full", "raw"))
            met = "yes" if raw - full >= least else "no"
            text = f"{model}: full lowers log loss of raw by at least {least}"
            rows.append([text, f"{raw - full:.4f}", met])
    for (model, metric), bar in LEVELS.items():
        if (model, "full") in results:
            found = fmean(means(results[model, "full"], metric))
            met = "no" if better(metric, bar, found) else "yes"
            rows.append([f"{model} on full: {metric} {bar} or better", f"{found:.4f}", met])
    return rows


if __name__ == "__main__":
    main()
