"""Association of a column with the labels: columns without one would be learnt by heart."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.task.arrays import Floats

_STRENGTH = 15.0  # squared correlation times rows: by chance exceeded once in 10,000 columns


def centred_ranks(labels: Floats) -> Floats:
    """Return the rank of each label in its column, less the mean: an outlier weighs no more.

    >>> centred_ranks(np.array([[7.0], [900.0], [8.0]])).ravel().tolist()
    [-1.0, 1.0, 0.0]
    """
    ranks = pd.DataFrame(labels).rank().to_numpy(np.float64)
    centred: Floats = ranks - ranks.mean(axis=0)
    return centred


def goes_with(marks: npt.ArrayLike, ranks: Floats) -> bool:
    """Return whether marks `(n_rows,)` are correlated with a column of centred ranks.

    >>> ranks = centred_ranks(np.arange(40.0).reshape(-1, 1))
    >>> goes_with(np.arange(40) >= 20, ranks), goes_with(np.arange(40) % 2, ranks)
    (True, False)
    """
    values = np.asarray(marks, dtype=np.float64)
    values = values - values.mean()
    scale = np.square(values).sum() * np.square(ranks).sum(axis=0)
    return bool((np.square(values @ ranks) * len(values) > _STRENGTH * scale).any())


def size_goes_with(groups: pd.Series, labels: Floats) -> bool:
    """Return whether the number of a group's rows has to do with the group's mean label.

    Each group counts once. Where there are few groups, a size names one: an estimator would learn
    the labels of that group and expect them of any group of the same size.

    >>> groups = pd.Series(np.repeat(np.arange(60), [1, 2] * 30))
    >>> large = groups.map(groups.value_counts()) == 2
    >>> size_goes_with(groups, large.to_numpy(float).reshape(-1, 1))
    True
    >>> size_goes_with(groups, np.zeros((len(groups), 1)))
    False
    """
    means = pd.DataFrame(labels).groupby(groups.to_numpy()).mean()
    sizes = groups.value_counts().reindex(means.index)
    return goes_with(sizes.rank(), centred_ranks(means.to_numpy()))
