"""Reports with as many correct predictions as a test asks for."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.losses import Labels
from spaceship.evaluation.report import Report

MakeReport = Callable[..., Report]


def make_report(correct: Sequence[bool], *, first: int = 0, **changes: Any) -> Report:
    labels = np.array([(first + n) % 2 == 0 for n in range(len(correct))], bool)
    pairs = zip(labels, correct, strict=True)
    chances = tuple(0.9 if label == right else 0.1 for label, right in pairs)
    ids = pd.Index([f"{first + n:05d}_01" for n in range(len(correct))], name="PassengerId")
    parts = {"name": "m", "data_source": "synthetic", "data_digest": "d"}
    holdout = HoldOut.of(ids, labels, chances, label="Transported")
    return Report(**parts | {"holdout": holdout} | changes)


def labels_of(holdout: HoldOut) -> Labels:
    """Return the labels of a hold-out's rows, as the data gives them."""
    return Labels(pd.Series(holdout.target, holdout.ids, name=holdout.label), holdout.classes)
