"""Surroundings of a run: the task's other runs, the trials of its sweep, champions, drift."""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from spaceship.card.card import DriftLine, Reign, RunLine, TrialLine
from spaceship.evaluation.metrics import Direction, direction
from spaceship.model.recipe import recipe_name
from spaceship.registry.registry import CHAMPION, RECIPE, Registry
from spaceship.registry.steps import Step
from spaceship.registry.tag_names import value
from spaceship.text import one_line
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_MOST_RUNS, _MOST_TRIALS = 30, 2000
_PARENT = "mlflow.parentRunId"


def moment(milliseconds: int | None) -> str:
    """Return a time of MLflow as ISO 8601, UTC; empty if it is not known.

    >>> moment(0), moment(None)
    ('1970-01-01T00:00:00+00:00', '')
    """
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat()


def leaderboard(store: Store, task: str, source: str, metric: str) -> list[RunLine]:
    """Return the best judged runs of a task on a data source, the best first.

    >>> leaderboard(store, "spaceship_titanic", "synthetic", "accuracy")
    []
    """
    where = f"tags.task = '{task}' and tags.data_source = '{source}' and tags.award != ''"
    side = "DESC" if direction(metric) is Direction.MAXIMIZE else "ASC"
    found = store.client.search_runs(
        [store.experiment_id], where, order_by=[f"metrics.cv_{metric} {side}"], max_results=500
    )
    lines = [_run_line(run, metric) for run in found if "best_run_id" not in run.data.tags]
    return [one for one in lines if not math.isnan(one.score)][:_MOST_RUNS]


def trials(store: Store, run: "Run", metric: str) -> list[TrialLine]:
    """Return the trials of the sweep that a run belongs to, by number; none of a single run.

    >>> run_id = store.start_run("alone", {})
    >>> trials(store, store.client.get_run(run_id), "cv_accuracy")
    []
    """
    if (parent := run.data.tags.get(_PARENT)) is None:
        return []
    found = store.client.search_runs(
        [store.experiment_id], f"tags.`{_PARENT}` = '{parent}'", max_results=_MOST_TRIALS
    )
    lines = [_trial(one, metric, at) for at, one in enumerate(reversed(found))]
    return sorted(lines, key=lambda line: line.number)


def reigns(registry: Registry, metric: str) -> list[Reign]:
    """Return every step of the alias `champion`, the first first.

    >>> reigns(registry, "accuracy")
    []
    """
    steps, found = registry.aliases.steps(CHAMPION), list[Reign]()
    versions = _versions(registry, metric)
    for at, step in enumerate(steps):
        if step.version is None:
            continue
        until = None if step is steps[-1] else _began(steps[at + 1])
        by = "" if step.move is None else step.move.by
        recipe, score = versions.get(step.version, ("", math.nan))
        found.append(Reign(step.version, recipe, _began(step), until, score, by))
    return found


def drift_lines(facts: Mapping[str, Any]) -> list[DriftLine]:
    """Return the columns of a `drift.json`, the farthest drifted first.

    >>> far = {"column": "weight", "psi": 0.3, "chance": 0.02}
    >>> drift_lines({"columns": [far], "max_drift": None, "beyond": []})
    [DriftLine(column='weight', psi=0.3, beyond=False)]
    """
    lines = [
        DriftLine(one_line(str(one["column"])), float(one["psi"]), one["column"] in facts["beyond"])
        for one in facts["columns"]
    ]
    return sorted(lines, key=lambda line: -line.psi)


def _began(step: Step) -> str:
    """Return the time of a step, empty of one that was made outside and has no record."""
    return "" if step.move is None else step.move.when.astimezone(UTC).isoformat("T", "seconds")


def _run_line(run: "Run", metric: str) -> RunLine:
    tags, found = run.data.tags, run.data.metrics
    return RunLine(
        run.info.run_id,
        one_line(tags.get("candidate", run.info.run_name)),
        found.get(f"cv_{metric}", math.nan),
        found.get(f"cv_{metric}_std", math.nan),
        found.get(f"holdout_{metric}"),
        tags.get("award", ""),
        moment(run.info.start_time),
        one_line(tags.get("command", "")),
    )


def _trial(run: "Run", metric: str, at: int) -> TrialLine:
    tags, ends = run.data.tags, (run.info.start_time, run.info.end_time)
    seconds = (ends[1] - ends[0]) / 1000 if all(ends) else None
    number = int(tags["trial"]) if tags.get("trial", "").isdigit() else at
    state = tags.get("state", run.info.status).lower()
    settings = {one_line(key): one_line(value) for key, value in run.data.params.items()}
    return TrialLine(number, state, run.data.metrics.get(metric), settings, seconds)


def _versions(registry: Registry, metric: str) -> dict[str, tuple[str, float]]:
    """Return the recipe by name and the cross-validated score of each version by number."""
    client, found = registry.store.client, dict[str, tuple[str, float]]()
    versions = client.search_model_versions(f"name = '{registry.model}'")
    ids = ", ".join(f"'{one.run_id}'" for one in versions)
    where, experiments = f"attributes.run_id IN ({ids})", [registry.store.experiment_id]
    runs = client.search_runs(experiments, where) if ids else []  # a run may be deleted
    scores = {run.info.run_id: run.data.metrics.get(f"cv_{metric}", math.nan) for run in runs}
    for one in versions:
        with suppress(ValueError, KeyError, TypeError):  # the tag is lost or garbled
            name = one_line(recipe_name(json.loads(value(one.tags, RECIPE) or "")))
            found[str(one.version)] = name, scores.get(one.run_id, math.nan)
    return found
