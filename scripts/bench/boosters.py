"""Boosters and their blends on the 30 real tables, each against the blend before these.

Every candidate is scored on out-of-fold predictions of group-aware folds, by log loss or root mean
squared error; its ratio to the first one is taken table by table. Fewer trees are read off a longer
fit, so that they cost nothing. A number of trees chosen by data is the best one on the next fold.
Weights that are learnt come from the out-of-fold predictions of the other four folds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from scripts.bench.foreign import KINDS, loss
from scripts.bench.measure import machine, names, parser, progress, table
from scripts.bench.table_tasks import TableTask, table_task
from scripts.bench.tables import TABLES
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import numpy as np

FOLDS = 5
SEVERAL = names("Chile,WVS,Fishing,Catsup,Cracker,penguins,olive,fastfood,birds,pbcseq")
"""Tables of several classes, each of which has trees of its own: they are cut shorter."""
ROWS, ROWS_SEVERAL = 3000, 2000
HELD = names("MplsStops,HMDA,colon,OJ,birds,Cracker,olive,hotel_rates,PSID7682,ames")
"""A third of each kind: held back from the choice of LightGBM's settings."""


@dataclass(frozen=True)
class Learner:
    """A model, and the numbers of trees after which it predicts, the fixed one among them."""

    words: tuple[str, ...]
    fixed: str = "all"
    stages: tuple[int, ...] = ()


LEARNERS = {
    "lgbm": Learner(
        ("model=lgbm_table", "model.iterations=fixed", "model.estimator.n_estimators=600"),
        fixed="300",
        stages=(10, 20, 30, 45, 60, 75, 100, 150, 200, 300, 400, 500, 600),
    ),
    "cat": Learner(
        ("model=catboost", "threads=1", "model.estimator.iterations=1400"),
        fixed="700",
        stages=(15, 25, 50, 75, 100, 150, 200, 300, 400, 500, 700, 1000, 1400),
    ),
    "fast": Learner(
        (
            *("model=catboost", "threads=1", "model.estimator.iterations=700"),
            *("model.estimator.learning_rate=0.06", "model.estimator.l2_leaf_reg=3"),
        ),
        fixed="350",
        stages=(8, 15, 25, 40, 50, 75, 100, 150, 200, 250, 350, 500, 700),
    ),
    "linear": Learner(("model=logistic_regression",)),
}
MEANS: dict[str, dict[str, float]] = {
    "before: cat x 3, lgbm": {"cat": 3, "lgbm": 1},
    "cat x 3, lgbm chosen": {"cat": 3, "lgbm*": 1},
    "lgbm chosen": {"lgbm*": 1},
    "cat chosen": {"cat*": 1},
    "fast": {"fast": 1},
    "fast chosen": {"fast*": 1},
    "both chosen, cat x 3": {"cat*": 3, "lgbm*": 1},
    "both chosen, cat": {"cat*": 1, "lgbm*": 1},
    "both chosen, fast x 3": {"fast*": 3, "lgbm*": 1},
    "both chosen, fast": {"fast*": 1, "lgbm*": 1},
    "both chosen, fast, linear x 0.5": {"fast*": 2, "lgbm*": 2, "linear": 1},
}
"""Members of each mean with their weights; `*` is a number of trees chosen on the next fold."""
LEARNT = {
    "both chosen, fast, greedy": ("fast*", "lgbm*"),
    "both chosen, fast, linear, greedy": ("fast*", "lgbm*", "linear"),
}
"""Members whose weights are learnt."""
FIRST = next(iter(MEANS))

Values = dict[str, "np.ndarray"]
"""Out-of-fold predictions by candidate."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the change of the loss by candidate, over all tables and by kind."""
    options = parser(__doc__)
    options.add_argument("--folder", type=Path, required=True, help="of tables and predictions")
    options.add_argument("--tables", type=names, help="names of some of the tables")
    options.add_argument("--seed", type=int, default=1, help="of folds and fits")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    found: dict[str, dict[str, float]] = {}
    kinds = {}
    for real in TABLES:
        if given.tables and real.name not in given.tables:
            continue
        rows = ROWS_SEVERAL if real.name in SEVERAL else ROWS
        one = table_task(real, given.folder.absolute(), rows)
        values = Fits(one, given.folder, given.seed).candidates()
        found[real.name] = {name: loss(one.y, of, one.task.problem) for name, of in values.items()}
        kinds[real.name] = str(one.task.problem)
        progress(f"{real.name}: {found[real.name][FIRST]:.4f}")
    print(machine())
    print(f"{len(found)} tables, {FOLDS} folds, seed {given.seed}\n")
    head = ["candidate", "mean change", "median", "better", "p", "held back", *KINDS, "worst table"]
    print(table(head, summary(found, kinds)))


