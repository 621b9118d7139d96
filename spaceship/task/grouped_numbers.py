"""Numbers of texts, also with blanks or apostrophes between thousands, as spreadsheets do."""

import numpy as np
import pandas as pd

BLANKS = r" \u00a0\u2009\u202f'\u2019"
"""Characters between thousands, beside points and commas, as in a set of a regular expression."""
_GROUPED = rf"\s*[-+]?\d{{1,3}}(?:[{BLANKS}]\d{{3}})+(?:\.\d*)?\s*"


def to_numbers(column: pd.Series) -> pd.Series:
    """Return texts as numbers, NaN for one that is none.

    >>> to_numbers(pd.Series(["7", "1 234.5", "12 34", None])).tolist()
    [7.0, 1234.5, nan, nan]
    """
    numbers = pd.to_numeric(column, errors="coerce")
    places = np.flatnonzero(numbers.isna() & column.notna())
    texts = column.iloc[places].astype("str")
    grouped = texts.str.fullmatch(_GROUPED).to_numpy(bool)
    if not grouped.any():
        return numbers
    plain = texts[grouped].str.replace(r"[^\d.+-]", "", regex=True)
    found = numbers.to_numpy(np.float64, na_value=np.nan).copy()
    found[places[grouped]] = pd.to_numeric(plain)
    return pd.Series(found, column.index)
