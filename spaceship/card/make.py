"""Making of a run's card: everything that stays true of the run, whatever comes after it."""

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pandas as pd
import yaml

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.card.card import Card, Charts, Interval, Paired
from spaceship.card.held_out import HeldOut
from spaceship.card.intervals import Z, scores, slices
from spaceship.card.surroundings import moment
from spaceship.card.words import limits, look_words, protocol_words, settings_words
from spaceship.config.overrides import training_command
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
from spaceship.task.label import Problem
from spaceship.task.task import Task
from spaceship.task.written import written_slice
from spaceship.text import one_line

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_OVERRIDES = Path(".hydra") / "overrides.yaml"


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
    experiment: Experiment, judged: Judged, held: HeldOut | None, data: Dataset | None
) -> Card:
    """Return the card of a run without its surroundings, given what its hold-out shows.

    No figure of the hold-out is in it unless the verdict tells it. Rows are shown and explained
    only where the data in use are those of the run.

    >>> judged = Judged(None, report(80, 100, metrics={"cv_accuracy": 0.8}), None)
    >>> card = lasting_card(experiment, judged, None, None)
    >>> card.scores[0].cross_validated.value, card.scores[0].held_out
    (0.8, None)
    """
    judged = judged.tellable()
    report, verdict = judged.report, judged.verdict
    held = held if judged.told else None
    task, frame = Task.read(report.task) if report.task else experiment.task, None
    if data is not None and report.data_digest == data.digest:
        task, frame = data.task, data.train
    found = [*scores(report, task.problem)] if held is None else held.scores
    levels = None if frame is None else _levels(frame, task)
    sliced = [
        replace(one, value=written_slice(task, one.slice, one.value))
        for one in slices(report, levels, task.problem)
    ]
    return Card(
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
        settings=_settings(report, task),
        limits=[*limits(report, task, verdict, found, sliced)],
        remake=judged.remake,
        slices=sliced,
        paired=_paired(judged),
        told=judged.told,
        importances=() if held is None else held.importances,
        charts=Charts() if held is None else held.charts,
        worst=() if held is None else held.worst,
    )


def _settings(report: Report, task: Task) -> dict[str, str]:
    """Return the recipe's settings; a threshold is one of two classes only."""
    words = settings_words(recipe_params(report.recipe, {}) if report.recipe else {})
    apart = set() if task.problem is Problem.BINARY else {"threshold"}
    return {key: one for key, one in words.items() if key not in apart}


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


def remake_commands(client: "MlflowClient", run: "Run", folder: Path) -> tuple[str, ...]:
    """Return the commands that make a run again: its code, if it is in git, then the run.

    A trial is trained by itself, with its own values; a blend is made by its whole sweep again.

    >>> run = store.client.get_run(store.start_run("job", {"command": "spaceship mode=train"}))
    >>> remake_commands(store.client, run, tmp_path)
    ('spaceship mode=train',)
    """
    tags, words = run.data.tags, folder / _OVERRIDES
    clean = tags.get("git_dirty") == "false"
    code = [f"git checkout {tags['git_sha']}"] if clean and "git_sha" in tags else []
    line = tags.get("command")
    if line is None and "trial" in tags and words.is_file():
        line = training_command(map(str, yaml.safe_load(words.read_text(encoding="utf-8")) or ()))
    if line is None and (parent := tags.get("mlflow.parentRunId")):
        line = client.get_run(parent).data.tags.get("command")
    return (*code, *([redact(line)] if line else []))
