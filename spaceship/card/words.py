"""Protocol, looks at the hold-out and limits of a model, in sentences."""

from collections.abc import Iterator, Mapping, Sequence

from spaceship.card.card import Score, SliceLine
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.gate.verdict import Verdict
from spaceship.task.task import Task
from spaceship.text import counted, first_few, one_line

_NOT_COMPARED = {"budget", "comparable", "missing_verdict"}  # rules of refusals before a comparison
_FEW_ROWS = 30  # of a slice
_OFF = 0.05  # calibration error worth a sentence


def protocol_words(
    protocol: Protocol | None, task: Task, held: tuple[int | None, int]
) -> dict[str, str]:
    """Return the split of the rows in words, by its parts; `held`: held-out rows, and all.

    >>> shops = Task.read({"problem": "regression", "label": "s", "columns": {"m": "number"}})
    >>> protocol_words(Protocol(0.2, "a", n_folds=5, seed=1), shops, (20, 100))["hold-out"]
    'about 20 % of the rows, by a hash (salt a): 20 of 100 rows'
    """
    if protocol is None:
        return {}
    share = f"about {100 * protocol.holdout_fraction:g} %"
    if protocol.kind == "time":
        gap = f", and {protocol.gap:g} before them unused" if protocol.gap else ""
        since = "" if protocol.cut is None else f" (from {protocol.cut})"
        chosen, folds = f"the latest {share}{since}{gap}", "each trained on what is earlier"
    else:
        chosen = f"{share} of the {task.groups}, by a hash (salt {protocol.salt})"
        chosen += "; few, so by rank" if protocol.by_rank else ""
        folds = f"of the training part, seed {protocol.seed}"
    of = f"of {counted(held[1], task.noun)}"
    by = task.group.of if task.group is not None else None
    return {
        "hold-out": one_line(chosen if held[0] is None else f"{chosen}: {held[0]:,} {of}"),
        "folds": f"{protocol.n_folds}, {folds}",
        "groups": f"{task.nouns} of one {task.group_noun} ({by}) are never torn apart"
        if by
        else f"every {task.noun} is its own",
        "twin": "the same recipe, fitted on the training part only, predicts the hold-out",
    }


def look_words(verdict: Verdict | None, looks: int, budget: int | None) -> dict[str, str]:
    """Return the wear of the hold-out in words: which look this was, its luck, the budget.

    >>> look_words(None, 3, None)
    {'looks so far': '3', 'this run': 'not compared on the hold-out'}
    """
    words = {"looks so far": str(looks)} | ({"budget": str(budget)} if budget else {})
    if verdict is None:
        return words | {"this run": "not compared on the hold-out"}
    numbers = verdict.numbers
    if look := numbers.get("look"):
        words["this run"] = f"look {look:.0f}"
    if rivals := numbers.get("candidates"):
        words["candidates compared"] = f"{rivals:.0f}"
    if rivals and (luck := numbers.get("luck")):
        best = f"the best of {rivals:.0f} equally good candidates"
        words["luck"] = f"{best} would gain {luck:.2g} by luck"
    return words


def limits(
    report: Report,
    task: Task,
    verdict: Verdict | None,
    scores: Sequence[Score],
    slices: Sequence[SliceLine],
) -> Iterator[str]:
    """Yield sentences on what the model cannot be trusted with.

    >>> [*limits(report(8, 10), task, None, [], [])][0]
    'It was not compared on the hold-out: its figures are those of the cross-validation.'
    """
    if verdict is None:
        yield "It was not compared on the hold-out: its figures are those of the cross-validation."
    elif verdict.rule in _NOT_COMPARED:
        yield one_line(f"It was not compared on the hold-out. {verdict.reason}")
    elif not verdict.told:
        yield "The figures of the hold-out are not told: its gain is not beyond noise there."
    if verdict is not None and verdict.rule == "forced":
        yield one_line(f"A person made it champion against the rules. {verdict.reason}")
    elif verdict is not None and (failed := [c.named for c in verdict.checks if not c.passed]):
        yield f"Not met: {first_few(failed)}."
    yield from _chosen(report)
    yield from _apart(scores)
    yield from _weak(scores, slices)
    if few := [f"{s.slice} {s.value} ({s.n})" for s in slices if s.n < _FEW_ROWS]:
        yield f"Too few {task.nouns} to know its score on {one_line(first_few(few))}."
    error = {one.metric: one for one in scores}.get("ece")
    if error is not None and error.cross_validated.value > _OFF:
        off = error.cross_validated.value
        yield f"Its probabilities are off by {off:.2f} on average (calibration error)."
    if report.protocol is not None and report.protocol.kind == "time":
        yield f"It was tried on the {task.nouns} right after those it learnt from, no later ones."
    source = f"It was trained on the data source {report.data_source} only"
    yield f"{source}: check the drift of new {task.nouns} before you trust it."


def _chosen(report: Report) -> Iterator[str]:
    """Yield what was chosen before it was scored: rows, workers of the fits, the best candidate."""
    if report.drawn_from:
        yield f"It was trained and scored on {report.sample_words} alone."
    if report.grown_by > 1:
        workers = f"{report.grown_by:,} workers of a cluster"
        yield f"Its trees were grown by {workers} together: more or fewer grow others."
    if report.candidates > 1:
        rivals = f"{report.candidates:,} candidates"
        yield f"It is the best of {rivals}: its cross-validated scores hold some luck."


def _apart(scores: Sequence[Score]) -> Iterator[str]:
    """Yield the metrics whose held-out and cross-validated intervals do not overlap."""
    found = []
    for one in scores:
        known, held = one.cross_validated, one.held_out
        if held is None or None in {known.low, known.high, held.low, held.high}:
            continue
        if held.low > known.high or held.high < known.low:  # type: ignore[operator]
            found.append(f"{one.title} {held.value:.4g} and {known.value:.4g}")
    if found:
        yield f"Held-out and cross-validated scores differ beyond luck: {first_few(found)}."


def _weak(scores: Sequence[Score], slices: Sequence[SliceLine]) -> Iterator[str]:
    """Yield the slices whose score is certainly worse than that of all rows."""
    if not scores:
        return
    whole, sign = scores[0].cross_validated.value, 1 if scores[0].higher_is_better else -1
    found = [one for one in slices if one.differs and sign * one.score.value < sign * whole]
    if found:
        named = first_few(f"{s.slice} {s.value} ({s.score.value:.4g})" for s in found)
        yield f"It is weaker than elsewhere ({scores[0].title} {whole:.4g}) on {one_line(named)}."


def settings_words(flat: Mapping[str, str]) -> dict[str, str]:
    """Return settings on one line each, without what steers a terminal.

    >>> settings_words({"model.name": "lgbm"})
    {'model.name': 'lgbm'}
    """
    return {one_line(key): one_line(value) for key, value in flat.items()}
