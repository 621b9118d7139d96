"""Comparison of two runs for `mode=compare`: a record of everything that differs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from spaceship.comparison.compared_run import ComparedRun
from spaceship.comparison.data_changes import DataChanges, data_changes
from spaceship.comparison.paired_tests import PairedTest, SliceMove, moved_slices, paired_tests
from spaceship.evaluation.report import Report
from spaceship.model.recipe_params import recipe_params
from spaceship.record.changes import Changes, differing
from spaceship.record.stages import in_short
from spaceship.records import Figure

_COSTS = re.compile(r"seconds|per_second|model_mb")  # metrics that equal runs do not share


@dataclass(frozen=True)
class RunFacts:
    """One of the two runs.

    >>> RunFacts("last", "a1b2", "lgbm on full", "churn", "local").recorded
    False
    """

    named: str  # as `runs=` names it
    run_id: str
    name: str
    task: str
    data_source: str = ""
    award: str = ""  # of the gate, which depends on the champion of that time; empty: not judged
    seconds: float | None = None  # from its start to its end
    recorded: bool = False  # whether it has a record: provenance.json


@dataclass(frozen=True)
class FigureChange:
    """One figure of MLflow's that differs; None: the run does not have it, or it is not told.

    >>> FigureChange("cv_accuracy", 0.8, None).new is None
    True
    """

    name: str
    old: Figure | None
    new: Figure | None


@dataclass(frozen=True)
class Comparison:
    """All that differs between an old and a new run; equal runs have no changes.

    >>> one, other = (RunFacts(name, name, "lgbm", "churn") for name in ("a1", "b2"))
    >>> Comparison(one, other, same=True).changes.config
    ()
    """

    old: RunFacts
    new: RunFacts
    same: bool  # whether nothing differs but costs and verdicts
    notes: Sequence[str] = ()  # on what could not be compared
    changes: Changes = field(default_factory=Changes)  # in what they rest on
    stages: Sequence[str] = ()  # that have other digests, in the order of a run
    data: DataChanges | None = None
    metrics: Sequence[FigureChange] = ()
    tests: Sequence[PairedTest] = ()  # on the rows that both runs predicted
    slices: Sequence[SliceMove] = ()  # that moved most
    costs: Sequence[FigureChange] = ()  # times, speed, size of the model


def compared(old: ComparedRun, new: ComparedRun, tasks: tuple[str, str]) -> Comparison:
    """Return what differs between two runs of these tasks.

    >>> ids = [experiment.store.start_run("a job", {"git_sha": one}) for one in ("f00", "ba7")]
    >>> runs = [experiment.store.client.get_run(one) for one in ids]
    >>> old, new = (ComparedRun.fetch(experiment, one, "a job", tmp_path) for one in runs)
    >>> str(compared(old, new, ("churn", "churn")).changes.commit)
    'commit f00 → ba7'
    """
    figures = [*_figures(old, new)]
    found = Comparison(
        _facts(old, tasks[0]),
        _facts(new, tasks[1]),
        same=False,
        notes=[*_notes(old, new, tasks)],
        changes=_changes(old, new),
        stages=_stages(old, new),
        costs=[one for one in figures if _COSTS.search(one.name)],
    )
    if tasks[0] != tasks[1]:
        return found
    data = data_changes(old, new) if old.source == new.source else None
    tests, metrics = [*paired_tests(old, new)], [one for one in figures if one not in found.costs]
    slices = moved_slices(old, new) if tests or data else []
    differs = any(vars(found.changes).values()) or found.stages or data or tests or metrics
    same = not differs and old.source == new.source
    return replace(found, same=same, data=data, tests=tests, slices=slices, metrics=metrics)


def _facts(run: ComparedRun, task: str) -> RunFacts:
    info, award = run.run.info, "" if run.verdict is None else str(run.verdict.award)
    return RunFacts(
        run.named,
        info.run_id,
        info.run_name or "",
        task,
        run.source,
        award,
        run.seconds,
        recorded=run.record is not None,
    )


def _changes(old: ComparedRun, new: ComparedRun) -> Changes:
    """Return the changes of the records; without both of them, of recipe, seed and split."""
    if old.record is not None and new.record is not None:
        return Changes.between(old.record.provenance, new.record.provenance)
    commits = [{"commit": one.run.data.tags.get("git_sha", "")} for one in (old, new)]
    commit = differing(*commits) if all(one["commit"] for one in commits) else ()
    settings = [one.run.data.params for one in (old, new)]
    if old.report is not None and new.report is not None:
        settings = [_settings(one) for one in (old.report, new.report)]
    return Changes(differing(*settings), next(iter(commit), None))


def _settings(report: Report) -> dict[str, str]:
    """Return recipe, seed and split of a report by config key."""
    split = vars(report.protocol) if report.protocol is not None else {}
    keys = {"seed": "seed"} | {key: f"split.{key}" for key in ("kind", "n_folds", "salt")}
    config = {keys[key]: str(one) for key, one in split.items() if key in keys}
    return recipe_params(report.recipe, config)


def _stages(old: ComparedRun, new: ComparedRun) -> list[str]:
    """Return the stages that both have recorded and that differ, before the verdict."""
    if old.record is None or new.record is None:
        return []
    mine, theirs = (in_short(one.record.provenance.stages) for one in (old, new) if one.record)
    both = [name for name in mine if name in theirs and name != "verdict"]
    return [name for name in both if mine[name] != theirs[name]]


def _figures(old: ComparedRun, new: ComparedRun) -> Iterator[FigureChange]:
    """Yield the metrics that differ; MLflow has those of a hold-out only if they may be told."""
    scored = old.run.data.metrics and new.run.data.metrics
    mine, theirs = (
        {**(one.run.data.metrics if scored else {}), "seconds": one.seconds} for one in (old, new)
    )
    for name in sorted({*mine, *theirs}):
        if mine.get(name) != theirs.get(name):
            yield FigureChange(name, mine.get(name), theirs.get(name))


def _notes(old: ComparedRun, new: ComparedRun, tasks: tuple[str, str]) -> Iterator[str]:
    """Yield sentences on what could not be compared, or compares only in part."""
    sides = (old, new)
    if tasks[0] != tasks[1]:
        named = " and ".join(one or "none" for one in tasks)
        yield f"The runs are of different tasks ({named}): data and scores do not compare."
    elif all(one.source for one in sides) and old.source != new.source:
        named = " and ".join(one.source or "none" for one in sides)
        yield f"The data come from different sources ({named}): only rows that are equal compare."
    if less := [one.named for one in sides if one.record is None]:
        yield (
            f"No record of {' and '.join(less)}: recipe, seed and split are compared; no other "
            "settings, no files of code, no packages."
        )
    if tasks[0] == tasks[1]:
        yield from _notes_on_scores(*sides)


def _notes_on_scores(old: ComparedRun, new: ComparedRun) -> Iterator[str]:
    sides = (old, new)
    splits = {one.run.data.tags.get("split", "") for one in sides} - {""}
    if len(splits) > 1:
        named = " and ".join(sorted(splits))
        yield f"The splits differ ({named}): only the tests are of the same rows."
    if hidden := [one.named for one in sides if one.verdict is not None and not one.verdict.told]:
        yield f"The verdict of {' and '.join(hidden)} does not tell figures of the hold-out."
    elif all(one.holdout is not None for one in sides) and (old.on_ladder or new.on_ladder):
        yield "No test on the hold-out: under gate.reveal=ladder it would be a look."
    if less := [one.named for one in sides if one.report is None or one.report.out_of_fold is None]:
        yield f"No paired test: no out-of-fold predictions of {' and '.join(less)}."
    elif less := [one.named for one in sides if one.typed is None]:
        yield (
            f"The typed tables of {' and '.join(less)} are not stored (record.data=true keeps "
            "them): no drift, no test of probabilities or of the hold-out."
        )
