"""Blend that a multirun ends with: a mean of its jobs, made step by step."""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from omegaconf import OmegaConf

from spaceship import candidate
from spaceship.callbacks._hook import CONFIG_FILE, OVERRIDES_FILE, Hook
from spaceship.callbacks._multirun_result import BLEND
from spaceship.config.installation import configs
from spaceship.errors import ConfigError, expected
from spaceship.evaluation.metrics import THRESHOLD
from spaceship.evaluation.out_of_fold import OutOfFold
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.model.blend_weights import fits_in_mean
from spaceship.model.recipe import Recipe
from spaceship.model.recipe_params import recipe_params
from spaceship.registry.recipe_choice import stated_recipe
from spaceship.task.arrays import Floats
from spaceship.tracking.best_jobs import check_count, ranked_reports, scored_jobs
from spaceship.tracking.job import Job
from spaceship.tracking.job_run import job_run, log_report

log = logging.getLogger(__name__)


def scored_blends(hook: Hook, best: Job, parent_run_id: str) -> list[Job]:
    """Return the blends of a multirun, given its best job.

    A blend of the present jobs is scored, unless that was done before, or it has a single fit.
    """
    experiment, folder = hook.experiment_of(best.folder), hook.sweep_folder
    report = Report.read(best.folder)
    members = members_of(hook, experiment, report)
    if sum(member.bags for member in members) > 1:
        shown = ", ".join(f"{member.bags} of {member.name}" for member in members)
        log.info("Mean of fits: %s", shown)
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
                scored = candidate.score(experiment, blend, recipe)
                log_report(store, blend)
                store.log_params(blend.logged_run(), recipe_params(scored.recipe, {}))
    elif members:
        log.info("No mean is better than one fit of %s.", members[0].name)
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

    Raise ConfigError if it is neither.
    """
    nodes = hook.experiment.nodes
    model = nodes.plain("mode").get("start")
    if model is None:
        return []
    if not isinstance(model, Mapping) or model.get("study"):
        found = f"model.study={model['study']}" if isinstance(model, Mapping) else repr(model)
        what = "a model or a blend of models in mode.start"
        raise ConfigError(expected(what, found, "name one: model@mode.start=NAME"))
    recipe = stated_recipe(model, nodes.plain("features"), {}, lambda *_: [])
    return recipe.members or [recipe]


def members_of(hook: Hook, experiment: Experiment, best: Report) -> list[Recipe]:
    """Return the members of the mean of a multirun's jobs; their bags are their weights.

    The mean begins with those recipes of `mode.start` that a job has scored with exactly their
    settings. Up to `mode.blend` times a job is added, each the one that lowers the loss of the
    out-of-fold predictions most: one that is the best of many by chance alone has a limited weight.
    """
    check_count(hook.blend)
    reports = ranked_reports(hook.sweep_folder, experiment.objectives[0], best)
    if best.out_of_fold is None or not (usable := _with_predictions(reports, best.out_of_fold)):
        log.warning("No mean is made: an earlier release has scored the best job.")
        return []
    if left_out := len(reports) - len(usable):
        log.warning("Left out of the mean, as predictions of its rows are missing: %d", left_out)
    recipes = [Recipe.from_plain(report.recipe) for report, _ in usable]
    part, task = experiment.training, experiment.task
    tested = pd.Index(task.names(part.rows)).isin(best.out_of_fold.rows.index)
    at_start = [0] * len(recipes)
    for one in start_recipes(hook):
        same = (at for at, recipe in enumerate(recipes) if _is_same(one, recipe))
        if (at := next(same, None)) is not None:
            at_start[at] += one.bags
    fits = fits_in_mean(
        np.stack([predictions for _, predictions in usable], axis=1),
        task.target(part.rows)[tested],
        task.problem,
        int(str(hook.blend)),
        [*zip(at_start, (recipe.bags for recipe in recipes), strict=True)],
    )
    pairs = zip(recipes, fits, strict=True)
    return [recipe.model_copy(update={"bags": number}) for recipe, number in pairs if number]


def _with_predictions(
    reports: Sequence[Report], like: OutOfFold
) -> Sequence[tuple[Report, Floats]]:
    """Return the reports with out-of-fold predictions of the same rows, and these predictions."""
    found = ((report, report.out_of_fold) for report in reports)
    same = ((one, of) for one, of in found if of and of.rows.index.equals(like.rows.index))
    return [(report, of.values) for report, of in same if of.values.size]


def _is_same(one: Recipe, other: Recipe) -> bool:
    """Return whether two recipes are the same but for bags, calibration and threshold."""
    ignored = {"bags", "calibration", "threshold"}
    return one.model_dump(exclude=ignored) == other.model_dump(exclude=ignored)
