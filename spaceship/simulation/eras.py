"""What a simulation tells: a row an era, the table, the file, and the conclusion drawn from it."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pandas as pd

NOISE = 2.0
"""Standard errors that a difference must exceed to be called one."""

_SHOWN = {
    "era": "era",
    "arrived": "arrived",
    "learnt_from": "learnt from",
    "drift": "drift",
    "holdout_candidate": "hold-out: candidate",
    "holdout_champion": "champion",
    "relative_gain": "gain",
    "award": "award",
    "next_arrived": "next",
    "next_candidate": "candidate",
    "next_retrained": "retrained",
    "next_first": "first",
}
"""Columns of the table on the terminal, by field."""


@dataclass(frozen=True)
class Era:
    """What happened in one era; NaN stands for what there was not.

    Attributes:
        era: Its number, from 1.
        arrived: Passengers who arrived in it.
        learnt_from: Passengers the candidate was given, of this era and of earlier ones.
        drift: How far population and label model had moved, 0 to 1; NaN if nobody knows.
        candidate: What was trained.
        holdout_candidate: Hold-out accuracy of the candidate's twin.
        holdout_champion: That of the champion's twin on the same passengers.
        relative_gain: The first over the second, less 1, as the gate measured it.
        needed: The relative gain that the gate asks of a new champion.
        award: The gate's verdict.
        champion: Version that is champion after it; empty if nobody is.
        next_arrived: Passengers of the next era, whom none of the models below has seen.
        next_candidate: Accuracy on them of the candidate, whatever it earned.
        next_retrained: Accuracy on them of the champion.
        next_first: Accuracy on them of the first champion.
        only_retrained: How many of them the champion alone got right, not the first one.
        only_first: How many of them the first champion alone got right.

    """

    era: int
    arrived: int
    learnt_from: int
    drift: float
    candidate: str
    holdout_candidate: float
    holdout_champion: float
    relative_gain: float
    needed: float
    award: str
    champion: str
    next_arrived: int
    next_candidate: float
    next_retrained: float
    next_first: float
    only_retrained: int
    only_first: int


def to_csv(eras: Sequence[Era]) -> str:
    """Return a row an era with every field, numbers with every digit."""
    table = pd.DataFrame([asdict(era) for era in eras])
    return table.to_csv(index=False, lineterminator="\n")


def show(eras: Sequence[Era]) -> str:
    """Return the table for a terminal, a dash for what there was not."""
    table = pd.DataFrame([asdict(era) for era in eras])[list(_SHOWN)]
    formats = dict.fromkeys(table.columns[table.dtypes == "float64"], "{:.4f}".format)
    formats |= {"drift": "{:.2f}".format, "relative_gain": "{:+.2%}".format}
    for name, form in formats.items():
        table[name] = [("-" if math.isnan(value) else form(value)) for value in table[name]]
    return table.rename(columns=_SHOWN).to_string(index=False)


def summary(eras: Sequence[Era]) -> dict[str, float]:
    """Return the figures that the conclusion rests on.

    Accuracies are over all passengers who arrived next once there was a champion. The gain of
    retraining is a mean of paired differences, one a passenger; the standard error is its own.
    """
    awards = [era.award for era in eras]
    judged = [era for era in eras if era.champion]
    rows = sum(era.next_arrived for era in judged)
    counts = {
        "eras": float(len(eras)),
        "promotions": float(max(awards.count("champion") - 1, 0)),
        "challengers": float(awards.count("challenger")),
        "refusals": float(awards.count("refused")),
    }
    if not rows:
        return counts
    accuracies = {
        f"accuracy_{who}": sum(getattr(e, f"next_{who}") * e.next_arrived for e in judged) / rows
        for who in ("retrained", "first", "candidate")
    }
    wins, losses = (sum(getattr(e, k) for e in judged) for k in ("only_retrained", "only_first"))
    gain = (wins - losses) / rows
    error = math.sqrt((wins + losses) / rows - gain**2) / math.sqrt(rows)
    return counts | accuracies | {"gain": gain, "gain_error": error}


def conclusion(eras: Sequence[Era]) -> str:
    """Return in one line what came of retraining, and whether it paid."""
    told = summary(eras)
    counted = (
        f"{len(eras)} eras: {_counted(told['promotions'], 'promotion')} after the first champion, "
        f"{_counted(told['challengers'], 'challenger')}, {_counted(told['refusals'], 'refusal')}."
    )
    if "gain" not in told:
        return f"{counted} No candidate became champion, so there is nothing to compare."
    return (
        f"{counted} Accuracy on the next arrivals: {told['accuracy_retrained']:.4f} with "
        f"retraining, {told['accuracy_first']:.4f} without: {_verdict(told)}; "
        f"{told['accuracy_candidate']:.4f} had every candidate been promoted."
    )


def _verdict(told: dict[str, float]) -> str:
    """Return whether retraining paid, as far as chance lets one say so."""
    if not told["promotions"]:
        return "the first champion stayed, so retraining changed nothing"
    points = f"{100 * told['gain']:+.2f} ± {100 * told['gain_error']:.2f} points"
    if abs(told["gain"]) <= NOISE * told["gain_error"]:
        return f"no difference beyond chance ({points})"
    return f"retraining {'paid' if told['gain'] > 0 else 'did harm'} ({points})"


def _counted(number: float, noun: str) -> str:
    return f"{number:.0f} {noun}" if number == 1 else f"{number:.0f} {noun}s"
