"""Settings of LightGBM on the 30 real tables, each against those shipped until 2026-11-30.

Every candidate is scored on out-of-fold predictions of group-aware folds, by log loss or root mean
squared error; its ratio to the first one is taken table by table. Fewer trees are read off a longer
fit, so that they cost nothing. A number of trees chosen by data is the best one on the next fold,
or on the other four. `--held` takes the tables that were held back for the confirmation. With
`--blend` three parts of CatBoost and one part of the candidate are averaged.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from scripts.bench.foreign import KINDS, loss
from scripts.bench.measure import machine, names, parser, progress, table
from scripts.bench.table_tasks import TableTask, table_task
from scripts.bench.tables import TABLES
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import numpy as np

FOLDS = 5
HELD = (
    *("MplsStops", "HMDA", "colon", "OJ"),
    *("birds", "Cracker", "olive"),
    *("hotel_rates", "PSID7682", "ames"),
)
"""Tables for the confirmation: a third of each kind."""
STAGES = (75, 100, 150, 200, 300, 400)
SETTINGS = {
    "31 leaves": ("num_leaves=31", "reg_lambda=1"),
    "16 leaves": ("num_leaves=16", "reg_lambda=1"),
    "16 leaves, L2 of 3": ("num_leaves=16", "reg_lambda=3"),
    "16 leaves, L2 of 10": ("num_leaves=16", "reg_lambda=10"),
}
FIRST = "31 leaves, 300 trees"
PARTS = 3
"""Parts of CatBoost in the blend."""

Values = dict[str, "np.ndarray"]
"""Out-of-fold predictions by candidate."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the change of the loss by candidate, over all tables and by kind."""
    options = parser(__doc__)
    options.add_argument("--folder", type=Path, required=True, help="of tables and predictions")
    options.add_argument("--tables", type=names, help="names of some of the tables")
    options.add_argument("--settings", type=lambda text: text.split(";"), help="some, with ;")
    options.add_argument("--held", action="store_true", help="the tables held back")
    options.add_argument("--blend", action="store_true", help="beside CatBoost")
    options.add_argument("--rows", type=int, default=3000, help="of a table, at most")
    options.add_argument("--seed", type=int, default=1, help="of folds and fits")
    given = options.parse_args(arguments)
    prepare()  # before a library that starts threads is imported
    chosen = {name: SETTINGS[name] for name in given.settings or SETTINGS}
    found: dict[str, dict[str, float]] = {}
    kinds = {}
    for real in TABLES:
        if (real.name in HELD) != given.held or (given.tables and real.name not in given.tables):
            continue
        one = table_task(real, given.folder.absolute(), given.rows)
        values = Fits(one, given.folder, given.seed).predictions(chosen, blend=given.blend)
        found[real.name] = {name: loss(one.y, of, one.task.problem) for name, of in values.items()}
        kinds[real.name] = str(one.task.problem)
        progress(f"{real.name}: {found[real.name][FIRST]:.4f}")
    print(machine())
    print(f"{len(found)} tables of at most {given.rows:,} rows, {FOLDS} folds, seed {given.seed}\n")
    head = ["candidate", "loss, mean change", "t", "tables better", *KINDS, "worst table"]
    print(table(head, rows(found, kinds)))


