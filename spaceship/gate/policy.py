"""A promotion policy: the rules it lists, and the questions asked before any of them."""

from dataclasses import replace

from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report
from spaceship.gate.pairing import Pairing, find_objections, holdout_accuracy, pair
from spaceship.gate.rule._base import AWARDS, Check, Comparison, Guard
from spaceship.gate.verdict import Verdict

CEILINGS = AWARDS[1:]


class Gate:
    """A list of rules; each one that a candidate fails lowers what it can earn.

    Pure: the same reports always earn the same verdict. Who cannot be compared is refused before
    any rule is asked: no hold-out predictions, figures that are not finite, a comparison with
    itself, hold-outs that share no passenger.

    Args:
        dry_run: Whether the verdict is only told and logged, and no alias moves.
        force: Whether a candidate becomes champion whatever the rules say; wants a reason.
        require: Whether a refusal is to end the run with exit status 3.
        guards: The rules, by name.

    """

    def __init__(
        self,
        *,
        dry_run: bool = False,
        force: bool = False,
        require: bool = False,
        **guards: Guard,
    ) -> None:
        """Check the arguments."""
        for name, value in (("dry_run", dry_run), ("force", force), ("require", require)):
            if not isinstance(value, bool):
                message = f"expected gate.{name} to be true or false, found {value!r}"
                raise ConfigError(f"{message}; leave it out for false")
        strange = sorted(name for name, guard in guards.items() if not isinstance(guard, Guard))
        if strange:
            message = f"expected gate.{strange[0]} to be a rule, found {guards[strange[0]]!r}"
            raise ConfigError(f"{message}; add one of configs/gate/rule: +gate/rule@gate.NAME=NAME")
        if not guards:
            message = "expected a gate with rules, found none"
            raise ConfigError(f"{message}; choose one of configs/gate with gate=NAME")
        self.dry_run, self.force, self.require = dry_run, force, require
        self.guards = guards

    @property
    def cv_seeds(self) -> tuple[int, ...]:
        """Seeds of the folds of repeated cross-validation that the rules want to see."""
        seeds = [seed for guard in self.guards.values() for seed in guard.cv_seeds]
        return tuple(dict.fromkeys(seeds))

    def decide(
        self, candidate: Report | None, champion: Report | None, *, ceiling: str = "champion"
    ) -> Verdict:
        """Return what the candidate earns.

        Args:
            candidate: The candidate's report; None is a lost one, hence a refusal.
            champion: The report of the model in production; None only if there is no such model
                (for a champion whose report is lost, give `Report.missing`).
            ceiling: The most to award while a champion exists, "champion" or "challenger".

        """
        if ceiling not in CEILINGS:
            msg = f"The ceiling must be one of {', '.join(sorted(CEILINGS))}, got {ceiling!r}."
            raise ValueError(msg)
        objections = find_objections(candidate, champion)
        if candidate is None or objections:
            return Verdict("refused", f"Refused: {'; '.join(objections)}.", "comparable")
        pairing = None if champion is None else pair(candidate, champion)
        compared = Comparison(candidate, champion, pairing)
        checks = [check for guard in self.guards.values() for check in guard.checks(compared)]
        verdict = _weigh(checks, compared)
        return verdict if champion is None else _cap(verdict, ceiling)


def forced(verdict: Verdict, reason: str) -> Verdict:
    """Return the verdict that makes a candidate champion whatever the rules said."""
    told = f"Forced to champion: {reason} The rules: {verdict.reason}"
    return replace(verdict, award="champion", reason=told, rule="forced")


def _weigh(checks: list[Check], compared: Comparison) -> Verdict:
    """Return what is left of the highest award after every failed check."""
    failed = [check for check in checks if not check.passed]
    award = min((check.otherwise for check in failed), key=AWARDS.index, default=AWARDS[-1])
    decisive = [check for check in failed if check.otherwise == award != AWARDS[-1]]
    numbers = _describe(compared) | {check.rule: check.number for check in checks}
    told = "; ".join(map(str, decisive or failed)) or "every rule is met"
    reason = f"{award.capitalize()}: {_summary(compared)}: {told}."
    return Verdict(award, reason, decisive[0].rule if decisive else "all", numbers, tuple(checks))


def _summary(compared: Comparison) -> str:
    """Return how the candidate did, in a few words."""
    pairing = compared.pairing
    if pairing is None:
        accuracy = float(holdout_accuracy(compared.candidate))
        return f"no champion yet, hold-out accuracy {accuracy:.5f}"
    mine, theirs = pairing.candidate_correct, pairing.champion_correct
    relative = f"{(mine - theirs) / theirs:+.2%}" if theirs else "from zero"
    return (
        f"hold-out accuracy {mine / pairing.rows:.5f} against the champion's "
        f"{theirs / pairing.rows:.5f}, relative gain {relative}{pairing.overlap}"
    )


def _describe(compared: Comparison) -> dict[str, float | None]:
    """Return the figures of a comparison, whatever the rules."""
    if compared.pairing is None:
        return {"candidate_accuracy": float(holdout_accuracy(compared.candidate))}
    pairing: Pairing = compared.pairing
    return {
        "candidate_accuracy": pairing.candidate_correct / pairing.rows,
        "champion_accuracy": pairing.champion_correct / pairing.rows,
        "paired_rows": pairing.rows,
        "candidate_rows": pairing.candidate_rows,
        "champion_rows": pairing.champion_rows,
        "wins": pairing.wins,
        "losses": pairing.losses,
    }


def _cap(verdict: Verdict, ceiling: str) -> Verdict:
    """Lower an award to the ceiling."""
    if AWARDS.index(verdict.award) <= AWARDS.index(ceiling):
        return verdict
    reason = f"{verdict.reason} Capped at {ceiling}: this mode awards no more."
    return replace(verdict, award=ceiling, reason=reason, rule="ceiling")
