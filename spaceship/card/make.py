"""Making of a run's card: everything that stays true of the run, whatever comes after it."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd

from spaceship.card.card import Card, ColumnImportance, Interval, Paired
from spaceship.card.curves import charts
from spaceship.card.intervals import Z, scores, slices
from spaceship.card.remake import remake_commands
from spaceship.card.surroundings import moment
from spaceship.card.words import limits, look_words, protocol_words, settings_words
from spaceship.card.worst import worst_rows
from spaceship.data._base import Dataset
from spaceship.errors import SpaceshipError
from spaceship.evaluation.metrics import metric_title
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.gate.score_lines import CROSS_VALIDATED, HELD_OUT
from spaceship.gate.verdict import Verdict
from spaceship.model.recipe_name import recipe_name
from spaceship.model.recipe_params import recipe_params
from spaceship.registry.looks import LookRecords
from spaceship.task.task import Task
from spaceship.text import one_line

if TYPE_CHECKING:
    from mlflow.entities import Run
    from sklearn.pipeline import Pipeline

_SHOWN_ROWS, _DRAWS = 40, 16  # rows whose Shapley values are averaged, orders of columns for each
_MOST_ROWS = 4000  # that columns are dealt out in
_REPEATS, _WIDE = 2, 100  # repeats of it, once in tables of so many columns


@dataclass(frozen=True)
class Judged:
    """A run's report and the verdict on it, if it was judged.

    >>> refused = Verdict("refused", "Refused: no gain.", "any_gain", told=False)
    >>> figures = report(8, 10, metrics={"cv_accuracy": 0.8, "holdout_accuracy": 0.7})
    >>> Judged(None, figures, refused).tellable().report.metrics
    {'cv_accuracy': 0.8}
    """

    run: "Run | None"  # None: it is deleted
    report: Report  # with its hold-out, if that may be told and the data are the same
    verdict: Verdict | None
    champion: str = ""  # recipe by name of the champion that it was compared with
    remake: tuple[str, ...] = ()  # commands

    @classmethod
    def of(  # noqa: PLR0913, PLR0917
        cls,
        experiment: Experiment,
        run: "Run | None",
        folder: Path,
        report: Report,
        verdict: Verdict | None,
        champion: str | None,
    ) -> Self:
        """Return what is known of a run; `champion` is the version that it was compared with."""
        client, named = experiment.store.client, ""
        if champion is not None:
            with suppress(SpaceshipError, KeyError, TypeError):  # deleted, or its tag is lost
                named = recipe_name(experiment.registry.version(champion).recipe)
        remake = () if run is None else remake_commands(client, run, folder)
        return cls(run, report, verdict, named, remake)

    @property
    def told(self) -> bool:
        """Whether figures of the hold-out may be shown."""
        figures = any(name.startswith("holdout_") for name in self.report.metrics)
        return self.verdict is not None and self.verdict.told and figures

    def tellable(self) -> "Judged":
        """Return the same without any figure of the hold-out, unless they may be told."""
        if self.told:
            return self
        metrics = {k: v for k, v in self.report.metrics.items() if not k.startswith("holdout_")}
        report = replace(self.report, holdout=None, metrics=metrics, holdout_shares={})
        verdict = self.verdict
        if verdict is not None:
            lines = tuple(one for one in verdict.scores if one.rows == CROSS_VALIDATED)
            verdict = replace(verdict, numbers={}, checks=(), told=False, scores=lines)
        return replace(self, report=report, verdict=verdict)


def lasting_card(
    experiment: Experiment, judged: Judged, twin: "Pipeline | None", data: Dataset | None
) -> Card:
    """Return the card of a run without its surroundings; `twin` explains its own hold-out.

    No figure of the hold-out is in it unless the verdict tells it. Rows are shown and explained
    only where the data in use are those of the run.

    >>> judged = Judged(None, report(80, 100, metrics={"cv_accuracy": 0.8}), None)
    >>> card = lasting_card(experiment, judged, None, None)
    >>> card.scores[0].cross_validated.value, card.scores[0].held_out
    (0.8, None)
    """
    judged = judged.tellable()
    report, verdict, rows = judged.report, judged.verdict, judged.report.holdout
    task, frame = Task.read(report.task) if report.task else experiment.task, None
    if data is not None and report.data_digest == data.digest:
        task, frame = data.task, data.train
    found = [*scores(report, task.problem)]
    sliced = [*slices(report, None if frame is None else _levels(frame, task), task.problem)]
    card = Card(
        title=one_line(report.name),
        task=report.task,
        problem=task.problem.value,
        data_source=report.data_source,
        data_digest=report.data_digest,
        rows=report.rows,
        run_id=report.run_id if judged.run is None else judged.run.info.run_id,
        made=moment(None if judged.run is None else judged.run.info.start_time),
        award="" if verdict is None else str(verdict.award),
        verdict=verdict,
        protocol=protocol_words(report.protocol, task, _counts(report, frame, task)),
        looks=_looks(experiment, judged),
        scores=found,
        settings=settings_words(recipe_params(report.recipe, {}) if report.recipe else {}),
        limits=[*limits(report, task, verdict, found, sliced)],
        remake=judged.remake,
        slices=sliced,
        paired=_paired(judged),
        told=judged.told,
    )
    if rows is None or frame is None:
        return card
    more: dict[str, Any] = {"importances": [*_importances(twin, report, frame, task)]}
    worst = [*worst_rows(rows, frame, task)]
    return replace(card, charts=charts(rows, task), worst=worst, **more)


def _importances(
    twin: "Pipeline | None", report: Report, frame: pd.DataFrame, task: Task
) -> Iterator[ColumnImportance]:
    """Yield the importance of each raw column on the twin's hold-out, the most important first."""
    if twin is None or report.protocol is None:
        return
    from spaceship.explanation.contributions import contributions
    from spaceship.explanation.importance import importances

    training, held = (_some(part, task) for part in report.protocol.split(frame, task))
    shown = range(0, len(held), max(1, len(held) // _SHOWN_ROWS))
    pushed = contributions(twin, held, training, task, at=[*shown], draws=_DRAWS)
    sizes = np.abs(pushed.values).sum(axis=2) / min(2, pushed.values.shape[2])
    pushes = dict(zip(pushed.columns, sizes.mean(axis=0).tolist(), strict=True))
    repeats = _REPEATS if len(task.model_columns) < _WIDE else 1
    for one in importances(twin, held, task, repeats=repeats):
        yield ColumnImportance(one.column, one.loss, one.error, pushes.get(one.column))


def _some(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return rows of whole groups, drawn at random where there are too many."""
    groups = pd.factorize(task.group_names(frame))[0]
    order = np.random.default_rng(0).permutation(groups.max() + 1)
    enough = np.bincount(groups)[order].cumsum() <= _MOST_ROWS
    enough[:1] = True
    return frame if enough.all() else frame[np.isin(groups, order[enough])]


def _paired(judged: Judged) -> Paired | None:
    """Return the comparison with the champion, as the verdict has it; None without one."""
    verdict, rows = judged.verdict, judged.report.holdout
    lines = [one for one in verdict.scores if one.rows == HELD_OUT] if verdict is not None else []
    if verdict is None or not lines or (gain := lines[0].difference) is None:
        return None
    main, numbers = lines[0], verdict.numbers
    shared, wins, losses = (int(numbers.get(k) or 0) for k in ("paired_rows", "wins", "losses"))
    wide = math.nan if main.error is None else Z * main.error
    whole = rows is not None and len(rows.ids) == shared
    classes = main.metric == "accuracy"
    return Paired(
        rows=shared,
        groups=rows.group_names.nunique() if whole and rows is not None else None,
        difference=Interval(gain, gain - wide, gain + wide),
        metric=main.metric,
        title=metric_title(main.metric),
        only_candidate_right=wins if classes else None,
        only_champion_right=losses if classes else None,
        champion=one_line(judged.champion),
    )


def _looks(experiment: Experiment, judged: Judged) -> dict[str, str]:
    records = LookRecords.read(experiment.registry.aliases)
    present = sum(look.seal == len(records.reseals) for look in records.looks)
    budget = experiment.nodes.setting("gate.budget")
    return look_words(judged.verdict, present, budget if isinstance(budget, int) else None)


def _levels(frame: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the value of each labelled row in each slice, by id."""
    names = pd.Index(task.names(frame))
    return pd.DataFrame({k: v.to_numpy() for k, v in task.slice_values(frame).items()}, names)


def _counts(report: Report, frame: pd.DataFrame | None, task: Task) -> tuple[int | None, int]:
    """Return the number of held-out rows, if it is known, and of all labelled ones."""
    if frame is None or report.protocol is None:
        return None, report.rows
    return len(report.protocol.split(frame, task)[1]), report.rows
