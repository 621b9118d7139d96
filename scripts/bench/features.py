"""What the feature sets are worth: group-aware cross-validation of the real training file."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scripts.bench import measure as bench
from spaceship.cli.main import prepare
from spaceship.evaluation.metrics import better

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "log_loss", "roc_auc", "ece")
BASE = "raw"
FOLDS = 5
GAINS = {"lgbm": 0.004, "catboost": 0.005}
"""By how much `full` has to lower the log loss of `raw`."""
LEVELS = {("catboost", "accuracy"): 0.8145, ("catboost", "log_loss"): 0.379}
"""What `full` has to reach."""

Candidate = tuple[str, str]
"""Model and feature set."""
Folds = dict[int, list[dict[str, float]]]
"""The metrics of each fold, by seed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print scores, paired differences and bars."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, required=True, help="Kaggle's files")
    parser.add_argument("--models", type=bench.names, default="lgbm,catboost", help="candidates")
    parser.add_argument("--features", type=bench.names, default="raw,baseline,full", help="sets")
    parser.add_argument(
        "--seeds", type=bench.names, default="42,123,2026", help="of all that draws"
    )
    asked = parser.parse_args(arguments)
    seeds = [int(seed) for seed in asked.seeds]
    prepare()  # before anything that has threads is imported
    frame = load(asked.data)
    results = {
        (model, features): {seed: scores(frame, model, features, seed) for seed in seeds}
        for model in asked.models
        for features in asked.features
    }
    print(bench.machine())
    print(f"{len(frame)} passengers, {FOLDS} folds, seeds {', '.join(asked.seeds)}\n")
    head = ["candidate", *(f"{metric} (seeds' range)" for metric in METRICS)]
    print(bench.table(head, (level_row(key, folds) for key, folds in results.items())))
    head = [f"less {BASE}", *(f"{metric} ± SE (seeds better)" for metric in METRICS)]
    print(bench.table(head, difference_rows(results)))
    print(bench.table(["bar", "found", "met"], bar_rows(results)))


def load(folder: Path) -> "pd.DataFrame":
    """Return the labelled passengers, checked."""
    from spaceship.data.local import LocalData

    return LocalData(folder).load().train


def scores(
    frame: "pd.DataFrame", model: str, features: str, seed: int, *overrides: str
) -> list[dict[str, float]]:
    """Return the metrics of each fold; the seed draws folds and estimator alike."""
    from spaceship import experiment as parts
    from spaceship.evaluation.cross_validation import cross_validate
    from spaceship.split.folds import group_folds
    from spaceship.task.spaceship_titanic.columns import ID, LABEL

    cfg = bench.composed(f"model={model}", f"features={features}", f"seed={seed}", *overrides)
    pipeline = parts.pipeline(cfg, parts.recipe(cfg, features_chosen=True))
    labels = frame[LABEL].to_numpy()
    folds = group_folds(frame[ID], labels, n_splits=FOLDS, seed=seed)
    return cross_validate(pipeline, frame, labels, folds).folds


def means(folds: Folds, metric: str) -> list[float]:
    """Return the mean over folds, seed by seed."""
    return [fmean(fold[metric] for fold in one) for one in folds.values()]


def level_row(candidate: Candidate, folds: Folds) -> list[str]:
    """Return a candidate's means over seeds, with the lowest and the highest seed."""
    levels = [means(folds, metric) for metric in METRICS]
    cells = (f"{fmean(of):.4f} ({min(of):.4f} … {max(of):.4f})" for of in levels)
    return [" on ".join(candidate), *cells]


def difference_rows(results: Mapping[Candidate, Folds]) -> list[list[str]]:
    """Return each feature set's gain on the plain one, on the same folds."""
    keys = [key for key in results if key[1] != BASE and (key[0], BASE) in results]
    return [
        [" on ".join(key), *(difference(results[key], results[key[0], BASE], m) for m in METRICS)]
        for key in keys
    ]


def difference(folds: Folds, base: Folds, metric: str) -> str:
    """Return the mean difference over paired folds, its standard error, and the seeds better.

    Folds of different seeds share passengers, so the error is somewhat larger than it looks.
    """
    pairs = [
        mine[metric] - theirs[metric]
        for seed, scored in folds.items()
        for mine, theirs in zip(scored, base[seed], strict=True)
    ]
    error = stdev(pairs) / math.sqrt(len(pairs))
    seeds = zip(means(folds, metric), means(base, metric), strict=True)
    better_seeds = sum(better(metric, mine, theirs) for mine, theirs in seeds)
    return f"{fmean(pairs):+.4f} ± {error:.4f} ({better_seeds}/{len(folds)})"


def bar_rows(results: Mapping[Candidate, Folds]) -> list[list[str]]:
    """Return a row for each bar whose candidates were measured."""
    rows = []
    for model, least in GAINS.items():
        if {(model, "full"), (model, BASE)} <= set(results):
            full, base = (fmean(means(results[model, f], "log_loss")) for f in ("full", BASE))
            met = "yes" if base - full >= least else "no"
            text = f"{model}: full lowers log loss of {BASE} by at least {least}"
            rows.append([text, f"{base - full:.4f}", met])
    for (model, metric), bar in LEVELS.items():
        if (model, "full") in results:
            found = fmean(means(results[model, "full"], metric))
            met = "no" if better(metric, bar, found) else "yes"
            rows.append([f"{model} on full: {metric} {bar} or better", f"{found:.4f}", met])
    return rows


if __name__ == "__main__":
    main()
