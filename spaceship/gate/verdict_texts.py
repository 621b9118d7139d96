"""Verdict texts for the screen: the scores, one sentence, and the rules as a table."""

from collections.abc import Iterator

from spaceship.evaluation.metrics import Direction, direction, metric_title
from spaceship.gate.award import Award
from spaceship.gate.rule._base import Check
from spaceship.gate.score_lines import ScoreLine
from spaceship.gate.verdict import EVERY_RULE, FORCED, Verdict
from spaceship.screen import Sentence, Table, Tone
from spaceship.text import digits

_TONES = {Award.CHAMPION: Tone.GOOD, Award.CHALLENGER: Tone.FAIR, Award.REFUSED: Tone.BAD}
_OF_FAILURE = {Award.REFUSED: Tone.BAD, Award.CHALLENGER: Tone.FAIR, Award.CHAMPION: Tone.FAIR}
_PASSED = "passed"
_FAILURES = {
    Award.REFUSED: "failed",
    Award.CHALLENGER: "not enough for champion",
    Award.CHAMPION: "noted",
}
"""Outcome of a check that failed, by the highest award that it allows."""
_MOST_NEEDED = 2  # conditions that a person reads in one line
_LOWER = "↓: lower is better"  # head of a column of metrics


def verdict_sentence(verdict: Verdict, *, first: bool, dry_run: bool = False) -> Sentence:
    """Return the award and what it rests on; `first`: there is no champion to compare with.

    >>> verdict = Verdict(Award.CHAMPION, "Champion: every rule is met.", "all")
    >>> verdict_sentence(verdict, first=True).text
    'Verdict: champion; there was no champion yet. Every rule is met.'
    """
    award = f"{verdict.award}, forced" if verdict.rule == "forced" else str(verdict.award)
    award += "; there was no champion yet" if first else ""
    heading = "Dry run, no alias moves; the verdict: " if dry_run else "Verdict: "
    return Sentence(f"{heading}{award}. {_grounds(verdict)}", _TONES[verdict.award])


def score_table(lines: tuple[ScoreLine, ...], rival: Award = Award.CHAMPION) -> Table:
    """Return candidate, rival and difference ± its standard error, a row for each metric.

    >>> print(score_table((ScoreLine("held out", "accuracy", 0.8125, 0.8, 0.0125, 0.004),)))
                        candidate  champion  difference
    accuracy, held out     0.8125    0.8000  +0.0125 ± 0.0040
    """
    falling = {one for one in lines if direction(one.metric) is Direction.MINIMIZE}
    marks = {line: " ↓" if line in falling else "" for line in lines}
    titles = {line: f"{metric_title(line.metric)}{marks[line]}, {line.rows}" for line in lines}
    head = (_LOWER if falling else "", "candidate")
    if all(line.champion is None for line in lines):
        rows = [(titles[line], digits(line.candidate)) for line in lines]
        return Table(rows, head, "<>")
    table = [(titles[line], *_cells(line)) for line in lines]
    return Table(table, (*head, str(rival), "difference"), "<>><")


def rule_table(checks: tuple[Check, ...]) -> Table:
    """Return rule, found, required and outcome, a row for each check.

    >>> print(rule_table((Check("floor", 0.81, ">", 0.78, True, title="Score"),)))
    rule   found  required  outcome
    Score   0.81  > 0.78    passed
    """
    rows = [(check.named, check.found, check.required, _outcome(check)) for check in checks]
    tones = {_PASSED: Tone.GOOD} | {_FAILURES[one]: tone for one, tone in _OF_FAILURE.items()}
    return Table(rows, ("rule", "found", "required", "outcome"), "<><", tones=tones)


def remarks(verdict: Verdict) -> Iterator[tuple[bool, str]]:
    """Yield a line for each check that has a remark, with its outcome, on a sample and on luck.

    >>> [*remarks(Verdict(Award.REFUSED, "Refused.", "all", {"luck": 0.012, "candidates": 40}))]
    [(True, 'The best of 40 equal candidates gains 0.01200 by luck')]
    """
    if whole := verdict.numbers.get("drawn_from"):
        drawn = verdict.numbers["sample"]
        yield False, f"All figures are of a sample: {drawn:,.0f} of {whole:,.0f} labelled rows"
    yield from ((c.passed, f"{c.named}: {c.detail}") for c in verdict.checks if c.detail)
    if luck := verdict.numbers.get("luck"):
        rivals = verdict.numbers["candidates"]
        yield True, f"The best of {rivals:.0f} equal candidates gains {luck:.5f} by luck"


def needed(verdict: Verdict) -> str:
    """Return what a refused candidate lacked, after a semicolon; empty if no rule says.

    >>> failed = Check("floor", 0.7, ">", 0.78, False, title="Score on the hold-out")
    >>> needed(Verdict(Award.REFUSED, "Refused: too low.", "floor", checks=(failed,)))
    '; a champion needs score on the hold-out > 0.78'
    """
    refused = [c for c in verdict.checks if not c.passed and c.otherwise == Award.REFUSED]
    if len(refused) > _MOST_NEEDED:
        return f'; see "{_FAILURES[Award.REFUSED]}" above'
    wanted = (f"p {check.required}" if check.unit == "p" else check.required for check in refused)
    told = ", ".join(f"{_lower(c.named)} {one}" for c, one in zip(refused, wanted, strict=True))
    return f"; a {verdict.rival} needs {told}" if told else ""


def is_own_recipe(verdict: Verdict) -> bool:
    """Return whether a candidate has all the champion's scores: its recipe on the same data.

    >>> line = ScoreLine("held out", "accuracy", 0.8, 0.8, 0.0, 0.0)
    >>> is_own_recipe(Verdict(Award.REFUSED, "Refused: no gain.", "gain", scores=(line,)))
    True
    """
    return bool(verdict.scores) and all(line.difference == 0 for line in verdict.scores)


def _grounds(verdict: Verdict) -> str:
    """Return what the award rests on, without the figures that the tables show."""
    failed = [check for check in verdict.checks if not check.passed]
    if verdict.rule == "forced":
        return f"Reason: {verdict.reason.removeprefix(FORCED)}"
    if verdict.rule == "all":
        return f"{EVERY_RULE.capitalize()}." if not failed else f"It is told: {_names(failed)}."
    _, is_capped, ceiling = verdict.reason.partition(f"; {EVERY_RULE}")
    if is_capped:
        return f"{EVERY_RULE.capitalize()}{ceiling}"
    if decisive := [c for c in failed if c.otherwise == verdict.award != Award.CHAMPION]:
        return f"Not met: {_names(decisive)}."
    award, _, text = verdict.reason.partition(": ")
    if award.lower() != verdict.award:
        return verdict.reason
    return f"{text[:1].upper()}{text[1:]}"


def _names(checks: list[Check]) -> str:
    return ", ".join(_lower(check.named) for check in checks)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def _outcome(check: Check) -> str:
    return _PASSED if check.passed else _FAILURES[check.otherwise]


def _cells(line: ScoreLine) -> Iterator[str]:
    yield digits(line.candidate)
    if line.champion is None or line.difference is None:
        yield from ("-", "-")
        return
    yield digits(line.champion)
    error = "" if line.error is None else f" ± {digits(line.error)}"
    yield f"{digits(line.difference, sign='+')}{error}"
