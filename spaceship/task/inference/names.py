"""Names that a person gives, against the columns of a table and what Hydra can hold."""

from collections.abc import Iterable

import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.inference.profile import shown
from spaceship.task.raw_frame import closest

_LISTED = 12
_LONGEST = 200  # characters of a name


def check_names(names: pd.Index) -> None:
    """Raise DataError if two columns have the same name.

    >>> check_names(pd.Index(["plan", "fee"]))
    """
    if twice := sorted({str(one) for one in names[names.duplicated()]}):
        found = f"more than once: {', '.join(map(shown, twice))}"
        raise DataError(expected("each column once", found, "rename one of them in the file"))


def label_of(train: pd.DataFrame, test: pd.DataFrame | None, label: str | None) -> str:
    """Return the label's column; raise ConfigError, with the columns to choose from, if it is none.

    >>> label_of(pd.DataFrame({"fee": [1.0], "left": ["no"]}), None, " left")
    'left'
    """
    names = [str(name) for name in train.columns]
    if label is None:
        only = [] if test is None else [one for one in names if one not in test.columns]
        hint = f" (the test rows lack {shown(only[0])} alone)" if len(only) == 1 else ""
        listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        found = f"none{hint}"
        raise ConfigError(
            expected("the column to predict", found, f"give task.label=COLUMN, one of {listed}")
        )
    found = present(label, names, "label")
    if not found or not is_safe(found):
        raise ConfigError(unsafe(found, "task.label to be a name"))
    return found


def present(name: str, names: Iterable[str], role: str) -> str:
    """Return a column's name; raise ConfigError with the closest one if it is none.

    >>> present(" fee ", ["plan", "fee"], "group")
    'fee'
    """
    names = [*names]
    if (stripped := name.strip()) in names:
        return stripped
    near = closest(name, names)
    listed = "" if near else f" of {', '.join(names[:_LISTED])}"
    do = f"give task.{role}=COLUMN{listed}"
    found = f"{name!r}{near}"
    raise ConfigError(expected(f"task.{role} to be a column of the training file", found, do))


def is_safe(text: str) -> bool:
    """Return whether Hydra reads a text of a YAML file back as it is.

    >>> is_safe("fee (${usd})"), is_safe("fee")
    (False, True)
    """
    return "${" not in text and text != "???" and len(text) <= _LONGEST


def unsafe(found: str, wanted: str) -> str:
    """Return the message about a name or a value that Hydra cannot hold.

    >>> unsafe("${fee}", "task.label to be a name").startswith("expected task.label to be a name")
    True
    """
    wanted = f"{wanted} of 1 to {_LONGEST} characters, without ${{ and not ???"
    return expected(wanted, shown(found), "rename it in the file")
