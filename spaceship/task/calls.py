"""Calls: the rows of several calls of a model in one frame, in which groups stay apart by call.

A feature may look at rows of the same group in the same call. Thousands of calls of few rows are
quicker as one frame whose index names the call of each row.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from spaceship.task.arrays import Ints

_CALL = "number of the call"


def in_calls(frame: pd.DataFrame, calls: Sequence[int] | Ints) -> pd.DataFrame:
    """Return a frame as the rows of several calls, given the number of each row's call.

    >>> towns = pd.DataFrame({"town": ["Ulm", "Ulm", "Ulm"]})
    >>> apart_by_call(in_calls(towns, [0, 0, 1])["town"]).nunique()
    2
    """
    numbers = pd.Index(np.asarray(calls), name=_CALL)
    return frame.set_axis(pd.MultiIndex.from_arrays([numbers, range(len(frame))]))


def apart_by_call(names: pd.Series) -> pd.Series:
    """Return names of groups; those of different calls differ. A missing name stays missing.

    >>> apart_by_call(pd.Series(["Ulm", "Ulm"])).nunique()  # one call
    1
    """
    calls = numbers_of_calls(names.index)
    return names if calls is None else names + "\0" + pd.Series(calls.astype("str"), names.index)


def numbers_of_calls(index: pd.Index) -> Ints | None:
    """Return the number of each row's call; None if all rows are of one call.

    >>> numbers_of_calls(in_calls(pd.DataFrame({"town": ["Ulm", "Bern"]}), [0, 1]).index)
    array([0, 1])
    """
    return index.get_level_values(_CALL).to_numpy() if _CALL in index.names else None
