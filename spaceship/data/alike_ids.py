"""Ids and groups that are written in two ways: with leading zeros, decimals, blanks, other case."""

import pandas as pd

_CHANGES = (  # pattern and replacement, in RE2's syntax: Arrow does not fall back to Python
    (r"(^|[^0-9A-Za-z.,])0+([0-9])", r"\1\2"),  # 0013 and 0013_01, but neither 1.05 nor A07
    (r"^([0-9]+)\.0+$", r"\1"),
    (r"\s+", ""),
)
_ANY = r"(?:^|[^0-9A-Za-z.,])0+[0-9]|^[0-9]+\.0+$|\s"
"""Whether one of these changes something."""


def plain_ids(names: pd.Series) -> pd.Series:
    """Return names without leading zeros of whole numbers in them, `.0` behind one, or blanks.

    >>> plain_ids(pd.Series(["0013_01", "13.0", "A 007", "1.05", "A07"])).tolist()
    ['13_1', '13', 'A7', '1.05', 'A07']
    """
    if names.str.contains(_ANY, regex=True).any():
        for pattern, new in _CHANGES:
            names = names.str.replace(pattern, new, regex=True)
    return names


def alike(one: pd.Series, other: pd.Series) -> list[str]:
    """Return the names of two columns that are the same but for zeros, decimals and blanks.

    A name that is in both as it is stands alone.

    >>> alike(pd.Series(["1", "2", "3"]), pd.Series(["001", "2", "4"]))
    ['1 = 001', '2']
    """
    different = [names.drop_duplicates() for names in (one, other)]
    plain = [plain_ids(names) for names in different]
    both = sorted({*plain[0]} & {*plain[1]})
    if not both:
        return []
    spelt = [dict(zip(*each, strict=True)) for each in zip(plain, different, strict=True)]
    pairs = [(spelt[0][key], spelt[1][key]) for key in both]
    return [a if a == b else f"{a} = {b}" for a, b in pairs]


def written_twice(names: pd.Series, *, in_case: bool = False) -> list[str]:
    """Return the names of one column that are the same but for zeros, or else for case.

    >>> written_twice(pd.Series(["0013", "13", "Ab"])), written_twice(pd.Series(["AB", "ab"]))
    (['0013 = 13'], [])
    >>> written_twice(pd.Series(["AB", "ab"]), in_case=True)
    ['AB = ab']
    """
    lengths = names.str.len()
    if not in_case and lengths.min() == lengths.max():  # filled up with zeros, if at all
        return []
    changed = names.str.lower() if in_case else plain_ids(names)
    if changed is names or (in_case and (changed.equals(names) or names.str.isupper().all())):
        return []
    different = names[~names.duplicated()]
    plain = changed[different.index]
    again = plain.duplicated(keep=False)
    if not again.any():
        return []
    found = different[again].groupby(plain[again], sort=True)
    return [" = ".join(spellings) for _, spellings in found]
