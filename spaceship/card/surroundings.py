"""Surroundings of a run: the task's other runs, the trials of its sweep, champions, drift."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spaceship.card.card import Card, DriftLine, Reign, RunLine, Standing, TrialLine
from spaceship.data._base import Dataset
from spaceship.drift.alert import DRIFT_FILE, drift_facts
from spaceship.drift.profile import PROFILE_FILE, SCORE, Profile, profile_title, take_profile
from spaceship.drift.psi import compare
from spaceship.experiment import Experiment
from spaceship.files import read_json
from spaceship.records import read_record
from spaceship.registry.moves import now
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.registry.steps import Step, steps_of
from spaceship.registry.version_scores import VersionSummary, summaries
from spaceship.task.task import Task
from spaceship.text import one_line
from spaceship.tracking.leaderboard import PARENT_TAG, Basis, RankedRun, rank
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_MOST_RUNS, _MOST_TRIALS = 30, 2000


def surrounded(
    experiment: Experiment, card: Card, run: "Run | None", folder: Path, data: Dataset | None
) -> Card:
    """Return a card with what has come after its run: other runs, champions, drift.

    The folder may hold the `drift.json` of the run's predictions; `data` are those in use.

    >>> surrounded(experiment, model_card, None, tmp_path, None).trial_metric
    'cv_log_loss'
    """
    store, objective = experiment.store, experiment.objectives[0]
    drift, task = _drift(experiment, card, folder, data), experiment.task
    if drift is None:
        drift = [*card.drift]
    return replace(
        card,
        leaderboard=leaderboard(store, task, _basis(card, run), card.run_id),
        standing=standing(experiment.registry, card.run_id),
        champions=reigns(experiment.registry),
        trials=[] if run is None else trials(store, run, objective),
        trial_metric=objective,
        drift=[replace(one, column=profile_title(one.column, task)) for one in drift],
    )


def moment(milliseconds: int | None) -> str:
    """Return a time of MLflow as ISO 8601, UTC; empty if it is not known.

    >>> moment(0), moment(None)
    ('1970-01-01T00:00:00+00:00', '')
    """
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat()


def leaderboard(store: Store, task: Task, basis: Basis, own: str | None = None) -> list[RunLine]:
    """Return the best runs of a task on the same data and split, the best first; see `rank`.

    The run `own` is always among them, although it may not have ended yet.

    >>> leaderboard(store, task, Basis("synthetic"))
    []
    """
    ranked = rank(store, task, basis, ending=own).runs
    found = [run for run in ranked if run.comparable and not math.isnan(run.score)]
    return [
        _run_line(run) for place, run in enumerate(found) if place < _MOST_RUNS or run.run_id == own
    ]


def standing(registry: Registry, run_id: str | None) -> Standing | None:
    """Return the latest version of a run and the aliases that it holds now; None without one.

    >>> standing(registry, "a1b2")
    """
    made = [] if run_id is None else registry.versions_of(run_id)
    versions = {one.number: str(one.reproduced) for one in made}
    if not versions:
        return None
    records, current = registry.aliases.read(strict=False)
    aliases = [one for one in (CHAMPION, CHALLENGER) if current.get(one) in versions]
    steps = [step for one in aliases[:1] for step in steps_of(records.moves, one, current[one])]
    number = current[aliases[0]] if aliases else max(versions, key=int)
    at = now().isoformat("T", "seconds")
    since = _began(steps[-1]) if steps else ""
    return Standing(number, aliases, since, at, versions[number])


def trials(store: Store, run: "Run", metric: str) -> list[TrialLine]:
    """Return the trials of the sweep that a run belongs to, by number; none of a single run.

    >>> run_id = store.start_run("alone", {})
    >>> trials(store, store.client.get_run(run_id), "cv_accuracy")
    []
    """
    if (parent := run.data.tags.get(PARENT_TAG)) is None:
        return []
    found = store.client.search_runs(
        [store.experiment_id], f"tags.`{PARENT_TAG}` = '{parent}'", max_results=_MOST_TRIALS
    )
    own = [one for one in found if "trial" in one.data.tags] or found  # a blend is none
    lines = [_trial(one, metric, at) for at, one in enumerate(reversed(own))]
    return sorted(lines, key=lambda line: line.number)


def reigns(registry: Registry) -> list[Reign]:
    """Return every step of the alias `champion`, the first first.

    >>> reigns(registry)
    []
    """
    records, current = registry.aliases.read(strict=False)
    steps, found = steps_of(records.moves, CHAMPION, current.get(CHAMPION)), list[Reign]()
    versions = summaries(registry, [step.version for step in steps])
    for at, step in enumerate(steps):
        if step.version is None:
            continue
        until = None if step is steps[-1] else _began(steps[at + 1])
        by = "" if step.move is None else step.move.by
        summary = versions.get(step.version, VersionSummary(None, None))
        score = math.nan if summary.scores is None else summary.scores.cross_validated
        found.append(Reign(step.version, summary.recipe or "", _began(step), until, score, by))
    return found


def drift_lines(facts: Mapping[str, Any]) -> list[DriftLine]:
    """Return the columns of a `drift.json`, the farthest drifted first.

    >>> far = {"column": "weight", "psi": 0.3, "chance": 0.02}
    >>> drift_lines({"columns": [far], "beyond": []})
    [DriftLine(column='weight', psi=0.3, beyond=False)]
    """
    lines = [
        DriftLine(one_line(str(one["column"])), float(one["psi"]), one["column"] in facts["beyond"])
        for one in facts["columns"]
    ]
    return sorted(lines, key=lambda line: -line.psi)


def _basis(card: Card, run: "Run | None") -> Basis:
    split = "" if run is None else run.data.tags.get("split", "")
    return Basis(card.data_source, card.data_digest, split)


def _drift(
    experiment: Experiment, card: Card, folder: Path, data: Dataset | None
) -> list[DriftLine] | None:
    """Return the drift of the predicted rows, else of the test rows; None if there are none."""
    if (path := folder / DRIFT_FILE).is_file():
        return drift_lines(read_json(path))
    known = folder / PROFILE_FILE
    if data is None or data.test is None or data.digest != card.data_digest or not known.is_file():
        return None
    profile = read_record(known, Profile)
    scored = {SCORE, f"{SCORE}_"} - {*data.test}  # no model is at hand to score the rows
    columns = {name: one for name, one in profile.columns.items() if name not in scored}
    reference = replace(profile, columns=columns)
    found = compare(reference, take_profile(data.test, data.task, np.zeros(0), reference))
    beyond = [one.column for one in experiment.alert.exceeding(found, len(data.test))]
    return drift_lines({"columns": [drift_facts(one) for one in found], "beyond": beyond})


def _began(step: Step) -> str:
    """Return the time of a step, empty of one that was made outside and has no record."""
    return "" if step.move is None else step.move.when.astimezone(UTC).isoformat("T", "seconds")


def _run_line(run: RankedRun) -> RunLine:
    return RunLine(
        run.run_id,
        one_line(run.recipe),
        run.score,
        run.sd,
        run.held_out,
        run.standing,
        run.made,
        one_line(run.command),
    )


def _trial(run: "Run", metric: str, at: int) -> TrialLine:
    tags, ends = run.data.tags, (run.info.start_time, run.info.end_time)
    seconds = (ends[1] - ends[0]) / 1000 if all(ends) else None
    number = int(tags["trial"]) if tags.get("trial", "").isdigit() else at
    state = tags.get("state", run.info.status).lower()
    settings = {one_line(key): one_line(value) for key, value in run.data.params.items()}
    return TrialLine(number, state, run.data.metrics.get(metric), settings, seconds)