@dataclass(frozen=True)
class Fits:
    """Out-of-fold predictions of a table, kept in a folder."""

    one: TableTask
    folder: Path
    seed: int

    def predictions(self, settings: Mapping[str, Sequence[str]], *, blend: bool) -> Values:
        """Return the predictions of each setting after each number of trees."""
        import numpy as np

        made: Values = {}
        folds = [test for _, test in self.one.folds(FOLDS, self.seed)]
        for name, words in settings.items():
            chosen = [f"model.estimator.{word}" for word in (*words, f"n_estimators={STAGES[-1]}")]
            stages = self._kept(name, "model=lgbm_table", *chosen)
            made |= {f"{name}, {trees} trees": values for trees, values in stages.items()}
            for folds_seen in (1, FOLDS - 1):
                made[f"{name}, trees by folds: {folds_seen}"] = by_folds(
                    self.one, stages, folds, folds_seen
                )
        if not blend:
            return made
        (other,) = self._kept("catboost", "model=catboost", "threads=1", trees=()).values()
        return {
            name: np.average([other, values], axis=0, weights=[PARTS, 1])
            for name, values in made.items()
        }

    def _kept(self, name: str, *words: str, trees: Sequence[int] = STAGES) -> Values:
        import numpy as np

        file = self.folder / "kept" / f"{self.one.folder.name} {name} {self.seed}.npz"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            made: dict[str, Any] = self._made(trees, *words)
            np.savez(file, **made)
        return dict(np.load(file))

    def _made(self, stages: Sequence[int], *words: str) -> Values:
        import numpy as np

        one, found = self.one, dict[str, Any]()
        job = one.experiment(*words, f"seed={self.seed}")
        pipeline = job.pipeline(job.recipe())
        for train, test in one.folds(FOLDS, self.seed):
            fitted = pipeline.fit(one.frame.iloc[train], one.y[train])
            columns = fitted[:-1].transform(one.frame.iloc[test])
            for key, values in staged(one, fitted[-1], columns, stages):
                found.setdefault(key, np.empty((len(one.y), *values.shape[1:])))[test] = values
        return found


def by_folds(
    one: TableTask, stages: Values, folds: "Sequence[np.ndarray]", seen: int
) -> "np.ndarray":
    """Return each fold's predictions with the trees that are best on so many folds after it."""
    import numpy as np

    found = np.empty_like(next(iter(stages.values())))
    for number, own in enumerate(folds):
        others = np.concatenate(
            [folds[(number + step) % len(folds)] for step in range(1, seen + 1)]
        )
        losses = {
            trees: loss(one.y[others], values[others], one.task.problem)
            for trees, values in stages.items()
        }
        found[own] = stages[min(losses, key=lambda trees: losses[trees])][own]
    return found


@dataclass(frozen=True)
class Stage:
    """A fitted model of LightGBM, cut after some trees."""

    fitted: Any
    trees: int

    @property
    def classes_(self) -> Any:
        """The classes of the training rows."""
        return self.fitted.classes_

    def predict(self, columns: Any) -> Any:
        """Return numbers."""
        return self.fitted.predict(columns, num_iteration=self.trees)

    def predict_proba(self, columns: Any) -> Any:
        """Return probabilities."""
        return self.fitted.predict_proba(columns, num_iteration=self.trees)


def staged(
    one: TableTask, fitted: Any, columns: Any, stages: Sequence[int]
) -> "Iterator[tuple[str, np.ndarray]]":
    """Yield the predictions after each number of trees, or with all."""
    from spaceship.evaluation.cross_validation import predict

    if not stages:
        yield "all", predict(fitted, columns, one.task)
    for trees in stages:
        yield str(trees), predict(Stage(fitted, trees), columns, one.task)


def rows(found: Mapping[str, Mapping[str, float]], kinds: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield a candidate's change of the loss in percent, and its test over the tables.

    >>> by = {"a": {FIRST: 1.0, "few": 0.9}, "b": {FIRST: 1.0, "few": 0.8}}
    >>> list(rows(by, {"a": "binary", "b": "binary"}))[1]
    ['few', '-15.1 %', '-2.8', '2 of 2', '-15.1 %', '-', '-', '-10.0 % a']
    """
    for name in next(iter(found.values()), {}):
        logs = {one: math.log(by[name] / by[FIRST]) for one, by in found.items() if name in by}
        values = [*logs.values()]
        error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0
        parts = [[logs[one] for one in logs if kinds[one] == kind] for kind in KINDS]
        worst = max(logs, key=lambda one: logs[one])
        yield [
            name,
            percent(fmean(values)),
            f"{fmean(values) / error:+.1f}" if error else "-",
            f"{sum(value < 0 for value in values)} of {len(values)}",
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