@dataclass(frozen=True)
class Fits:
    """Out-of-fold predictions of a table, kept in a folder."""

    one: TableTask
    folder: Path
    seed: int

    def candidates(self) -> Values:
        """Return the predictions of each candidate."""
        import numpy as np

        from spaceship.model.blend_weights import Method, combined, learnt

        folds, kind = self.one.folds(FOLDS, self.seed), self.one.task.problem
        own: Values = {}
        for name, learner in LEARNERS.items():
            stages = self._kept(name, learner)
            own[name] = stages[learner.fixed]
            own[f"{name}*"] = by_folds(self.one, stages, [test for _, test in folds])
        made = {
            name: np.average([own[one] for one in parts], axis=0, weights=[*parts.values()])
            for name, parts in MEANS.items()
        }
        for name, members in LEARNT.items():
            several = np.stack([own[one] for one in members], axis=1)
            made[name] = np.empty_like(own["lgbm"])
            for others, test in folds:
                weights = learnt(Method.GREEDY, several[others], self.one.y[others], kind)
                made[name][test] = combined(Method.GREEDY, several[test], weights, kind)
        return made

    def _kept(self, name: str, learner: Learner) -> Values:
        import numpy as np

        file = self.folder / "kept" / f"{self.one.folder.name} {name} {self.seed}.npz"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(file, **self._made(learner))  # type: ignore[arg-type]
        return dict(np.load(file))

    def _made(self, learner: Learner) -> Values:
        import numpy as np

        one, found = self.one, dict[str, Any]()
        job = one.experiment(*learner.words, f"seed={self.seed}")
        pipeline = job.pipeline(job.recipe())
        for train, test in one.folds(FOLDS, self.seed):
            fitted = pipeline.fit(one.frame.iloc[train], one.y[train])
            columns = fitted[:-1].transform(one.frame.iloc[test])
            for key, values in staged(one, fitted[-1], columns, learner.stages):
                found.setdefault(key, np.empty((len(one.y), *values.shape[1:])))[test] = values
        return found


def by_folds(one: TableTask, stages: Values, folds: "Sequence[np.ndarray]") -> "np.ndarray":
    """Return each fold's predictions with the trees that are best on the fold after it."""
    import numpy as np

    found = np.empty_like(next(iter(stages.values())))
    for number, own in enumerate(folds):
        after = folds[(number + 1) % len(folds)]
        losses = {
            trees: loss(one.y[after], values[after], one.task.problem)
            for trees, values in stages.items()
        }
        found[own] = stages[min(losses, key=lambda trees: losses[trees])][own]
    return found


@dataclass(frozen=True)
class Stage:
    """A fitted booster, cut after some trees."""

    fitted: Any
    trees: int

    @property
    def classes_(self) -> Any:
        """The classes of the training rows."""
        return self.fitted.classes_

    def predict(self, columns: Any) -> Any:
        """Return numbers."""
        return self.fitted.predict(columns, **self._cut)

    def predict_proba(self, columns: Any) -> Any:
        """Return probabilities."""
        return self.fitted.predict_proba(columns, **self._cut)

    @property
    def _cut(self) -> dict[str, int]:
        is_lightgbm = hasattr(self.fitted, "booster_")
        return {"num_iteration" if is_lightgbm else "ntree_end": self.trees}


def staged(
    one: TableTask, fitted: Any, columns: Any, stages: Sequence[int]
) -> "Iterator[tuple[str, np.ndarray]]":
    """Yield the predictions after each number of trees, or with all."""
    from spaceship.evaluation.cross_validation import predict

    if not stages:
        yield "all", predict(fitted, columns, one.task)
    for trees in stages:
        yield str(trees), predict(Stage(fitted, trees), columns, one.task)


def summary(
    found: Mapping[str, Mapping[str, float]], kinds: Mapping[str, str]
) -> Iterator[list[str]]:
    """Yield a candidate's change of the loss in percent, and Wilcoxon's test over the tables.

    >>> by = {"a": {FIRST: 1.0, "few": 0.9}, "OJ": {FIRST: 1.0, "few": 0.8}}
    >>> [*summary(by, dict.fromkeys(by, "binary"))][1][:6]
    ['few', '-15.1 %', '-15.1 %', '2 of 2', '0.5', '-20.0 %']
    """
    from scipy.stats import wilcoxon

    for name in next(iter(found.values()), {}):
        logs = {one: math.log(by[name] / by[FIRST]) for one, by in found.items()}
        values = [*logs.values()]
        held = [logs[one] for one in logs if one in HELD]
        parts = [held, *([logs[one] for one in logs if kinds[one] == kind] for kind in KINDS)]
        worst = max(logs, key=lambda one: logs[one])
        yield [
            name,
            percent(fmean(values)),
            percent(median(values)),
            f"{sum(value < 0 for value in values)} of {len(values)}",
            f"{wilcoxon(values).pvalue:.2g}" if any(values) else "-",
            *(percent(fmean(part)) if part else "-" for part in parts),
            f"{percent(logs[worst])} {worst}",
        ]


def percent(log: float) -> str:
    """Return a logarithm of a ratio as a change in percent.

    >>> percent(0.0953)
    '+10.0 %'
    """
    return f"{100 * math.expm1(log):+.1f} %"


if __name__ == "__main__":
    main()
