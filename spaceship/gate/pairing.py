"""Two models on the same hold-out rows: whether they can be compared, and how they did."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from spaceship.evaluation.report import DIRECTIONS, HoldOut, Report


@dataclass(frozen=True)
class Pairing:
    """Counts of hold-out rows that both twins predicted; counts, so that nothing is rounded.

    Attributes:
        rows: Rows in both hold-outs.
        candidate_rows: Rows in the candidate's hold-out.
        champion_rows: Rows in the champion's.
        candidate_correct: Shared rows that the candidate got right.
        champion_correct: Shared rows that the champion got right.
        wins: Shared rows that only the candidate got right.
        groups: Of each travel group, how many more rows the candidate got right, and its rows.

    """

    rows: int
    candidate_rows: int
    champion_rows: int
    candidate_correct: int
    champion_correct: int
    wins: int
    groups: tuple[tuple[int, int], ...] = ()

    @property
    def losses(self) -> int:
        """Shared rows that only the champion got right."""
        return self.champion_correct - (self.candidate_correct - self.wins)

    @property
    def p_value(self) -> float:
        """The chance of so many wins if neither twin were better: McNemar's exact test.

        One-sided, as the question is whether the candidate is better: the wins among the rows on
        which the twins differ are Binomial(wins + losses, 1/2) if they are equally good
        (McNemar, Psychometrika 12, 1947; the exact form is the sign test).
        """
        differing = self.wins + self.losses
        # By symmetry the chance of at least `wins` heads is that of at most `losses`.
        term = tail = 1
        for k in range(1, self.losses + 1):
            term = term * (differing - k + 1) // k
            tail += term
        return tail / (1 << differing)

    @property
    def overlap(self) -> str:
        """What to say about rows that only one hold-out has; empty if they have the same rows."""
        if self.rows == self.candidate_rows == self.champion_rows:
            return ""
        return (
            f" (on the {self.rows} rows shared by the candidate's {self.candidate_rows} "
            f"and the champion's {self.champion_rows})"
        )


def pair(candidate: Report, champion: Report) -> Pairing:
    """Count how both twins did on the rows they share, whatever their order."""
    mine, theirs = _correct(candidate), _correct(champion)
    shared = mine.keys() & theirs.keys()
    groups: dict[str, list[int]] = {}
    for i in sorted(shared):
        groups.setdefault(i.partition("_")[0], []).append(mine[i] - theirs[i])
    return Pairing(
        rows=len(shared),
        candidate_rows=len(mine),
        champion_rows=len(theirs),
        candidate_correct=sum(mine[i] for i in shared),
        champion_correct=sum(theirs[i] for i in shared),
        wins=sum(mine[i] and not theirs[i] for i in shared),
        groups=tuple((sum(gains), len(gains)) for gains in groups.values()),
    )


def shared_rows(candidate: Report, champion: Report) -> tuple[HoldOut, HoldOut]:
    """Return both hold-outs cut to the rows they share, in the same order."""
    mine, theirs = _rows(candidate), _rows(champion)
    shared = sorted({*mine.passenger_ids} & {*theirs.passenger_ids})
    return _cut(mine, shared), _cut(theirs, shared)


def holdout_accuracy(report: Report) -> Fraction:
    """Return the share of all hold-out rows that the twin got right."""
    correct = _correct(report)
    return Fraction(sum(correct.values()), len(correct))


def find_objections(candidate: Report | None, champion: Report | None) -> list[str]:
    """Return every reason why the two cannot be compared; none if they can."""
    if candidate is None:
        return ["the candidate has no report"]
    objections = _find_faults("candidate", candidate)
    if champion is None:
        return objections
    if candidate.run_id is not None and candidate.run_id == champion.run_id:
        return [f"the candidate is the champion (run {candidate.run_id})"]
    objections += _find_faults("champion", champion)
    if candidate.holdout is not None and champion.holdout is not None:
        objections += _find_mismatches(candidate.holdout, champion.holdout)
    return objections


def _find_faults(who: str, report: Report) -> list[str]:
    """Return what is wrong with one report, taken alone."""
    faults = []
    broken = sorted(name for name, value in report.metrics.items() if _is_broken(name, value))
    if broken:
        faults.append(f"the {who}'s {', '.join(broken)} is not a finite number")
    if report.holdout is None:
        faults.append(f"the {who} has no hold-out predictions")
    elif not report.holdout.labels:
        faults.append(f"the {who}'s hold-out has no rows")
    elif missing := sum(not math.isfinite(p) for p in report.holdout.probabilities):
        faults.append(f"{missing} of the {who}'s hold-out probabilities are not finite numbers")
    return faults


def _is_broken(name: str, value: float) -> bool:
    """Tell whether a metric is a score that cannot be compared; timings do not matter here."""
    bare = name.removeprefix("cv_").removeprefix("holdout_").removesuffix("_std")
    return bare in DIRECTIONS and not math.isfinite(value)


def _find_mismatches(candidate: HoldOut, champion: HoldOut) -> list[str]:
    """Return why two hold-outs cannot be paired."""
    mine = dict(zip(candidate.passenger_ids, candidate.labels, strict=True))
    theirs = dict(zip(champion.passenger_ids, champion.labels, strict=True))
    shared = mine.keys() & theirs.keys()
    if not shared:
        return ["the two hold-outs share no PassengerId"]
    disagreeing = sorted(i for i in shared if mine[i] != theirs[i])
    if disagreeing:
        count = f"{len(disagreeing)} of {len(shared)}"
        return [f"the hold-outs label {count} shared passengers differently ({disagreeing[0]} …)"]
    return []


def _correct(report: Report) -> dict[str, bool]:
    """Return for each held-out passenger whether the prediction was correct."""
    rows = _rows(report)
    outcomes = zip(rows.passenger_ids, rows.predictions, rows.labels, strict=True)
    return {i: guess == label for i, guess, label in outcomes}


def _rows(report: Report) -> HoldOut:
    if report.holdout is None:
        msg = f"Only a report with hold-out predictions can be judged, {report.name} has none."
        raise ValueError(msg)
    return report.holdout


def _cut(rows: HoldOut, ids: list[str]) -> HoldOut:
    place = {i: n for n, i in enumerate(rows.passenger_ids)}
    order = [place[i] for i in ids]
    return replace(
        rows,
        passenger_ids=tuple(ids),
        labels=tuple(rows.labels[n] for n in order),
        probabilities=tuple(rows.probabilities[n] for n in order),
        slices={name: tuple(values[n] for n in order) for name, values in rows.slices.items()},
    )
