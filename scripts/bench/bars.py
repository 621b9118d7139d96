"""Bars of `scripts.bench.scale`: what the project does with rows, each beside its floor.

A bar is two functions of `Rows`. To add one, write them, with what they share as properties of
`Rows` (made before any time is taken), and enter them into `BARS`; `known.json` is written by
`scripts.bench.scale --quick --write`. Bars of whole commands are in `command_bars`.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.bench.measure import dataset, experiment, measure, part_to_predict, run
from spaceship.task.written import as_written

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from spaceship.data._base import Dataset
    from spaceship.experiment import Experiment

_ROWS_A_GROUP, _TO_PREDICT = 1.403, 0.05
FOLDS = 5


class Rows:
    """Passengers with labels, drawn or of Kaggle's files, and what is made of them once.

    >>> len(Rows(1000, tmp_path).frame) > 900
    True
    """

    n_folders = 0

    def __init__(self, count: int, folder: Path, kaggle: Path | None = None) -> None:
        """Draw about so many rows if no folder of Kaggle's files is given; use an empty folder."""
        self.folder = folder
        n_groups = round(count / _ROWS_A_GROUP / (1 - _TO_PREDICT))
        self.overrides = (f"data.n_groups={n_groups}", f"data.test_fraction={_TO_PREDICT}")
        if kaggle is not None:
            self.kaggle, self.table = kaggle, kaggle / "train.csv"
            self.overrides = self.files

    @cached_property
    def data(self) -> "Dataset":
        """The checked data set."""
        return dataset(*self.overrides)

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """The labelled rows."""
        return self.data.train

    @cached_property
    def target(self) -> Any:
        """The label of each row."""
        return self.data.task.target(self.frame)

    @cached_property
    def groups(self) -> "pd.Series":
        """The name of each row's group."""
        return self.data.task.group_names(self.frame)

    @cached_property
    def folds(self) -> list[Any]:
        """Five folds of all rows."""
        from spaceship.split.folds import group_folds

        return group_folds(self.groups, self.target, self.data.task, n_splits=FOLDS, seed=42)

    @cached_property
    def matrix(self) -> "pd.DataFrame":
        """The columns of `features=raw`, as LightGBM takes them."""
        made: pd.DataFrame = self.pipeline("raw")[:-1].fit_transform(self.frame, self.target)
        return made

    @cached_property
    def table(self) -> Path:
        """The labelled rows as a CSV file in a folder of its own."""
        path = self.folder / "data" / "train.csv"
        path.parent.mkdir()
        task = self.data.task
        written = as_written(self.frame.drop(columns=task.label), task.raw)
        written.assign(**{task.label: self.frame[task.label]}).to_csv(path, index=False)
        return path

    @cached_property
    def kaggle(self) -> Path:
        """A folder with the files of Kaggle, but for the sample."""
        folder, test = self.table.parent, part_to_predict(*self.overrides)
        as_written(test, self.data.task.raw).to_csv(folder / "test.csv", index=False)
        return folder

    @property
    def files(self) -> tuple[str, str]:
        """The overrides that read them."""
        return "data=local", f"data.dir={self.kaggle}"

    @cached_property
    def trained(self) -> Path:
        """A folder of outputs with a champion, LightGBM on `full`."""
        outputs = self.new_folder()
        words = ("mode=train", "model=lgbm", "gate.floor.minimum=0.5", *self.files)
        measure(run(*words, outputs=outputs)).expect("Verdict: champion")
        return outputs

    @cached_property
    def trained_plainly(self) -> Path:
        """The folder with model and database of the plain scripts."""
        words = (sys.executable, "-m", "scripts.bench.plain", "train_logged", str(self.kaggle))
        measure(words, self.folder).expect("")
        return self.folder

    def new_folder(self) -> Path:
        """Return a folder that is not there yet."""
        self.n_folders += 1
        return self.folder / f"new-{self.n_folders}"

    @cached_property
    def stored(self) -> "Experiment":
        """The Experiment of the CSV file."""
        alone = "++task.files={train: train.csv, test: null, sample: null}"
        return experiment("data=local", f"data.dir={self.table.parent}", alone)

    @cached_property
    def fitted(self) -> "tuple[Pipeline, Any]":
        """The pipeline of `features=raw` fitted on all rows, and its booster."""
        whole = self.pipeline("raw").fit(self.frame, self.target)
        return whole, whole[-1].booster_

    def job(self, *more: str) -> "Experiment":
        """Return the Experiment of LightGBM on the rows."""
        return experiment("mode=train", "model=lgbm", *self.overrides, *more)

    def pipeline(self, features: str) -> "Pipeline":
        """Return LightGBM on a set of features, not fitted."""
        job = self.job(f"features={features}")
        return job.pipeline(job.recipe())

    def fit_alone(self, *parts: Any) -> None:
        """Fit LightGBM on the ready matrix, on all rows or on each part."""
        for part in parts or [slice(None)]:
            self.pipeline("raw")[-1].fit(self.matrix.iloc[part], self.target[part])


