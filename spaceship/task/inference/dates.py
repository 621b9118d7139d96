"""Formats of dates: the one in which every value of a column is a moment."""

from itertools import product

import pandas as pd

from spaceship.task.column_types import Column, ColumnType, read
from spaceship.task.inference.profile import Profile

_DAYS = (
    *("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%Y.%m.%d"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DATE = r"\d{4}-\d{2}-\d{2}"
_COMPACT = "%Y%m%d"
_LIKELY = r".*\d.*[-/. ].*\d.*"
_LENGTHS = (6, 40)
_EARLIEST, _LATEST = pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")
_FEW = 50


def find_dates(values: Profile, missing: tuple[str, ...] = ()) -> tuple[Column, str] | None:
    """Return the column if every value is a date, and a doubt about the order of day and month.

    >>> from spaceship.task.inference.profile import profile
    >>> column, doubt = find_dates(profile(pd.Series(["31.12.2024", "1.2.2025"], name="since")))
    >>> column.format, doubt
    ('%d.%m.%Y', '')
    """
    texts = values.texts
    few = texts.head(_FEW)
    if few.empty or not (few.str.match(_LIKELY) & few.str.len().between(*_LENGTHS)).all():
        return None
    kind = ColumnType.DATE if texts.str.fullmatch(_DATE).all() else ColumnType.DATETIME
    iso = Column(type=kind, missing=missing)
    if few.str.match(_DATE).all() and _fits(values.unique, iso):
        return iso, ""
    fitting = [
        Column(type=ColumnType.DATETIME if time else ColumnType.DATE, missing=missing, format=form)
        for day, time in product(_DAYS, _TIMES)
        if _fits(few, Column(type=ColumnType.DATE, format=(form := f"{day}{time}")))
    ]
    fitting = [one for one in fitting if _fits(values.unique, one)]
    if not fitting:
        return None
    doubt = ""
    if len(fitting) > 1:
        doubt = f"its dates fit {' and '.join(str(one.format) for one in fitting)}: check format"
    return fitting[0], doubt


def find_compact_dates(values: Profile) -> Column | None:
    """Return the column if its name speaks of a date and its values are written 20241231.

    >>> from spaceship.task.inference.profile import profile
    >>> found = find_compact_dates(profile(pd.Series([20241230, 20241231], name="sale_date")))
    >>> found.type.value, found.format
    ('date', '%Y%m%d')
    """
    named = any(word in values.name.lower() for word in ("date", "day", "datum"))
    if not named or not values.texts.str.fullmatch(r"(?:19|20)\d{6}").all():
        return None
    column = Column(type=ColumnType.DATE, format=_COMPACT)
    return column if _fits(values.unique, column) else None


def _fits(values: pd.Series, column: Column) -> bool:
    moments, unreadable = read(values, column)
    found = moments.dropna()
    return bool(not unreadable.any() and len(found) and found.between(_EARLIEST, _LATEST).all())
