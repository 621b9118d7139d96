"""How good probabilities are: the five metrics, calibration, and scores by slice."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.evaluation.report import DIRECTIONS, THRESHOLD
from spaceship.split.folds import travel_group

MISSING = "missing"
_ECE_BINS = 10


def score(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Return the five metrics of `report.DIRECTIONS`.

    Args:
        labels: True or False per row `(n_rows,)`.
        probabilities: Predicted probability of True `(n_rows,)`.
        threshold: Probability above which True is predicted; `accuracy` alone depends on it.

    Returns:
        The metrics, unrounded. All are NaN if a probability is NaN; `roc_auc` is NaN if only one
        class is present.

    """
    from sklearn.metrics import roc_auc_score

    truth = np.asarray(labels, dtype=bool)
    chance = np.asarray(probabilities, dtype=float)
    if np.isnan(chance).any():
        return dict.fromkeys(DIRECTIONS, math.nan)
    one_class = truth.all() or not truth.any()
    return {
        "accuracy": float(np.mean((chance > threshold) == truth)),
        "roc_auc": math.nan if one_class else float(roc_auc_score(truth, chance)),
        "log_loss": log_loss(truth, chance),
        "brier": float(np.mean((chance - truth) ** 2)),
        "ece": calibration_error(truth, chance),
    }


def log_loss(labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.float64]) -> float:
    """Return the mean negative log-likelihood: what scikit-learn's function of the name returns.

    That one takes over a millisecond to look at its arguments, even with their validation switched
    off, and a trial of a sweep asks 20 times.

    Raises:
        ValueError: A probability is below 0 or above 1.

    """
    if probabilities.min() < 0 or probabilities.max() > 1:
        ends = f"{probabilities.min()} … {probabilities.max()}"
        msg = f"Expected probabilities between 0 and 1, got {ends}."
        raise ValueError(msg)
    certain = np.finfo(np.float64).eps
    of_truth = np.where(labels, probabilities, 1 - probabilities)
    return float(-np.log(of_truth.clip(certain, 1 - certain)).mean())


def calibration_error(
    labels: npt.NDArray[np.bool_], probabilities: npt.NDArray[np.float64], n_bins: int = _ECE_BINS
) -> float:
    """Return the expected calibration error over bins of equal width.

    The mean over bins, weighted by their rows, of |share of True - mean probability|: equation 3
    of Naeini, Cooper & Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
    Binning", AAAI 2015, with their 10 bins of the probability of True.
    """
    bins = np.minimum((probabilities * n_bins).astype(np.intp), n_bins - 1)
    surplus = np.bincount(bins, weights=labels - probabilities, minlength=n_bins)
    return float(np.abs(surplus).sum() / len(labels))


def score_slices(
    frame: pd.DataFrame,
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    predictions: npt.ArrayLike | None = None,
) -> list[dict[str, Any]]:
    """Score the passengers of each planet, deck and sleep, alone or in a group.

    Args:
        frame: Typed columns `(n_rows, n_columns)`.
        labels: True or False per row `(n_rows,)`.
        probabilities: Predicted probability of True `(n_rows,)`.
        predictions: Predicted label `(n_rows,)`; None is True above 0.5.

    Returns:
        A dict of slice, value (`missing` where it is unknown), n, accuracy and log_loss for each
        value that occurs, in a fixed order.

    """
    truth, chance = np.asarray(labels, dtype=bool), np.asarray(probabilities, dtype=float)
    guess = chance > THRESHOLD if predictions is None else np.asarray(predictions, dtype=bool)
    rows = []
    for name, values in slice_values(frame).items():
        for value in sorted(values.unique()):
            inside = (values == value).to_numpy(dtype=bool)
            scores = _score_slice(truth[inside], chance[inside], guess[inside])
            rows.append({"slice": name, "value": value, "n": int(inside.sum()), **scores})
    return rows


def _score_slice(
    truth: npt.NDArray[np.bool_], chance: npt.NDArray[np.float64], guess: npt.NDArray[np.bool_]
) -> dict[str, float]:
    """Return the two metrics that mean something for the few rows of a slice."""
    if np.isnan(chance).any():
        return {"accuracy": math.nan, "log_loss": math.nan}
    accuracy = float(np.mean(guess == truth))
    return {"accuracy": accuracy, "log_loss": log_loss(truth, chance)}


def slice_values(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the value of each passenger in each slice, as text: planet, deck, sleep, party."""
    group = travel_group(frame["PassengerId"])
    alone = group.map(group.value_counts()) == 1
    values = {
        "HomePlanet": frame["HomePlanet"],
        "deck": frame["Cabin"].str[:1],
        "CryoSleep": frame["CryoSleep"].map({True: "True", False: "False"}),
        "party": alone.map({True: "solo", False: "group"}),
    }
    return {name: column.astype("str").fillna(MISSING) for name, column in values.items()}
