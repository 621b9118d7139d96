"""The predecessor's rules: a floor for the first champion, then a large relative gain."""

from collections.abc import Sequence
from fractions import Fraction

from spaceship.gate._base import Check, Gate, Verdict, check_number, exact
from spaceship.gate._pairing import Pairing, holdout_accuracy
from spaceship.report import Report


class DefaultGate(Gate):
    """Award by hold-out accuracy, champion and candidate on the same rows.

    Without a champion, more than the floor makes the candidate champion. With one, the relative
    gain `(candidate - champion) / champion` decides: enough makes it champion, any gain makes it
    challenger, no gain is a refusal. Accuracies are compared as exact fractions: a gain of exactly
    the threshold is enough, an accuracy of exactly the floor is not. The floor is for the first
    champion only; whoever beats a champion has nothing more to prove.

    Args:
        floor: Hold-out accuracy that the first champion must exceed, 0 to 1.
        min_relative_gain: Relative gain that makes a candidate champion, 0.03 is 3 %.
        moves: Whether aliases follow the verdict; without it the verdict is only logged.
        require: Whether a refusal is to end the run with exit status 3.
        cv_seeds: Seeds of the folds of repeated cross-validation to report; no rule here asks.

    """

    def __init__(
        self,
        *,
        floor: float = 0.78,
        min_relative_gain: float = 0.03,
        moves: bool = True,
        require: bool = False,
        cv_seeds: Sequence[int] = (),
    ) -> None:
        """Check the arguments."""
        super().__init__(moves=moves, require=require, cv_seeds=cv_seeds)
        self.floor = check_number("floor", floor, 0, 1)
        self.min_relative_gain = check_number("min_relative_gain", min_relative_gain, 0)

    def judge_first(self, candidate: Report) -> Verdict:
        """Return champion for more than the floor, refused otherwise."""
        accuracy = holdout_accuracy(candidate)
        check = Check("floor", float(accuracy), self.floor, accuracy > exact(self.floor))
        award = "champion" if check.passed else "refused"
        relation = "exceeds" if check.passed else "does not exceed"
        reason = (
            f"{award.capitalize()}: no champion yet, and the hold-out accuracy "
            f"{float(accuracy):.5f} {relation} the floor {self.floor}."
        )
        return Verdict(
            award, reason, check.rule, {"candidate_accuracy": float(accuracy)}, checks=(check,)
        )

    def judge(self, candidate: Report, champion: Report, pairing: Pairing) -> Verdict:  # noqa: ARG002 - other policies look at more than the pairing
        """Return champion for a large enough relative gain, challenger for any, else refused."""
        gain = Fraction(pairing.candidate_correct - pairing.champion_correct, pairing.rows)
        base = Fraction(pairing.champion_correct, pairing.rows)
        relative = gain / base if base else None
        large = gain > 0 and gain >= base * exact(self.min_relative_gain)
        shown = None if relative is None else float(relative)
        checks = (
            Check("relative_gain", shown, self.min_relative_gain, large),
            Check("any_gain", float(gain), 0.0, gain > 0),
        )
        award = "champion" if large else "challenger" if gain > 0 else "refused"
        rule = "relative_gain" if large else "any_gain"
        numbers = _describe(pairing) | {"gain": float(gain), "relative_gain": shown}
        return Verdict(award, self._explain(award, pairing, shown), rule, numbers, checks)

    def _explain(self, award: str, pairing: Pairing, relative: float | None) -> str:
        """Return the one-line reason of a comparison."""
        than = {
            "champion": f"at least {self.min_relative_gain:.2%}",
            "challenger": f"a gain, but less than {self.min_relative_gain:.2%}",
            "refused": "no gain",
        }[award]
        percent = "from zero" if relative is None else f"{relative:+.2%}"
        mine = pairing.candidate_correct / pairing.rows
        theirs = pairing.champion_correct / pairing.rows
        return (
            f"{award.capitalize()}: hold-out accuracy {mine:.5f} against the champion's "
            f"{theirs:.5f}, relative gain {percent}: {than}{pairing.overlap}."
        )


def _describe(pairing: Pairing) -> dict[str, float | None]:
    """Return the numbers of a comparison."""
    return {
        "candidate_accuracy": pairing.candidate_correct / pairing.rows,
        "champion_accuracy": pairing.champion_correct / pairing.rows,
        "paired_rows": pairing.rows,
        "candidate_rows": pairing.candidate_rows,
        "champion_rows": pairing.champion_rows,
        "wins": pairing.wins,
        "losses": pairing.losses,
    }
