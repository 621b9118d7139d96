"""The best jobs of a study or sweep as recipes, for a blend to take its members from."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spaceship.config.installation import program
from spaceship.errors import ConfigError
from spaceship.evaluation.report import Report, direction
from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG, Store

STUDY_TAG = "study"
LAST = "last"
_NAME = re.compile(r"[\w.+ -]+")


def study_folder(store: Store, study: str) -> Path:
    """Return the folder that holds a study's jobs.

    Args:
        store: Where the study was logged.
        study: Its name, or `last`, the one that was started last.

    Raises:
        ConfigError: There is none, or its folder is gone.

    """
    if not _NAME.fullmatch(study):
        message = f"expected the name of a sweep in model.study, found {study!r}"
        raise ConfigError(f"{message}; its results file names it, and last is the latest one")
    which = f"tags.{STUDY_TAG} != ''" if study == LAST else f"tags.{STUDY_TAG} = '{study}'"
    found = store.client.search_runs(
        [store.experiment_id], which, order_by=["attributes.start_time DESC"], max_results=1
    )
    if not found:
        message = f"expected a sweep {study!r} in model.study, found none"
        raise ConfigError(f"{message}; run one first: {program()} mode=tune")
    folder = Path(found[0].data.tags[FOLDER_TAG])
    if not folder.is_dir():
        message = f"expected the jobs of study {study!r} in {folder}, found no such folder"
        raise ConfigError(f"{message}; choose another one with model.study=NAME")
    return folder


def best_recipes(folder: Path, top: int, metric: str, present: Report) -> list[dict[str, Any]]:
    """Return the recipes of the best jobs, the best of each candidate among them.

    Args:
        folder: Holds one folder a job.
        top: How many recipes at the most.
        metric: What the jobs are compared by.
        present: Names the data in use and how they are split. Jobs on other data do not count, nor
            those that may have learnt from what is held out now; jobs of other seeds do.

    Raises:
        ConfigError: No job is scored on these data, or `top` is no number of members.

    """
    check_count(top)
    ranked = _ranked(_reports(folder), metric, present)
    if not ranked:
        message = f"expected jobs scored on the data and the split in use in {folder}, found none"
        raise ConfigError(f"{message}; choose another study with model.study=NAME")
    leaders = {str(recipe["name"]): recipe for recipe in reversed(ranked)}
    order = [recipe for recipe in ranked if leaders[recipe["name"]] is recipe]
    order += [recipe for recipe in ranked if leaders[recipe["name"]] is not recipe]
    return order[:top]


def check_count(top: object) -> None:
    """Refuse what is no number of members.

    Raises:
        ConfigError: It is not a whole number from 1 on.

    """
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        message = "expected a number of members, 1 or more, in model.top or mode.blend"
        raise ConfigError(f"{message}, found {top!r}")


def _reports(folder: Path) -> Sequence[Report]:
    jobs = [Job(child, in_multirun=True) for child in sorted(folder.iterdir()) if child.is_dir()]
    return [Report.read(job.folder) for job in jobs if job.scored]


def _ranked(reports: Sequence[Report], metric: str, present: Report) -> list[dict[str, Any]]:
    """Return different recipes without members of their own, the best first."""
    sign = -1 if direction(metric) == "maximize" else 1
    usable = [
        report
        for report in reports
        if report.data_digest == present.data_digest
        and not report.may_know(present.protocol)
        and "members" not in report.recipe
        and not math.isnan(report.metrics.get(metric, math.nan))
    ]
    usable.sort(key=lambda report: sign * report.metrics[metric])
    return list({json.dumps(one.recipe, sort_keys=True): one.recipe for one in usable}.values())
