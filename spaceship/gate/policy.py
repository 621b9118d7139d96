"""Policy of promotion: the rules of `gate=`, applied to two reports that can be compared."""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, InstanceOf, StrictBool

from spaceship.config.arguments import Configured
from spaceship.errors import ConfigError, expected
from spaceship.evaluation.report import Report
from spaceship.gate.award import Award
from spaceship.gate.looks import Looks
from spaceship.gate.pairing import Pairing, find_objections
from spaceship.gate.rule._base import Check, Comparison, Rule
from spaceship.gate.score_lines import CROSS_VALIDATED, score_lines
from spaceship.gate.verdict import EVERY_RULE, FORCED, Verdict
from spaceship.text import digits


class Reveal(StrEnum):
    """Condition under which the figures of a hold-out are shown."""

    ALWAYS = "always"
    LADDER = "ladder"  # only of a gain beyond noise (Blum & Hardt, "The Ladder", 2015)


class Gate(Configured):
    """Rules by name; each one that a candidate fails lowers its award.

    Pure: the same reports always get the same verdict. Reports that cannot be compared are refused
    before any rule is applied; see `find_objections`.

    >>> from spaceship.gate.rule.gain import Gain
    >>> str(Gate(gain=Gain(minimum=0.03)).decide(report(90, 100), report(80, 100)).award)
    'champion'
    """

    model_config = ConfigDict(extra="allow")
    hint: ClassVar[str] = (
        "choose one of configs/gate with gate=NAME; one more rule is +gate/rule@gate.NAME=NAME"
    )
    __pydantic_extra__: dict[str, InstanceOf[Rule]]
    dry_run: StrictBool = False  # the verdict is only logged, and no alias moves
    force: StrictBool = False  # a candidate becomes champion whatever its award; needs a reason
    require: StrictBool = False  # a refusal ends the run with exit status 3
    budget: Annotated[int, Field(strict=True, ge=1)] | None = None  # most looks at a hold-out
    reveal: Reveal = Reveal.ALWAYS
    reseal: StrictBool = False  # a new hold-out, on record, retires the looks so far
    may_promote: StrictBool = True  # False: challenger is the highest award

    def __init__(self, **arguments: Rule | bool | int | str | None) -> None:
        """Raise ConfigError if there is no rule, or an argument of a wrong type."""
        super().__init__(**arguments)
        if not self.rules:
            raise ConfigError(expected("a gate with rules", "none", self.hint))

    @property
    def rules(self) -> dict[str, Rule]:
        """The rules by name."""
        return self.__pydantic_extra__

    @property
    def needs_proof(self) -> bool:
        """Whether a run has to be made again before its model becomes champion."""
        later = (rule for rule in self.rules.values() if not rule.at_once)
        return any(rule.otherwise != Award.CHAMPION for rule in later)

    @property
    def cv_seeds(self) -> tuple[int, ...]:
        """Seeds of the folds of repeated cross-validation that the rules need."""
        seeds = [seed for rule in self.rules.values() for seed in rule.cv_seeds]
        return tuple(dict.fromkeys(seeds))

    def decide(
        self,
        candidate: Report | None,
        champion: Report | None,
        looks: Looks | None = None,
        *,
        ceiling: Award = Award.CHAMPION,
    ) -> Verdict:
        """Return the verdict on a candidate; the ceiling caps its award while a champion exists.

        A candidate of None has lost its report, hence is refused. A champion of None means that no
        model is in production; `Report.missing` stands for the lost report of a champion. Without
        looks the comparison is the first one on its hold-out.
        """
        objections = find_objections(candidate, champion)
        if candidate is None or candidate.holdout is None or objections:
            reason, told = f"Refused: {'; '.join(objections)}.", self.reveal is Reveal.ALWAYS
            return Verdict(Award.REFUSED, reason, "comparable", told=told)
        theirs = None if champion is None else champion.holdout
        pairing = None if theirs is None else Pairing.of(candidate.holdout, theirs)
        compared = Comparison(candidate, candidate.holdout, champion, pairing, looks or Looks())
        checks = [check for rule in self.rules.values() for check in rule.checks(compared)]
        verdict = _weigh(checks, compared)
        if champion is not None:
            verdict = capped(verdict, ceiling, "a sweep makes a challenger at most")
            if candidate.drawn_from and candidate.rows < champion.rows:
                # out of fold, and on a hold-out by time, the champion's recipe learnt from it alone
                why = "the champion learnt from more rows than this sample has"
                verdict = capped(verdict, Award.CHALLENGER, why)
        return verdict if self._tells(verdict, compared) else _withheld(verdict)

    def refuse_worn(self, looks: Looks) -> Verdict | None:
        """Return the refusal of a candidate for which the budget has no look left, or None."""
        if self.budget is None or looks.number <= self.budget:
            return None
        reason = (
            f"Refused: expected at most gate.budget={self.budget} looks at the hold-out, found "
            f"{looks.number - 1} on record; judge on more than twice as many rows, or "
            f"on another one: gate.reseal=true split.salt=TEXT reason='…'."
        )
        return Verdict(Award.REFUSED, reason, "budget", told=False)

    def _tells(self, verdict: Verdict, compared: Comparison) -> bool:
        if self.reveal is Reveal.ALWAYS:
            return True
        if (pairing := compared.pairing) is None:
            return verdict.award != Award.REFUSED
        return float(pairing.gain) > max(2 * pairing.error, compared.looks.luck(pairing.error))


