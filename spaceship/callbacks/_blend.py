"""Blend that a multirun ends with: a mean that its best jobs join one by one."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from spaceship import candidate
from spaceship.callbacks._hook import CONFIG_FILE, OVERRIDES_FILE, Hook
from spaceship.callbacks._multirun_result import BLEND
from spaceship.config.installation import configs
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.model.blend_weights import drawn
from spaceship.model.recipe import Recipe
from spaceship.model.recipe_params import recipe_params
from spaceship.registry.recipe_choice import stated_recipe
from spaceship.tracking.best_jobs import ranked_reports, scored_jobs
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import job_run, log_report


def scored_blends(hook: Hook, best: Job, parent_run_id: str) -> list[Job]:
    """Return the blends of a multirun, given its best job; the one of today is scored if it is new.

    A single fit of one job is no blend.
    """
    experiment, folder = hook.experiment_of(best.folder), hook.sweep_folder
    report = Report.read(best.folder)
    members = _members(hook, experiment, report)
    if sum(member.bags for member in members) > 1:
        settings: Any = OmegaConf.load(configs() / "model" / "blend.yaml")
        features = Recipe.from_plain(report.recipe).features
        threshold = report.recipe.get("threshold", THRESHOLD)
        recipe = Recipe.blend(members, settings, features, threshold=threshold)
        plain = json.dumps(recipe.to_plain(), sort_keys=True)
        digest = hashlib.sha256(plain.encode()).hexdigest()
        blend = Job(folder / f"{BLEND}{digest[:8]}", in_multirun=True)
        if not blend.scored:
            _copy_config(hook, best, blend)
            store = experiment.store
            name, tags = f"{recipe.name} · {report.data_source}", {"candidate": "blend"}
            with job_run(blend, store, name, hook.data_tags() | tags, parent_run_id):
                candidate.score(experiment, blend, recipe)
                log_report(store, blend)
                scored = Report.read(blend.folder)
                store.log_params(blend.logged_run(), recipe_params(scored.recipe, {}))
    return [job for job in scored_jobs(folder) if job.folder.name.startswith(BLEND)]


def _copy_config(hook: Hook, best: Job, blend: Job) -> None:
    """Copy the best job's config to a blend's folder, so that commands name the same data."""
    own = blend.folder / str(hook.output_subdir)
    own.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG_FILE, OVERRIDES_FILE):
        if (path := best.folder / own.name / name).is_file():
            shutil.copy(path, own)


def start_recipes(hook: Hook) -> Sequence[Recipe]:
    """Return the recipes of `mode.start`: a blend's members, or one model.

    Raise ConfigError if it is none of both.
    """
    nodes = hook.experiment.nodes
    if (model := nodes.plain("mode").get("start")) is None:
        return []
    recipe = stated_recipe({**model, "study": None}, nodes.plain("features"), {}, lambda *_: [])
    return recipe.members or [recipe]


def _members(hook: Hook, experiment: Experiment, best: Report) -> list[Recipe]:
    """Return the members of the mean of the best jobs, each with as many bags as it counts.

    The mean begins with those recipes of `mode.start` that a job has tried as they are. Up to
    `mode.blend` jobs join it, each the one that lowers the loss of its out-of-fold predictions
    most: a job that is the best of many by chance alone has a limited share.
    """
    part, task = experiment.training, experiment.task
    reports = ranked_reports(hook.sweep_folder, experiment.objectives[0], best)
    seen = [(one, one.out_of_fold) for one in reports if one.out_of_fold is not None]
    if not seen:
        return []  # an earlier release has scored the jobs
    tested = seen[0][1].rows.index
    alike = [(one, unseen) for one, unseen in seen if unseen.rows.index.equals(tested)]
    recipes = [Recipe.from_plain(report.recipe) for report, _ in alike]
    start = start_recipes(hook)
    counts = drawn(
        np.stack([unseen.values for _, unseen in alike], axis=1),
        task.target(part.rows)[pd.Index(task.names(part.rows)).isin(tested)],
        task.problem,
        int(str(hook.blend)),
        [sum(one.bags for one in start if _is_same(one, recipe)) for recipe in recipes],
    )
    pairs = zip(recipes, counts, strict=True)
    return [recipe.model_copy(update={"bags": count}) for recipe, count in pairs if count]


def _is_same(one: Recipe, other: Recipe) -> bool:
    """Return whether two recipes are the same but for bags, calibration and threshold."""
    apart = {"bags", "calibration", "threshold"}
    return one.model_dump(exclude=apart) == other.model_dump(exclude=apart)
