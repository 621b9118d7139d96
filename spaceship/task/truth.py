"""Truth values of raw columns: booleans, 1 and 0, and words for true and false in any case."""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

_FALSE = """
false no no no no n n n f f off falso falso falso falsch faux onwaar falskt usann falsk epätosi
fałsz nepravda hamis fals yanlış yanliş ложь não nao nein non nee nej nei нет nie nie ne nem hayır
hayir ei
"""  # noqa: RUF001 - Turkish
_TRUE = """
true yes si sí sì y j s t v on verdadeiro verdadero vero wahr vrai waar sant sann sand tosi
prawda pravda igaz adevărat doğru doğru истина sim sim ja oui ja ja ja да tak áno ano igen evet
evet kyllä
"""
PAIRS = tuple(zip(_FALSE.split(), _TRUE.split(), strict=True))
"""Words for false and true, also those of spreadsheets in other languages."""
_NUMBERS = {"1.0": True, "0.0": False, "1,0": True, "0,0": False}
_TRUTHS = {word: bool(truth) for pair in (("0", "1"), *PAIRS) for truth, word in enumerate(pair)}

SPELLINGS: Mapping[bool, list[str]] = {
    truth: sorted(
        spelt
        for word, meant in [*_TRUTHS.items(), *_NUMBERS.items()]
        for spelt in {word, word.upper(), word.capitalize()}
        if meant is truth and spelt.lower() == word
    )
    for truth in (False, True)
}
"""Usual spellings of these words, by what they mean."""


def to_boolean(column: pd.Series, spellings: tuple[str, ...] | None = None) -> pd.Series:
    """Return a column as nullable boolean; a value that is neither true nor false is missing.

    Without spellings of false and true, or with those of `False` and `True`, these are read in any
    case: booleans, 1 and 0, yes and no, y and n, t and f, words and letters of other languages.

    >>> to_boolean(pd.Series(["TRUE", 0, "maybe"])).tolist()
    [True, False, <NA>]
    """
    if column.dtype == "boolean":
        return column
    if column.dtype == np.bool_:
        return column.astype("boolean")
    truths = _TRUTHS
    if spellings and not are_usual(spellings):
        truths = {_spelling(one): truth for truth, one in enumerate(spellings)}  # type: ignore[misc]
    codes, values = pd.factorize(column)  # a handful of spellings, however many rows
    found = [None if pd.isna(value) else truths.get(_spelling(value)) for value in values]
    known = pd.array(found, dtype="boolean")
    return pd.Series(known.take(codes, allow_fill=True), column.index, name=column.name)


def are_usual(spellings: tuple[str, ...] | None) -> bool:
    """Return whether a column is read by the usual words for true and false.

    >>> are_usual(None), are_usual(("FALSE", "TRUE")), are_usual(("n", "y"))
    (True, True, False)
    """
    return not spellings or [one.lower() for one in spellings] == ["false", "true"]


def _spelling(value: object) -> str:
    """Return a value as lower-case text, a whole number without its decimals."""
    return re.sub(r"^(-?\d+)[.,]0+$", r"\1", str(value).strip().lower())