def capped(verdict: Verdict, ceiling: Award, why: str) -> Verdict:
    """Return the verdict with no higher award than the ceiling.

    >>> best = Verdict(Award.CHAMPION, "Champion: every rule is met.", "all")
    >>> capped(best, Award.CHALLENGER, "a sweep makes a challenger at most").reason
    'Challenger: every rule is met; a sweep makes a challenger at most.'
    """
    if verdict.award.rank <= ceiling.rank:
        return verdict
    grounds = verdict.reason.partition(": ")[2].rstrip(".")
    reason = f"{ceiling.capitalize()}: {grounds}; {why}."
    return replace(verdict, award=ceiling, reason=reason, rule="ceiling")


def against_challenger(verdict: Verdict) -> Verdict:
    """Return the verdict of a comparison with the present challenger; its reason says so.

    >>> against_challenger(Verdict(Award.REFUSED, "Refused: the champion's is 0.8.", "gain")).reason
    "Refused: the challenger's is 0.8."
    """

    def named(text: str) -> str:
        return text.replace("the champion", f"the {Award.CHALLENGER}")

    checks = (replace(c, title=named(c.title), detail=named(c.detail)) for c in verdict.checks)
    reason, rival = named(verdict.reason), Award.CHALLENGER
    return replace(verdict, reason=reason, checks=tuple(checks), rival=rival)


def forced(verdict: Verdict, reason: str) -> Verdict:
    """Return the verdict that makes a candidate champion whatever the rules said.

    >>> forced(Verdict(Award.REFUSED, "Refused: no gain.", "any_gain"), "mended data.").reason
    'Forced: mended data. Refused: no gain.'
    """
    names = (check.named for check in verdict.checks if not check.passed)
    failed = ", ".join(f"{name[:1].lower()}{name[1:]}" for name in names)
    met = verdict.reason if verdict.rule != "all" else f"{EVERY_RULE.capitalize()}."
    text = f"{forced_reason(reason)}. {f'Not met: {failed}.' if failed else met}"
    return replace(verdict, award=Award.CHAMPION, reason=text, rule="forced")


def forced_reason(reason: str) -> str:
    """Return the reason that the record of a forced move keeps.

    >>> forced_reason("mended data.")
    'Forced: mended data'
    """
    return f"{FORCED}{reason.rstrip('.')}"


def _withheld(verdict: Verdict) -> Verdict:
    reason = f"{verdict.award.capitalize()}: no gain beyond noise on the hold-out, whose figures "
    reason += "are not told (gate.reveal=ladder)."
    scores = tuple(one for one in verdict.scores if one.rows == CROSS_VALIDATED)
    return Verdict(verdict.award, reason, verdict.rule, told=False, scores=scores)


def _weigh(checks: list[Check], compared: Comparison) -> Verdict:
    """Return the highest award that every failed check allows."""
    failed = [check for check in checks if not check.passed]
    award = min((c.otherwise for c in failed), key=lambda a: a.rank, default=Award.CHAMPION)
    decisive = [check for check in failed if check.otherwise == award != Award.CHAMPION]
    numbers = _describe(compared) | {check.rule: check.number for check in checks}
    text = "; ".join(map(str, decisive or failed)) or EVERY_RULE
    reason = f"{award.capitalize()}: {_summary(compared, award)}; {text}."
    rule = decisive[0].rule if decisive else "all"
    return Verdict(award, reason, rule, numbers, tuple(checks), scores=score_lines(compared))


def _summary(compared: Comparison, award: Award) -> str:
    pairing, metric = compared.pairing, compared.holdout.metric
    named = metric if metric == "accuracy" else metric.upper()
    if pairing is None:
        first = "the first one" if award is Award.CHAMPION else "no champion yet"
        return f"{first}, hold-out {named} {digits(float(compared.holdout.score))}"
    mine, theirs = float(pairing.candidate.score), float(pairing.champion.score)
    text = f"hold-out {named} {digits(mine)} against the champion's {digits(theirs)}"
    if compared.looks.candidates > 1:
        text += f", look {compared.looks.number}"
    all_rows = pairing.rows == pairing.candidate_rows == pairing.champion_rows
    return text if all_rows else f"{text}, on the {pairing.rows} rows held out for both"


def _describe(compared: Comparison) -> dict[str, float | None]:
    pairing, metric, looks = compared.pairing, compared.holdout.metric, compared.looks
    numbers: dict[str, float | None] = {"look": looks.number, "candidates": looks.candidates}
    if compared.candidate.drawn_from:
        numbers |= {"sample": compared.candidate.rows, "drawn_from": compared.candidate.drawn_from}
    if pairing is None:
        return numbers | {f"candidate_{metric}": float(compared.holdout.score)}
    return numbers | {
        "luck": looks.luck(pairing.error),
        f"candidate_{metric}": float(pairing.candidate.score),
        f"champion_{metric}": float(pairing.champion.score),
        "paired_rows": pairing.rows,
        "candidate_rows": pairing.candidate_rows,
        "champion_rows": pairing.champion_rows,
        "wins": pairing.wins,
        "losses": pairing.losses,
    }
