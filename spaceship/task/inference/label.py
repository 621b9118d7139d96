"""Label of a task: the problem kind and why, the classes and the one that counts as True."""

import re
from dataclasses import dataclass

import pandas as pd

from spaceship.errors import ConfigError, DataError, expected
from spaceship.task.column_types import Column, ColumnType, Kind, read
from spaceship.task.inference.columns import Finding, describe, infer_column
from spaceship.task.inference.profile import Profile, share, shown
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.task.truth import PAIRS

_POSITIVE = """
1 y t pos positive churn churned default defaulted fraud spam malignant
died dead disease case event failure failed sick ill survived success won win left bad attack
returned cancelled canceled converted clicked responder abnormal
"""
"""Words that name the value one wants to find, beside those for true; a letter may be another."""
_FEW_NUMBERS = 10  # whole numbers up to this many are classes
_OFTEN = 5  # rows that each of them needs at least
_MOST_CLASSES = 100
_SHOWN = 5
_WHOLE = r"-?\d+"


@dataclass(frozen=True)
class Label:
    """The column to predict."""

    problem: Problem
    why: str
    classes: tuple[str, ...] = ()  # of a binary label, False first
    positive: str | None = None
    column: Column | None = None  # of a regression: its decimal sign and spellings of missing
    missing: int = 0  # training rows without a label
    doubts: tuple[str, ...] = ()


def infer_label(values: Profile, problem: Problem | None = None) -> Label:
    """Return the label's meaning; raise DataError or ConfigError if it cannot be predicted.

    >>> from spaceship.task.inference.profile import profile
    >>> label = infer_label(profile(pd.Series(["no", "yes", "no"], name="churn")))
    >>> label.problem.value, label.positive, label.why
    ('binary', 'yes', "2 values: 'no' (67 %), 'yes' (33 %)")
    """
    if blank := (values.texts == "").any():
        values = values.without(("",))
    if values.distinct < 2:  # noqa: PLR2004
        found = f"{shown(values.texts.iloc[0])} in all of them" if values.distinct else "no value"
        wanted = f"the label {values.name!r} to have two values or more in {values.rows} rows"
        raise DataError(expected(wanted, found, "give another column as task.label=COLUMN"))
    finding = infer_column(values)
    numeric = finding.column is not None and finding.column.type.kind is Kind.NUMBER
    chosen = problem or _problem(values, finding if numeric else None)
    if chosen is Problem.REGRESSION:
        made = _regression(values, finding.column if numeric else None)
    elif chosen is Problem.BINARY:
        made = _binary(values)
    else:
        made = _multiclass(values)
    own = made.column if made.column is not None else Column(type=ColumnType.CATEGORY)
    column = own.model_copy(update={"missing": ("",)}) if blank and not own.missing else own
    missing = values.without(column.missing).missing if column.missing else values.missing
    why = f"as given: {made.why}" if problem else made.why
    if numeric and problem is None and chosen is Problem.MULTICLASS:
        why += "; with task.problem=regression they are amounts"
    return Label(chosen, why, made.classes, made.positive, column, missing, made.doubts)


def _problem(values: Profile, numbers: Finding | None) -> Problem:
    """Return the kind of problem that the distinct values suggest."""
    if len(_spellings(values)) == 2:  # noqa: PLR2004
        return Problem.BINARY
    if numbers is None or numbers.column is None:
        return Problem.MULTICLASS
    found = read(values.unique, numbers.column)[0]
    whole = bool((found.dropna() % 1 == 0).all()) and not numbers.column.missing
    often = values.counts[values.counts > 0].min() >= _OFTEN
    few = values.distinct <= _FEW_NUMBERS and whole and often
    return Problem.MULTICLASS if few else Problem.REGRESSION


def _spellings(values: Profile) -> dict[str, int]:
    """Return the values as a binary label reads them, in any case, and their rows."""
    lower = values.texts.str.lower().str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    counts = pd.Series(values.counts).groupby(lower.to_numpy()).sum()
    first = dict(zip(lower[::-1], values.texts[::-1], strict=True))  # the commonest wins
    cut = {key: key if key in {"0", "1"} or _is_whole(key) else first[key] for key in counts.index}
    return {cut[key]: int(count) for key, count in counts.items() if count > 0}


def _is_whole(text: str) -> bool:
    return re.fullmatch(_WHOLE, text) is not None


def _binary(values: Profile) -> Label:
    counts = _spellings(values)
    if len(counts) != 2:  # noqa: PLR2004
        raise _unfit(values, "two values", "task.problem=multiclass or regression")
    rarest = sorted(counts, key=lambda one: counts[one])
    pair = next((pair for pair in PAIRS if {*map(str.lower, counts)} == {*pair}), None)
    words = [pair[1]] if pair else [*_POSITIVE.split(), *(true for _, true in PAIRS if true[1:])]
    liked = [one for one in rarest if one.lower() in words]
    if all(map(_is_whole, counts)):
        liked = [max(counts, key=float)]
    positive = liked[0] if len(liked) == 1 else rarest[0]
    [negative] = [one for one in counts if one != positive]
    named = ", ".join(f"{shown(one)} ({share(counts[one], values.known)})" for one in counts)
    return Label(Problem.BINARY, f"2 values: {named}", (negative, positive), positive)


def _multiclass(values: Profile) -> Label:
    found = read(values.unique, Column(type=ColumnType.CATEGORY))[0][values.counts > 0]
    if len(found) > _MOST_CLASSES:
        raise _unfit(values, f"numbers, or {_MOST_CLASSES} classes at most", "another task.label")
    blank = Task.read({"problem": "multiclass", "label": "y", "columns": {"x": "text"}})
    why = f"{len(found)} values, commonest {shown(found.iloc[0])}"
    why += f" ({share(values.counts[0], values.known)})"
    rare = [shown(one) for one, count in zip(found, values.counts, strict=False) if count < _OFTEN]
    doubts = [f"{len(rare)} classes have less than {_OFTEN} rows: {', '.join(rare[:_SHOWN])}"]
    classes = blank.with_classes([*found]).classes
    return Label(Problem.MULTICLASS, why, classes, doubts=tuple(doubts) if rare else ())


def _regression(values: Profile, column: Column | None) -> Label:
    if column is None:
        raise _unfit(values, "numbers", "task.problem=multiclass, or another task.label")
    words = tuple(one for one in column.missing if not re.fullmatch(_WHOLE, one))
    column = column.model_copy(update={"missing": words})  # it goes for every column of the task
    known = values.without(column.missing) if column.missing else values
    return Label(Problem.REGRESSION, f"numbers, {describe(known, column)}", column=column)


def _unfit(values: Profile, wanted: str, do: str) -> ConfigError:
    some = ", ".join(map(shown, values.texts.head(_SHOWN)))
    found = f"{values.distinct:,} values: {some}{', …' if values.distinct > _SHOWN else ''}"
    return ConfigError(expected(f"the label {values.name!r} to have {wanted}", found, f"give {do}"))
