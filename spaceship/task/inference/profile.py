"""Profile of a raw column: its distinct values and how often each occurs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as arrow  # type: ignore[import-untyped]

from spaceship.text import shortened

_SAMPLE = 10_000
_SHOWN = 40  # characters of a value that a comment quotes


@dataclass(frozen=True)
class Profile:
    """Distinct values of a column that are not missing, commonest in the training rows first.

    Values that occur in the test rows alone come last and count 0 times.

    >>> one = profile(pd.Series(["b", None, "a", "b"], name="plan"))
    >>> one.unique.tolist(), one.counts.tolist(), one.missing, one.rows
    (['b', 'a'], [2, 1], 1, 4)
    """

    name: str
    unique: pd.Series
    counts: np.ndarray  # (n_values,) in the training rows
    missing: int  # training rows without a value
    rows: int  # training rows

    @property
    def distinct(self) -> int:
        """Number of different values in the training rows."""
        return int((self.counts > 0).sum())

    @property
    def known(self) -> int:
        """Number of training rows that have a value."""
        return self.rows - self.missing

    @property
    def texts(self) -> pd.Series:
        """The values as text, stripped."""
        return self.unique.astype("str").str.strip()

    @property
    def is_unique(self) -> bool:
        """Whether each training row has a value that no other has."""
        return self.distinct == self.rows > 1

    def without(self, spellings: tuple[str, ...]) -> "Profile":
        """Return the profile with some spellings counted as missing."""
        kept = ~self.texts.isin([*spellings]).to_numpy()
        counts = self.counts[kept]
        missing = self.rows - int(counts.sum())
        return Profile(self.name, self.unique[kept], counts, missing, self.rows)


def profile(train: pd.Series, test: pd.Series | None = None) -> Profile:
    """Return the profile of a column, values of the test rows included.

    Numbers of many distinct texts become floats: as texts a million would take a second. Raise
    TypeError for values that cannot be compared, such as the lists of a Parquet file.

    >>> profile(pd.Series(["basic", "pro", "pro"], name="plan")).distinct
    2
    """
    columns = [_plain(one) for one in (train, test) if one is not None]
    if all(_has_many(one) for one in columns):
        columns = [_as_floats(one) for one in columns]
        if any(one.dtype != np.float64 for one in columns):
            columns = [_plain(one) for one in (train, test) if one is not None]
    found = columns[0].value_counts()
    values, counts = pd.Series(found.index, name=train.name), found.to_numpy(np.int32)
    if len(columns) > 1:
        extra = pd.Series(columns[1].dropna().unique())
        if extra.dtype != values.dtype:
            values, extra = values.astype(object), extra.astype(object)
        extra = extra[~extra.isin(values)]
        values = pd.concat([values, extra], ignore_index=True).rename(str(train.name))
        counts = np.append(counts, np.zeros(len(extra), np.int32))
    return Profile(str(train.name), values, counts, len(train) - int(counts.sum()), len(train))


def shown(value: object) -> str:
    r"""Return a value as a comment quotes it: on one line, printable, not too long.

    >>> shown("a\nb")
    "'a\\nb'"
    """
    return repr(shortened(str(value), _SHOWN))


def share(part: float, whole: float) -> str:
    """Return a share in per cent, never 0 % or 100 % if it is not.

    >>> share(1, 3000), share(0, 3), share(41, 100)
    ('< 1 %', '0 %', '41 %')
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 1:
        return "< 1 %"
    return "> 99 %" if 99 < percent < 100 else f"{percent:.0f} %"  # noqa: PLR2004


def _plain(column: pd.Series) -> pd.Series:
    """Return a column whose empty texts are missing, categories as their values."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if column.dtype == "str":
        empty = (column == "").to_numpy()
        return column.mask(empty) if empty.any() else column
    return column


def _has_many(column: pd.Series) -> bool:
    """Return whether a text column has thousands of values and none written as a code (007)."""
    if column.dtype != "str" or len(column) < _SAMPLE:
        return False
    sample = column.head(_SAMPLE).dropna()
    codes = sample.str.match(r"-?0\d").any()
    return sample.nunique() > _SAMPLE / 4 and not codes


def _as_floats(column: pd.Series) -> pd.Series:
    try:
        numbers = arrow.cast(pa.array(column), pa.float64())
    except pa.ArrowInvalid:
        return column
    made = pd.Series(numbers.to_numpy(zero_copy_only=False), column.index, name=column.name)
    whole = np.isfinite(made.to_numpy()).sum() == column.notna().sum()
    return made if whole else column
