"""Role of a process: whether it may move the alias `champion`.

A process that searches may train, tune and name a challenger; another one decides on the champion.
The variable `SPACESHIP_MAY_PROMOTE` holds for a process and for all that it starts. A process that
has given up promotion cannot undo it, also not by its environment.
"""

import os
from collections.abc import Iterable

VARIABLE = "SPACESHIP_MAY_PROMOTE"
SETTING = "gate.may_promote=false"
ADVICE = f"start the command without {SETTING}, in a process without {VARIABLE}=false"
given_up = False
"""Whether this process has given up promotion; nothing but a test sets it back."""
_YES = {"", "1", "true", "yes", "on"}


def may_promote() -> bool:
    """Return whether this process may move `champion`: by its environment, and not given up.

    >>> may_promote()
    True
    """
    return not given_up and os.environ.get(VARIABLE, "").strip().lower() in _YES


def give_up_promotion() -> None:
    """Keep this process, and all that it starts from now on, from moving `champion`, for good.

    >>> give_up_promotion()
    >>> os.environ.pop(VARIABLE), may_promote()
    ('false', False)
    """
    global given_up  # noqa: PLW0603 - the role of the process
    given_up = True
    os.environ[VARIABLE] = "false"


def words_of_role(words: Iterable[str]) -> list[str]:
    """Return those of a command's overrides that give up promotion.

    >>> words_of_role(["mode=train", "gate.may_promote=False", "gate.may_promote=true"])
    ['gate.may_promote=False']
    """
    key = SETTING.partition("=")[0]
    given = {word: word.lstrip("+").partition("=") for word in words}
    return [
        word
        for word, (name, _, value) in given.items()
        if name == key and value.strip().lower() != "true"
    ]
