"""Results of `mode=simulate`: one `EraResult` per retraining, as table, CSV and conclusion."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from hydra_plugins.spaceship_optuna.tables import cell
from spaceship.records import Figure
from spaceship.screen import Table

_NOISE = 2.0  # standard errors that a difference must exceed to be called one
_SHOWN = {
    "era": ("era", ""),
    "arrived": ("arrived", ""),
    "learnt_from": ("learnt from", ""),
    "drift": ("drift", ".2f"),
    "holdout_candidate": ("held out", ".4f"),
    "holdout_champion": ("champion", ".4f"),
    "relative_gain": ("gain", "+.2%"),
    "award": ("award", ""),
    "next_arrived": ("next", ""),
    "next_candidate": ("candidate", ".4f"),
    "next_retrained": ("retrained", ".4f"),
    "next_first": ("first", ".4f"),
}
"""Columns of the table on the terminal: title and format by field."""


@dataclass(frozen=True)
class EraResult:
    """The result of one era; NaN stands for a figure that does not exist."""

    era: int  # number, from 1
    arrived: int  # rows that arrived in it
    learnt_from: int  # rows the candidate was given, of this era and of earlier ones
    drift: Figure  # of population and label model, 0 to 1; NaN if it is unknown
    candidate: str  # name of the candidate
    holdout_candidate: Figure  # hold-out accuracy of the candidate's twin
    holdout_champion: Figure  # accuracy of the champion's twin on the same rows
    relative_gain: Figure  # the first over the second, less 1, as the gate measured it
    needed: Figure  # relative gain that the gate needs for a new champion
    award: str  # the gate's award: refused, challenger or champion
    champion: str  # version that is champion after the era; empty if there is none
    next_arrived: int  # rows of the next era, whom none of the models below has seen
    next_candidate: Figure  # accuracy on them of the candidate, whatever its award
    next_retrained: Figure  # accuracy on them of the champion
    next_first: Figure  # accuracy on them of the first champion
    only_retrained: int  # of them, the champion alone got so many right, not the first one
    only_first: int  # of them, the first champion alone got so many right


def eras_csv(eras: Sequence[EraResult]) -> str:
    """Return a row per era with every field as CSV text, numbers with every digit.

    >>> eras_csv([]).splitlines()
    ['']
    """
    return pd.DataFrame(list(eras)).to_csv(index=False, lineterminator="\n")


def eras_table(eras: Sequence[EraResult]) -> Table:
    """Return the table for a terminal, with a dash for NaN.

    >>> eras_table([]).head[:2]
    ['era', 'arrived']
    """
    head = [title for title, _ in _SHOWN.values()]
    rows = [[cell(getattr(era, key), form) for key, (_, form) in _SHOWN.items()] for era in eras]
    return Table(rows, head, ">", spared=("next", "arrived", "learnt from", "drift"))


def summarise_eras(eras: Sequence[EraResult]) -> dict[str, float]:
    """Return the figures that the conclusion rests on.

    Accuracies are over all rows that arrived next once there was a champion. The gain of
    retraining is a mean of paired differences, one per row, with its standard error.

    >>> summarise_eras([])["promotions"]
    0.0
    """
    awards = [era.award for era in eras]
    judged = [era for era in eras if era.champion]
    rows = sum(era.next_arrived for era in judged)
    figures = {
        "eras": float(len(eras)),
        "promotions": float(max(awards.count("champion") - 1, 0)),
        "challengers": float(awards.count("challenger")),
        "refusals": float(awards.count("refused")),
    }
    if not rows:
        return figures
    for model in ("retrained", "first", "candidate"):
        right = sum(getattr(era, f"next_{model}") * era.next_arrived for era in judged)
        figures[f"accuracy_{model}"] = right / rows
    wins, losses = (sum(getattr(e, k) for e in judged) for k in ("only_retrained", "only_first"))
    gain = (wins - losses) / rows
    error = math.sqrt((wins + losses) / rows - gain**2) / math.sqrt(rows)
    return figures | {"gain": gain, "gain_error": error}


def conclusion(eras: Sequence[EraResult]) -> str:
    """Return in one line the outcome of the retrainings, and whether they paid.

    >>> conclusion([]).endswith("No candidate became champion, so there is nothing to compare.")
    True
    """
    figures = summarise_eras(eras)
    nouns = ("promotion", "challenger", "refusal")
    counts = [f"{figures[f'{noun}s']:.0f} {noun}" for noun in nouns]
    first, *others = (text if text.startswith("1 ") else f"{text}s" for text in counts)
    counted = f"{len(eras)} eras: {first} after the first champion, {', '.join(others)}."
    if "gain" not in figures:
        return f"{counted} No candidate became champion, so there is nothing to compare."
    return (
        f"{counted} Accuracy on the next arrivals: {figures['accuracy_retrained']:.4f} with "
        f"retraining, {figures['accuracy_first']:.4f} without: {_comparison(figures)}; "
        f"{figures['accuracy_candidate']:.4f} had every candidate been promoted."
    )


def _comparison(figures: dict[str, float]) -> str:
    """Return whether retraining paid, as far as chance allows a statement."""
    if not figures["promotions"]:
        return "the first champion stayed, so retraining changed nothing"
    points = f"{100 * figures['gain']:+.2f} ± {100 * figures['gain_error']:.2f} points"
    if abs(figures["gain"]) <= _NOISE * figures["gain_error"]:
        return f"no difference beyond chance ({points})"
    return f"retraining {'paid' if figures['gain'] > 0 else 'did harm'} ({points})"
