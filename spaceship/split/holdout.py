"""Hold-out by hash: a group is held out for ever, however much data arrives."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.spaceship_titanic.columns import GROUPS, ID, NOUN, group_of

_HASH_BYTES = 8


def holdout_mask(ids: pd.Series, *, fraction: float, salt: str) -> npt.NDArray[np.bool_]:
    """Return True for the rows whose group is held out `(n_rows,)`.

    The side of a group depends on its name and the salt only. A larger fraction holds out the same
    groups and more; another salt draws another hold-out. Raise DataError if one of the two parts
    would be empty, or an id is missing.

    >>> ids = pd.Series(["0001_01", "0003_01", "0003_02", "0004_01"])
    >>> holdout_mask(ids, fraction=0.2, salt="salt").tolist()
    [False, True, True, False]
    """
    if not 0 < fraction < 1:
        wanted, do = "strictly between 0 and 1", "set split.holdout_fraction=0.2"
        raise ConfigError(expected(f"split.holdout_fraction to lie {wanted}", fraction, do))
    codes, groups = group_codes(ids)
    limit = int(fraction * 2 ** (8 * _HASH_BYTES))
    mask = np.array([_hash(f"{salt}\0{group}") < limit for group in groups], dtype=bool)[codes]
    if mask.all() or not mask.any():
        empty = "training part" if len(mask) and mask.all() else "hold-out"
        found = f"that the {empty} is empty: {len(groups)} {GROUPS}, fraction {fraction}"
        do = "give more data, or change split.holdout_fraction or split.salt"
        raise DataError(expected(f"{GROUPS} on both sides of the hold-out", found, do))
    return mask


def group_codes(ids: pd.Series) -> tuple[npt.NDArray[np.intp], list[str]]:
    """Return the number of the group of each row, and the name of each number.

    >>> codes, groups = group_codes(pd.Series(["0003_01", "0001_01", "0003_02"]))
    >>> codes.tolist(), groups
    ([0, 1, 0], ['0003', '0001'])
    """
    codes, groups = pd.factorize(group_of(ids))
    if lost := int((codes < 0).sum()):
        do = f"mend the file: a {NOUN} without it belongs to no group"
        raise DataError(expected(f"{ID} in every row", f"{lost} missing", do))
    return codes, [str(group) for group in groups]


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=_HASH_BYTES).digest(), "big")
