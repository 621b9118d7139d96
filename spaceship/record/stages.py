"""Stages of a run: digests of tables, split, features, predictions, model and verdict."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.data._base import Dataset
from spaceship.data.digest import Hashes, TableDigest, mixed, short_digest, table_digest
from spaceship.evaluation.cross_validation import PreparedFold
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import OUT_OF_FOLD, SPLIT, Report
from spaceship.evaluation.twins import TrainingPart
from spaceship.gate.verdict import Verdict
from spaceship.model.preparations import preparations
from spaceship.split.folds import Fold
from spaceship.task.arrays import Estimator, Positions

Tables = dict[str, TableDigest]
Stages = dict[str, Tables]
"""Digests by the name of a stage, in the order of a run, and by the name of a table in it."""
ORDER = (
    *("raw", "typed", SPLIT, "features", OUT_OF_FOLD),
    *("holdout", "repeats", "model", "verdict"),
)
OPTIONAL = {"repeats"}
"""Stages that a whole run has only if its gate asks for them."""
Folds = npt.NDArray[np.int16]
UNTESTED, OUTSIDE = -1, -2
"""In place of a fold: a row of the training part that no fold tests, a row outside of it."""


class FoldFeatures:
    """Digests of the features of each fold, and of each row a hash over all folds.

    A blend and a recipe with inner folds take raw columns and make features inside: of them, those
    that each member makes of the tested rows are digested too.

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
        self.tables: Tables = {}
        self.rows: Hashes = np.zeros(n_rows, np.uint64)
        self._folds = 0

    def __call__(self, prepared: PreparedFold, fold: Fold, fitted: Estimator) -> None:
        """Add the next fold: what its estimator has learnt from and what it predicts."""
        self._folds += 1
        learnt, tested = fold
        self._add("learnt", prepared.train, learnt)
        self._add("tested", prepared.test, tested)
        for number, steps in enumerate(preparations(fitted), start=1):
            self._add(f"member {number}", steps.transform(prepared.test), tested)

    def _add(self, name: str, part: Any, rows: Positions) -> None:
        self.tables[f"fold {self._folds} {name}"], hashes = table_digest(part)
        self.rows[rows] = mixed(self.rows[rows], hashes)


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
    raw = data.raw if isinstance(data.raw, dict) else {"source": data.raw}
    return {"raw": {name: TableDigest(one) for name, one in raw.items()}, "typed": typed}, rows


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


def repeats_stage(part: TrainingPart, protocol: Protocol, report: Report) -> Tables:
    """Return the stage of the repeats that a gate asks for: the folds of each seed, the scores.

    >>> from spaceship.evaluation.protocol import Protocol
    >>> protocol = Protocol(0.3, "a", n_folds=2, seed=1)
    >>> part = TrainingPart.of(people.train, task, protocol)
    >>> made = repeats_stage(part, protocol, Report("a", "b", "c", repeats={"7": {"auc": 0.5}}))
    >>> {name: [*table.columns] for name, table in made.items()}
    {'seed 7': ['fold', 'scores']}
    """
    made = {}
    for seed, scores in report.repeats.items():
        folds = replace(protocol, seed=int(seed)).folds(part.rows, part.task)
        places = short_digest(*(tested.astype("<i8").tobytes() for _, tested in folds))
        columns = {"fold": places, "scores": short_digest(json.dumps(scores))}
        whole = short_digest(*columns.values())
        made[f"seed {seed}"] = TableDigest(whole, len(part.rows), columns=columns)
    return made


def split_stage(folds: Folds) -> Tables:
    """Return the stage of the split: which rows are in the training part, and their folds.

    >>> list(split_stage(np.array([1, 2, -2]))["train"].columns)
    ['training part', 'fold']
    """
    sides = pd.DataFrame({"training part": folds != OUTSIDE, "fold": folds})
    return {"train": table_digest(sides)[0]}


def holdout_stage(holdout: HoldOut) -> Tables:
    """Return the stage of the twin's predictions for the hold-out; labels are no part of it.

    >>> list(holdout_stage(HoldOut.of(["a-1"], [True], [0.75]))["rows"].columns)
    ['id', 'value']
    """
    table = pd.DataFrame(holdout.values, columns=[*holdout.classes] or ["value"])
    table.insert(0, "id", holdout.ids.to_numpy(), allow_duplicates=True)
    return {"rows": table_digest(table)[0]}


def verdict_stage(verdict: Verdict) -> Tables:
    """Return the stage of the verdict: award, rule, and which checks are met; no measured time.

    >>> list(verdict_stage(Verdict("refused", "Refused: no gain.", "any_gain"))["verdict"].columns)
    ['award', 'rule', 'checks']
    """
    checks = [(one.rule, bool(one.passed)) for one in verdict.checks]
    facts = {"award": str(verdict.award), "rule": verdict.rule, "checks": json.dumps(checks)}
    columns = {name: short_digest(one) for name, one in facts.items()}
    return {"verdict": TableDigest(short_digest(*columns.values()), columns=columns)}


def stage_title(name: str) -> str:
    """Return the name of a stage in words.

    >>> stage_title("out_of_fold"), stage_title("holdout")
    ('out of fold', 'hold-out')
    """
    return {"holdout": "hold-out"}.get(name, name.replace("_", " "))


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
