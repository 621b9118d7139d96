"""Names of columns that every estimator takes: unique, no brackets, quotes, commas or spaces."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from itertools import count

_UNSAFE = re.compile(r"[^\w.-]+")  # `=` among them: it joins a column and a level once encoded
_INDICATOR = "missingindicator_"  # prefix of scikit-learn's columns of missing values


def safe_names(names: Iterable[str]) -> list[str]:
    """Return names of letters, digits, `_`, `.` and `-`, each once; safe ones stay as they are.

    >>> safe_names(["age", "pay [€]", "pay_", "pay"])
    ['age', 'pay_2', 'pay_', 'pay']
    """
    names = list(names)
    plain = [_plain(name) for name in names]
    reserved = {name for name, safe in zip(names, plain, strict=True) if name == safe}
    made: dict[str, None] = {}
    for name, safe in zip(names, plain, strict=True):
        made[_free(safe, made.keys() | (reserved if name != safe else set()))] = None
    return [*made]


def _plain(name: str) -> str:
    if not _UNSAFE.search(name) and name and not name.startswith(_INDICATOR):
        return name
    return _UNSAFE.sub("_", name.replace(_INDICATOR, "missing_indicator_")).strip("_") or "column"


def _free(name: str, taken: AbstractSet[str]) -> str:
    """Return the name, with the first free number behind it if the name is taken."""
    numbered = (f"{name}_{number}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)
