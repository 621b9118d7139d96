"""Out-of-fold losses: kept as a file, and compared with those of a hold-out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data._base import Dataset
from spaceship.errors import RegistryError
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE, OutOfFold
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.twins import TrainingPart, measure


def learnt(wrong: object) -> OutOfFold:
    losses = np.asarray(wrong, float)
    index = pd.Index([f"t{n}" for n in range(len(losses))])
    rows = pd.DataFrame({"group": [*index], "loss": losses, "constant": 0.5}, index=index)
    return OutOfFold(rows)


def held(wrong: object, rows_of_a_group: int = 1) -> HoldOut:
    right = ~np.asarray(wrong, bool)
    groups = np.array([f"g{n // rows_of_a_group}" for n in range(len(right))])
    ids = [f"h{n}" for n in range(len(right))]
    return HoldOut.of(ids, np.ones(len(right), bool), np.where(right, 0.9, 0.1), groups=groups)


def test_the_losses_are_those_of_the_folds(people: Dataset, pipeline: object) -> None:
    protocol = Protocol(0.3, "a", n_folds=3, seed=1)
    report = measure(
        pipeline,
        TrainingPart.of(people.train, people.task, protocol),
        Report("m", "local", "d"),
    )
    training, _ = protocol.split(people.train, people.task)
    assert report.out_of_fold is not None
    rows = report.out_of_fold.rows
    assert rows.index.tolist() == people.task.names(training).tolist()
    folds = protocol.folds(training, people.task)
    means = [1 - rows["loss"].iloc[test].mean() for _, test in folds]
    assert means == pytest.approx([fold["accuracy"] for fold in report.folds])
    assert rows["constant"].mean() <= 0.5


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    assert OutOfFold.read(tmp_path) is None
    (tmp_path / OUT_OF_FOLD_FILE).write_text("no parquet")
    with pytest.raises(RegistryError, match="out-of-fold losses in"):
        OutOfFold.read(tmp_path)


def test_an_easier_hold_out_stands_out_and_an_honest_one_does_not() -> None:
    rng = np.random.default_rng(1)
    own = learnt(rng.random(2000) < 0.2)
    assert own.excess(held(np.zeros(400))) > 4
    drawn = [own.excess(held(rng.random(400) < 0.2)) for _ in range(200)]
    assert max(drawn) < 4
    easy = rng.random(40) < 0.05
    assert own.excess(held(np.repeat(easy, 10), rows_of_a_group=10)) < own.excess(
        held(np.repeat(easy, 10))
    ), "a group counts once"
    assert learnt(np.zeros(9)).excess(held(np.zeros(9))) == 0
