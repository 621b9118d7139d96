"""Hold-out by hash: a group is held out for ever, however much data arrives."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError
from spaceship.task.spaceship_titanic.columns import GROUPS, ID, NOUN, group_of

_HASH_BYTES = 8


def holdout_mask(ids: pd.Series, *, fraction: float, salt: str) -> npt.NDArray[np.bool_]:
    """Return True for the rows whose group is held out `(n_rows,)`.

    The side of a group depends on its name and the salt only; a larger fraction holds out the same
    groups and more.

    Args:
        ids: Ids of the rows `(n_rows,)`.
        fraction: Expected share of the groups held out, between 0 and 1.
        salt: Any text; another salt draws another hold-out.

    Raises:
        ConfigError: The fraction is not between 0 and 1.
        DataError: One of the two parts would be empty, or an id is missing.

    >>> ids = pd.Series(["0001_01", "0003_01", "0003_02", "0004_01"])
    >>> holdout_mask(ids, fraction=0.2, salt="salt").tolist()
    [False, True, True, False]

    """
    if not 0 < fraction < 1:
        message = "expected split.holdout_fraction to lie strictly between 0 and 1"
        raise ConfigError(f"{message}, found {fraction}; set split.holdout_fraction=0.2")
    codes, groups = group_codes(ids)
    limit = int(fraction * 2 ** (8 * _HASH_BYTES))
    mask = np.array([_hash(f"{salt}\0{group}") < limit for group in groups], dtype=bool)[codes]
    if mask.all() or not mask.any():
        empty = "training part" if len(mask) and mask.all() else "hold-out"
        message = (
            f"expected {GROUPS} on both sides of the hold-out, found that the {empty} is empty: "
            f"{len(groups)} {GROUPS}, fraction {fraction}; give more data, or change "
            "split.holdout_fraction or split.salt"
        )
        raise DataError(message)
    return mask


def group_codes(ids: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return the number of the group of each row, and the name of each number.

    Raises:
        DataError: An id is missing.

    >>> codes, groups = group_codes(pd.Series(["0003_01", "0001_01", "0003_02"]))
    >>> codes.tolist(), groups
    ([0, 1, 0], ['0003', '0001'])

    """
    codes, groups = pd.factorize(group_of(ids))
    if lost := int((codes < 0).sum()):
        message = f"expected {ID} in every row, found {lost} missing"
        raise DataError(f"{message}; mend the file: a {NOUN} without it belongs to no group")
    return codes, [str(group) for group in groups]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_HASH_BYTES).digest(), "big")
