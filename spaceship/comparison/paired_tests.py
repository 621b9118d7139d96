"""Paired tests of two runs on the rows that both predicted without having learnt from them."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from spaceship.comparison.compared_run import ComparedRun
from spaceship.evaluation.losses import standard_error
from spaceship.evaluation.metrics import row_losses
from spaceship.gate.rule.evidence import paired_p
from spaceship.records import Figure
from spaceship.task.arrays import Floats, Positions, Values
from spaceship.task.label import Problem
from spaceship.task.written import written_slice

_Z = 1.96
_FEWEST = 30  # rows of a slice that is compared
_MOST = 5  # slices that are listed
Part = Literal["out of fold", "held out"]


@dataclass(frozen=True)
class PairedTest:
    """A metric of both runs on the same rows, and the difference that luck leaves.

    The error counts whole groups as one draw. It is of these fitted models: the luck of the rows
    that they learnt from is not in it.

    >>> PairedTest("held out", "rmse", 90, 80, None, 2.0, 1.5, -0.5, -0.8, -0.2, 0.01).difference
    -0.5
    """

    part: Part
    metric: str  # such as `log_loss`
    rows: int  # the same ones for both
    groups: int  # of these rows, as many draws
    same_folds: bool | None  # whether the same rows were folds together; None: not known, held out
    old: Figure
    new: Figure
    difference: Figure  # new less old
    low: Figure  # of an interval of 95 %
    high: Figure
    p: Figure  # chance of so large a difference, either way, if neither were better


@dataclass(frozen=True)
class SliceMove:
    """The main metric of one slice, out of fold, before and now.

    >>> SliceMove("plan", "basic", 90, 0.75, 0.5, -0.25, None).new
    0.5
    """

    slice: str
    value: str
    rows: int  # of the new run; with an error those that both runs have
    old: Figure
    new: Figure
    difference: Figure
    error: Figure | None  # standard error; None: the rows are not known to be the same


def paired_tests(old: ComparedRun, new: ComparedRun) -> Iterator[PairedTest]:
    """Yield the tests of metrics that differ: out of fold, then held out where that may be told.

    >>> run = experiment.store.client.get_run(experiment.store.start_run("a job", {}))
    >>> one = ComparedRun.fetch(experiment, run, "a job", tmp_path)
    >>> [*paired_tests(one, one)]
    []
    """
    for part in ("out of fold", "held out"):
        mine, theirs = (_losses(one, part) for one in (old, new))
        if mine is None or theirs is None or (part == "held out" and old.on_ladder | new.on_ladder):
            continue
        ids = _shared_rows(old, new, mine.index.intersection(theirs.index, sort=False))
        before, now = mine.loc[ids], theirs.loc[ids]
        for metric in [one for one in before if one in now and one != "group"]:
            if len(ids) and not before[metric].equals(now[metric]):
                found = _test(part, str(metric), before, now)
                dealt = part == "out of fold"
                yield replace(found, same_folds=_same_folds(old, new, ids)) if dealt else found


def _shared_rows(old: ComparedRun, new: ComparedRun, ids: pd.Index) -> pd.Index:
    """Return those of the ids that name the same row of both: of the same data, label or contents.

    Other features may be new columns, so a row keeps its id and its label. Ids of two data
    sources may be equal by chance, and numbers are no ids: there all its values count.
    """
    if old.digest and old.digest == new.digest:
        return ids
    if old.source == new.source and old.has_ids and new.has_ids and old.labels and new.labels:
        columns = [one.target for one in (old.labels, new.labels)]
        if old.labels.classes != new.labels.classes:
            return ids[:0]
    elif old.rows is not None and new.rows is not None:
        columns = [one["typed"] for one in (old.rows, new.rows)]
    else:
        return ids[:0]
    mine, theirs = (one.reindex(ids).to_numpy() for one in columns)
    return ids.take(np.flatnonzero(mine == theirs))


def moved_slices(old: ComparedRun, new: ComparedRun) -> list[SliceMove]:
    """Return the slices whose main metric has moved most, out of fold.

    >>> run = experiment.store.client.get_run(experiment.store.start_run("a job", {}))
    >>> one = ComparedRun.fetch(experiment, run, "a job", tmp_path)
    >>> moved_slices(one, one)
    []
    """
    mine, theirs, data = _losses(old, "out of fold"), _losses(new, "out of fold"), new.typed
    if mine is None or theirs is None or data is None:
        found = _reported(old, new)
    else:
        ids = _shared_rows(old, new, mine.index.intersection(theirs.index, sort=False))
        sides = mine.loc[ids], theirs.loc[ids]
        names, task = pd.Index(data.task.names(data.train)), data.task
        found = [
            _move((name, written_slice(task, name, value)), *(one.iloc[at] for one in sides))
            for name, column in task.slice_values(data.train).items()
            for value, at in _places(column.set_axis(names).reindex(ids)).items()
            if len(at) >= _FEWEST
        ]
    moved = [one for one in found if one.difference]
    return sorted(moved, key=lambda one: -abs(one.difference))[:_MOST]


def _places(column: pd.Series) -> dict[str, Positions]:
    return {str(value): np.asarray(at) for value, at in column.groupby(column).indices.items()}


def _losses(run: ComparedRun, part: Part) -> pd.DataFrame | None:
    """Return by id the `group` and the loss of each metric: the main one, and one of its labels."""
    found = None if run.report is None else run.report.out_of_fold
    if part == "held out":
        if (held := run.holdout) is None:
            return None
        table = pd.DataFrame({"group": held.group_names, held.metric: held.losses.astype(float)})
        target, values, problem = held.target, held.values, held.problem
    elif found is None or run.report is None or not run.report.task:
        return None
    else:
        problem = Problem(run.report.task["problem"])
        main = "rmse" if problem is Problem.REGRESSION else "accuracy"
        table = found.rows[["group", "loss"]].rename(columns={"loss": main})
        columns = [one for one in found.rows if str(one).startswith("value")]
        if run.labels is None or not columns:
            return table
        target = run.labels.target.loc[table.index].to_numpy()
        several = found.rows[columns].to_numpy(float)
        values = several if problem is Problem.MULTICLASS else several[:, 0]
    if problem is Problem.REGRESSION:
        return table.assign(mae=np.abs(values - target))
    return table.assign(log_loss=row_losses(target, values, problem))


def _test(part: Part, metric: str, old: pd.DataFrame, new: pd.DataFrame) -> PairedTest:
    gains = (old[metric] - new[metric]).to_numpy(float)
    groups = [one["group"].to_numpy() for one in (old, new)]
    coarse = min(groups, key=lambda one: len(pd.unique(one)))
    sign = 1.0 if gains.sum() > 0 else -1.0
    chance = paired_p(sign * gains, coarse, step=1.0 if metric == "accuracy" else 0.0)
    before, now = (_figure(metric, one[metric]) for one in (old, new))
    error = _error(metric, gains, coarse, before + now)
    wide, difference = _Z * error, now - before
    return PairedTest(
        part,
        metric,
        len(gains),
        len(pd.unique(coarse)),
        None,
        before,
        now,
        difference,
        difference - wide,
        difference + wide,
        min(1.0, 2 * chance),
    )


def _move(named: tuple[str, str], old: pd.DataFrame, new: pd.DataFrame) -> SliceMove:
    metric = str(old.columns[1])
    before, now = (_figure(metric, one[metric]) for one in (old, new))
    gains = (old[metric] - new[metric]).to_numpy(float)
    error = _error(metric, gains, new["group"].to_numpy(), before + now)
    return SliceMove(*named, len(gains), before, now, now - before, error)


def _figure(metric: str, losses: pd.Series) -> float:
    mean = float(losses.mean())
    return 1 - mean if metric == "accuracy" else math.sqrt(mean) if metric == "rmse" else mean


def _error(metric: str, gains: Floats, groups: Values, total: float) -> float:
    """Return the standard error of a difference; of roots that of the squares over their sum."""
    error = standard_error(gains - gains.mean(), groups)
    return error if metric != "rmse" else error / total if total else 0.0


def _same_folds(old: ComparedRun, new: ComparedRun, ids: pd.Index) -> bool | None:
    """Return whether the rows were dealt into the same folds, however these are numbered."""
    if any(one.rows is None or "fold" not in one.rows for one in (old, new)):
        return None
    tables = [one.rows for one in (old, new) if one.rows is not None]
    codes: Sequence[Values] = [pd.factorize(one["fold"].reindex(ids))[0] for one in tables]
    return bool((codes[0] == codes[1]).all())


def _reported(old: ComparedRun, new: ComparedRun) -> list[SliceMove]:
    """Return the differences between the slices of two reports, whose rows may differ."""
    if old.report is None or new.report is None:
        return []
    before = {(one.slice, one.value): one for one in old.report.slices}
    found = []
    for one in new.report.slices:
        if (then := before.get((one.slice, one.value))) is None or one.n < _FEWEST:
            continue
        numbers = math.isnan(one.accuracy)
        pair = (then.rmse, one.rmse) if numbers else (then.accuracy, one.accuracy)
        found.append(SliceMove(one.slice, one.value, one.n, *pair, pair[1] - pair[0], None))
    return found
