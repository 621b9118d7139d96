"""Choice of the default model: members, bags and ways to combine them, over five seeds.

Every candidate is scored on all labelled rows, each row by a fit that has not seen its group. Means
are taken of predictions that are kept, so that a bag of a member is fitted once; each fit counts
alike. Other ways to combine members need inner folds, and are fitted as they stand. A single seed
moves the log loss by 0.002: nothing is chosen on fewer than five.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
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
from spaceship.evaluation.metrics import THRESHOLD

if TYPE_CHECKING:
    import numpy as np

FOLDS, BAGS = 5, 3
MEMBERS = {
    "catboost": ("model=catboost", "threads=1"),
    "lgbm": ("model=lgbm",),
    "lgbm, free": ("model=lgbm", "model.monotone=null"),
    "hist_gradient_boosting": ("model=hist_gradient_boosting",),
    "hist_gradient_boosting, free": ("model=hist_gradient_boosting", "model.monotone=null"),
}
MEANS = (
    ("catboost", "lgbm"),
    ("catboost", "lgbm, free"),
    ("catboost", "hist_gradient_boosting"),
    ("catboost", "lgbm", "hist_gradient_boosting"),
)
WHOLE = {
    "stack of three, free": (
        *("model=blend", "threads=1", "model.method=stack", "model.members.lgbm.monotone=null"),
        "+model@model.members.hist_gradient_boosting=hist_gradient_boosting",
        "model.members.hist_gradient_boosting.monotone=null",
    ),
    "stack of two": ("model=blend", "threads=1", "model.method=stack"),
    "greedy of two": ("model=blend", "threads=1", "model.method=greedy"),
}
FIRST = "stack of three, free"
"""The candidate that the others are compared with: the blend of the release before."""

Values = dict[str, dict[int, "np.ndarray"]]
"""Predictions by name and seed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each candidate's scores, and its differences from the blend of the release before."""
    options = kaggle_parser(__doc__)
    options.add_argument("--seeds", type=numbers, default="42,123,2026,7,99", help="of folds, fits")
    options.add_argument("--members", type=names, default="", help="some of them, no whole blends")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    import numpy as np

    scored = Scored(given.data)
    chosen = {name: MEMBERS[name] for name in given.members or MEMBERS}
    made: Values = {}
    for seed in given.seeds:
        for name, words in chosen.items():
            bags = [scored.predict(name, seed, bag, *words) for bag in range(BAGS)]
            made.setdefault(name, {})[seed] = bags[0]
            made.setdefault(f"{name} x {BAGS}", {})[seed] = np.mean(bags, axis=0)
        for name, words in WHOLE.items() if not given.members else ():
            made.setdefault(name, {})[seed] = scored.predict(name, seed, 0, *words)
        progress(f"seed {seed}")
    for parts in MEANS:
        for fits in (1, BAGS) if all(part in made for part in parts) else ():
            first = parts[0] if fits == 1 else f"{parts[0]} x {fits}"
            known, weights = (first, *parts[1:]), [float(fits), *[1.0] * (len(parts) - 1)]
            made[f"mean of {' and '.join(known)}"] = {
                seed: np.average([made[part][seed] for part in known], axis=0, weights=weights)
                for seed in given.seeds
            }
    print(machine())
    print(f"{len(scored.truth)} rows, {FOLDS} folds, seeds {', '.join(map(str, given.seeds))}\n")
    head = ["candidate", "accuracy", "log loss", "by seed", "log loss less", "seeds better"]
    print(table([*head, "CPU s a fit"], (scored.row(name, made) for name in made)))


class Scored:
    """The labelled rows, with the time that the fits to them took."""

    def __init__(self, folder: Path) -> None:
        """Read the tables of a folder."""
        import numpy as np

        data = kaggle_data(folder)
        self.task, self.frame = data.task, data.train
        self.truth = np.asarray(self.task.target(self.frame), dtype=bool)
        self.seconds: dict[str, list[float]] = {}

    def predict(self, name: str, seed: int, bag: int, *words: str) -> "np.ndarray":
        """Return each row's probability by a pipeline that has not seen its group."""
        import numpy as np

        from spaceship.evaluation.cross_validation import predict
        from spaceship.split.folds import group_folds

        job, groups = experiment(*words, f"seed={seed + bag}"), self.task.group_names(self.frame)
        folds = group_folds(groups, self.truth, self.task, n_splits=FOLDS, seed=seed)
        found = np.empty(len(self.truth))
        for train, test in folds:
            start = time.process_time()
            fitted = job.pipeline(job.recipe()).fit(self.frame.iloc[train], self.truth[train])
            self.seconds.setdefault(name, []).append(time.process_time() - start)
            found[test] = predict(fitted, self.frame.iloc[test], self.task)
        return found

    def row(self, name: str, made: Mapping[str, Mapping[int, "np.ndarray"]]) -> list[object]:
        """Return a candidate's mean scores, and what its log loss is below that of `FIRST`."""
        losses = {seed: self.log_loss(one) for seed, one in made[name].items()}
        right = [float(((one > THRESHOLD) == self.truth).mean()) for one in made[name].values()]
        cells = [name, f"{fmean(right):.4f}", f"{fmean(losses.values()):.4f}"]
        cells.append(" ".join(f"{loss:.4f}" for loss in losses.values()))
        if FIRST in made:
            gains = [loss - self.log_loss(made[FIRST][seed]) for seed, loss in losses.items()]
            better = sum(gain < 0 for gain in gains)
            cells += [f"{fmean(gains):+.4f}", f"{better} of {len(gains)}"]
        else:
            cells += ["", ""]
        parts = name.removeprefix("mean of ").split(" and ")
        spent = [self._seconds(part) for part in parts]
        return [*cells, f"{sum(spent):.1f}"]

    def log_loss(self, chances: "np.ndarray") -> float:
        """Return the mean log loss of probabilities."""
        from sklearn.metrics import log_loss

        return float(log_loss(self.truth, chances))

    def _seconds(self, part: str) -> float:
        name = part.removesuffix(f" x {BAGS}")
        return fmean(self.seconds[name]) * (BAGS if name != part else 1)


if __name__ == "__main__":
    main()
