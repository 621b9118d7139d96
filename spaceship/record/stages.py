"""Stages of a run: digests of tables, split, features, predictions, model and verdict."""

import json
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import Dataset
from spaceship.data.digest import Hashes, TableDigest, mixed, short_digest, table_digest
from spaceship.evaluation.cross_validation import PreparedFold
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import OUT_OF_FOLD
from spaceship.evaluation.twins import TrainingPart
from spaceship.gate.verdict import Verdict
from spaceship.split.folds import Fold

Stages = dict[str, dict[str, TableDigest]]
"""Digests by the name of a stage, in the order of a run, and by the name of a table in it."""
ORDER = ("raw", "typed", "split", "features", OUT_OF_FOLD, "holdout", "model", "verdict")
Folds = npt.NDArray[np.int16]
UNTESTED, OUTSIDE = -1, -2
"""In place of a fold: a row of the training part that no fold tests, a row outside of it."""


class FoldFeatures:
    """Digests of the features of each fold, and of each row a hash over all folds.

    >>> from spaceship.evaluation.protocol import Protocol
    >>> part = TrainingPart.of(people.train, task, Protocol(0.3, "a", n_folds=2, seed=1))
    >>> features = FoldFeatures(len(part.rows))
    >>> from spaceship.evaluation.report import Report
    >>> from spaceship.evaluation.twins import measure
    >>> _ = measure(pipeline, part, Report("a", "b", "c"), observe=features)
    >>> list(features.tables)
    ['fold 1 learnt', 'fold 1 tested', 'fold 2 learnt', 'fold 2 tested']
    """

    def __init__(self, n_rows: int) -> None:
        """Start without a fold, given the rows of the training part."""
        self.tables: dict[str, TableDigest] = {}
        self.rows: Hashes = np.zeros(n_rows, np.uint64)

    def __call__(self, prepared: PreparedFold, fold: Fold) -> None:
        """Add the next fold: what its estimator learns from and what it predicts."""
        number = len(self.tables) // 2 + 1
        parts = (("learnt", prepared.train), ("tested", prepared.test))
        for (name, part), at in zip(parts, fold, strict=True):
            self.tables[f"fold {number} {name}"], hashes = table_digest(part)
            self.rows[at] = mixed(self.rows[at], hashes)


def data_stages(data: Dataset) -> tuple[Stages, Hashes]:
    """Return the stages of raw and typed tables, and a hash of each labelled row.

    >>> stages, rows = data_stages(people)
    >>> stages["typed"]["train"].rows == len(rows) == len(people.train)
    True
    """
    train, rows = table_digest(data.train)
    typed = {"train": train}
    if data.test is not None:
        typed["test"], _ = table_digest(data.test)
    return {"raw": {"source": TableDigest(data.raw)}, "typed": typed}, rows


def folds_of(part: TrainingPart, n_rows: int) -> Folds:
    """Return the number of the fold that tests each labelled row, from 1; see `OUTSIDE`.

    >>> from spaceship.evaluation.protocol import Protocol
    >>> part = TrainingPart.of(people.train, task, Protocol(0.3, "a", n_folds=2, seed=1))
    >>> sorted({int(one) for one in folds_of(part, len(people.train))})
    [-2, 1, 2]
    """
    folds = np.full(n_rows, OUTSIDE, np.int16)
    places = part.rows.index.to_numpy()  # the typed rows are numbered
    folds[places] = UNTESTED
    for number, (_, tested) in enumerate(part.folds, start=1):
        folds[places[tested]] = number
    return folds


def split_stage(folds: Folds) -> dict[str, TableDigest]:
    """Return the stage of the split: which rows are in the training part, and their folds.

    >>> list(split_stage(np.array([1, 2, -2]))["train"].columns)
    ['training part', 'fold']
    """
    sides = pd.DataFrame({"training part": folds != OUTSIDE, "fold": folds})
    return {"train": table_digest(sides)[0]}


def holdout_stage(holdout: HoldOut) -> dict[str, TableDigest]:
    """Return the stage of the twin's predictions for the hold-out; labels are no part of it.

    >>> list(holdout_stage(HoldOut.of(["a-1"], [True], [0.75]))["rows"].columns)
    ['id', 'value']
    """
    table = pd.DataFrame(holdout.values, columns=[*holdout.classes] or ["value"])
    table.insert(0, "id", holdout.ids.to_numpy(), allow_duplicates=True)
    return {"rows": table_digest(table)[0]}


def verdict_stage(verdict: Verdict) -> dict[str, TableDigest]:
    """Return the stage of the verdict: award, rule, and which checks are met; no measured time.

    >>> list(verdict_stage(Verdict("refused", "Refused: no gain.", "any_gain"))["verdict"].columns)
    ['award', 'rule', 'checks']
    """
    checks = [(one.rule, bool(one.passed)) for one in verdict.checks]
    facts = {"award": str(verdict.award), "rule": verdict.rule, "checks": json.dumps(checks)}
    columns = {name: short_digest(one) for name, one in facts.items()}
    return {"verdict": TableDigest(short_digest(*columns.values()), columns=columns)}


def in_short(stages: Mapping[str, Mapping[str, TableDigest]]) -> dict[str, str]:
    """Return one digest a stage, in the order of a run.

    >>> in_short({"raw": {"source": TableDigest("ab12")}}).keys()
    dict_keys(['raw'])
    """
    return {name: _joined(stages[name]) for name in ORDER if name in stages}


def _joined(tables: Mapping[str, TableDigest]) -> str:
    """Return the digest of a single table, else one of all."""
    parts = [f"{name} {one.digest}" for name, one in sorted(tables.items())]
    return short_digest(*parts) if len(parts) > 1 else next(iter(tables.values())).digest
