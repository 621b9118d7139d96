"""Role of a process: whether it may move the alias `champion`.

A process that searches may train, tune and name a challenger; the champion is then a decision of
another one. The variable `SPACESHIP_MAY_PROMOTE` holds for a process and for all that it starts.
"""

import os

VARIABLE = "SPACESHIP_MAY_PROMOTE"
SETTING = "gate.may_promote=false"
ADVICE = f"start the command without {SETTING}, in a process without {VARIABLE}=false"
_NO = {"0", "false", "no", "off"}


def may_promote() -> bool:
    """Return whether the environment lets this process move `champion`.

    >>> may_promote()
    True
    """
    return os.environ.get(VARIABLE, "").strip().lower() not in _NO


def give_up_promotion() -> None:
    """Keep this process, and all that it starts from now on, from moving `champion`.

    >>> give_up_promotion()
    >>> may_promote(), os.environ.pop(VARIABLE)
    (False, 'false')
    """
    os.environ[VARIABLE] = "false"
