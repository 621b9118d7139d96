"""Rules that the values of a passenger's columns keep, declared as pandera columns."""

import pandera.pandas as pa

from spaceship.task.spaceship_titanic.columns import ID, LABEL, SPENDS

_OLDEST = 120  # years; nobody is known to have lived much longer
_RICHEST = 1e15  # whatever the currency; far below where sums and squares overflow
_CABIN_FORM = r"[^/]+/[0-9]+/[^/]+\Z"  # a new deck or side is data; without its parts it is damage
_ID_FORM = r"[0-9]+_[0-9]+\Z"


def rules() -> dict[str, pa.Column]:
    """Return the rules of each typed column that has any; a title says what no row may lack.

    >>> rules()["Age"].checks[0].error
    '0 to 120 years'
    """
    age = pa.Check.in_range(0, _OLDEST, error=f"0 to {_OLDEST} years")
    least = pa.Check.ge(0, error="zero or more")
    spend = [least, pa.Check.le(_RICHEST, error=f"at most {_RICHEST:g}")]
    ids = [
        pa.Check.str_matches(_ID_FORM, error="group and number as in 0001_01"),
        pa.Check(lambda known: ~known.duplicated(keep=False), error="each id once"),
    ]
    cabin = pa.Check.str_matches(_CABIN_FORM, error="deck/number/side")
    return {
        ID: pa.Column(checks=ids, title="an id"),
        "Cabin": pa.Column(checks=cabin, nullable=True),
        "Age": pa.Column(checks=age, nullable=True),
        **{name: pa.Column(checks=spend, nullable=True) for name in SPENDS},
        LABEL: pa.Column(title="true or false"),
    }
