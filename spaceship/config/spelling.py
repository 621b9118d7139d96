"""Spelling: the distance between two words, and the known words nearest to one."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import pairwise

_MOST = 3  # slips of the hand in one word, and suggestions for it
_LETTERS = 4  # of a word, for each slip beyond the first
_ALIKE = 0.6  # share of the letters that two words have in common, in order
_OTHER_CASE = 0.1  # of a slip
FAR = 9.0
"""Distance of words that have nothing to do with each other."""


def slips(found: str, known: str, most: int = _MOST) -> int:
    """Return how many letters were left out, added, replaced or swapped; `most` + 1 if more.

    >>> slips("trian", "train"), slips("tran", "train"), slips("train", "tune")
    (1, 1, 4)
    """
    if abs(len(found) - len(known)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(found, 1):
        earlier, before, row = before, row, [i]
        for j, (last, other) in enumerate(pairwise(f" {known}"), 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == last and found[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def distance(found: str, known: str) -> float:
    """Return the distance of two words: slips, a part for a whole, or a likeness; else `FAR`.

    >>> distance("Train", "train"), distance("xgb", "xgboost"), distance("full", "strict")
    (0.1, 1.5, 9.0)
    """
    ours, theirs = found.casefold(), known.casefold()
    most = min(_MOST, 1 + len(found) // (2 * _LETTERS))
    if (number := slips(ours, theirs, most)) <= most and number < len(known):
        return number or _OTHER_CASE * (found != known)
    if len(ours) >= _MOST and ours in theirs:
        return 1.5
    alike = SequenceMatcher(None, ours, theirs)
    if alike.real_quick_ratio() < _ALIKE or alike.quick_ratio() < _ALIKE:
        return FAR
    return FAR if (ratio := alike.ratio()) < _ALIKE else _MOST + 1 - ratio


def nearest(found: str, known: Iterable[str]) -> list[str]:
    """Return at most three known words that may be meant, the nearest first.

    >>> nearest("cv_log_los", ["cv_accuracy", "cv_log_loss"]), nearest("lightgbm", ["lgbm", "svm"])
    (['cv_log_loss'], ['lgbm'])
    """
    far = {one: distance(found, one) for one in known}
    return ranked({one: number for one, number in far.items() if number < FAR})


def ranked(far: dict[str, float]) -> list[str]:
    """Return at most three words by their distance; those far behind the first are left out.

    >>> ranked({"train": 3.4, "trace": 1.0, "try": 2.0})
    ['trace', 'try']
    """
    order = sorted(far, key=lambda one: (far[one], len(one)))
    return [one for one in order if far[one] <= far[order[0]] + 1][:_MOST]