Step = Callable[[Rows], object]
"""What is measured; a command returns its peak memory in MB."""
Turns = tuple[list[float], list[float], float]
"""Seconds of own cost and of floor by turn, and the peak memory in MB of the first own one."""
Pairs = Callable[[Rows, int], Turns]
"""Costs measured in so many turns."""


@dataclass(frozen=True)
class Bar:
    """A cost of the project and the least that the same rows could cost."""

    own: Step
    floor: Step
    needs: tuple[str, ...]  # properties of `Rows` to make before
    most: str  # what is allowed, in words
    quick: tuple[int, ...] = ()  # numbers of rows of --quick
    turns: int = 3  # of --quick
    pairs: Pairs | None = None  # in place of both


def deal_folds(rows: Rows) -> None:
    """Deal groups to outer folds."""
    from spaceship.split.folds import group_folds

    group_folds(rows.groups, rows.target, rows.data.task, n_splits=FOLDS, seed=42)


def sort_groups(rows: Rows) -> None:
    """Sort the rows by their groups."""
    rows.groups.factorize()[0].argsort(kind="stable")


def make_features(name: str) -> Step:
    """Return a step that fits and applies a set of features."""
    return lambda rows: rows.pipeline(name)[:-1].fit_transform(rows.frame, rows.target)


def read_checked(rows: Rows) -> None:
    """Read a CSV file with labels and check every value."""
    from spaceship.data.checks import checked

    checked(rows.stored.source.read(rows.stored.task), rows.stored.task)


def read_with_arrow(rows: Rows) -> None:
    """Read a CSV file with pyarrow into pandas, nothing checked."""
    from pyarrow import csv  # type: ignore[import-untyped]

    csv.read_csv(rows.table).to_pandas()


def cross_validate(rows: Rows) -> None:
    """Cross-validate LightGBM on `raw`: features, fits, predictions and metrics."""
    from spaceship.evaluation.cross_validation import cross_validate as scored

    scored(rows.pipeline("raw"), rows.frame, rows.data.task, rows.folds)


def fit_and_predict_folds(rows: Rows) -> None:
    """Fit LightGBM on each fold of a ready matrix and predict the rest."""
    for train, test in rows.folds:
        model = rows.pipeline("raw")[-1].fit(rows.matrix.iloc[train], rows.target[train])
        model.predict_proba(rows.matrix.iloc[test])


def predict(rows: Rows) -> None:
    """Predict typed rows with a fitted pipeline."""
    from spaceship.evaluation.cross_validation import predict as predicted

    predicted(rows.fitted[0], rows.frame, rows.data.task)


def predict_matrix(rows: Rows) -> None:
    """Predict a ready matrix with the bare booster."""
    rows.fitted[1].predict(rows.matrix, num_threads=1)


MATRIX = ("frame", "target", "matrix")
BARS = {
    "folds over sorting by group": Bar(
        deal_folds, sort_groups, ("groups", "target"), "1 s at 10⁶", (100_000,)
    ),
    "features=full over LightGBM's fit": Bar(
        make_features("full"), Rows.fit_alone, MATRIX, "1.0; 3 frames", (10_000,)
    ),
    "features=table over LightGBM's fit": Bar(
        make_features("table"), Rows.fit_alone, MATRIX, "1.0; 3 frames", (10_000,)
    ),
    "CSV read and checked over pyarrow.csv": Bar(
        read_checked, read_with_arrow, ("table", "stored"), "-", (10_000,)
    ),
    "cross-validation over its fits": Bar(
        cross_validate, fit_and_predict_folds, (*MATRIX, "folds"), "-", (10_000,), 1
    ),
    "prediction over the bare booster": Bar(
        predict, predict_matrix, ("matrix", "fitted"), "1.25", (10_000,), 2
    ),
}
