"""The best jobs of a study or sweep as recipes, which become the members of a blend."""

import json
import math
import re
from pathlib import Path

from spaceship.config.installation import program
from spaceship.errors import ConfigError, expected
from spaceship.evaluation.metrics import Direction, direction
from spaceship.evaluation.report import Report
from spaceship.tracking.job import Job
from spaceship.tracking.store import FOLDER_TAG, Store

STUDY_TAG = "study"


def study_folder(store: Store, study: str) -> Path:
    """Return the folder that holds the jobs of a study, `last` for the study started last.

    Raise ConfigError if there is no such study, or its folder is gone.

    >>> _ = store.start_run("sweep", {STUDY_TAG: "boosters", FOLDER_TAG: str(tmp_path)})
    >>> study_folder(store, "boosters") == study_folder(store, "last") == tmp_path
    True
    """
    if not re.fullmatch(r"[\w.+ -]+", study):
        do = "its results file names it, and last is the latest one"
        raise ConfigError(expected("the name of a sweep in model.study", repr(study), do))
    which = f"tags.{STUDY_TAG} != ''" if study == "last" else f"tags.{STUDY_TAG} = '{study}'"
    found = store.client.search_runs(
        [store.experiment_id], which, order_by=["attributes.start_time DESC"], max_results=1
    )
    if not found:
        do = f"run one first: {program()} mode=tune"
        raise ConfigError(expected(f"a sweep {study!r} in model.study", "none", do))
    named = found[0].data.tags.get(FOLDER_TAG)
    folder = Path(named or "")
    if not named or not folder.is_dir():
        what = f"the jobs of study {study!r} in {folder if named else 'the folder of its run'}"
        raise ConfigError(expected(what, "no such folder", "choose another with model.study=NAME"))
    return folder


def best_recipes(folder: Path, top: int, metric: str, present: Report) -> list[dict[str, object]]:
    """Return the recipes of the best jobs: first the best of each candidate, then the others.

    Jobs on other data than the present report's do not count, nor jobs that may have learnt from
    the rows that its split holds out; jobs of other seeds do. Raise ConfigError if no job is left.

    >>> for name, loss in {"svm": 0.5, "lgbm": 0.4}.items():
    ...     report = Report(name, "kaggle", "0f3a", {"name": name}, {"cv_log_loss": loss})
    ...     report.write(tmp_path / name)
    >>> best_recipes(tmp_path, 2, "cv_log_loss", present=report)
    [{'name': 'lgbm'}, {'name': 'svm'}]
    """
    check_count(top)
    ranked = [report.recipe for report in ranked_reports(folder, metric, present)]
    if not ranked:
        what = f"jobs scored on the data and the split in use in {folder}"
        raise ConfigError(expected(what, "none", "choose another study with model.study=NAME"))
    leaders = {recipe["name"]: recipe for recipe in reversed(ranked)}
    return sorted(ranked, key=lambda recipe: leaders[recipe["name"]] is not recipe)[:top]


def check_count(top: object) -> None:
    """Raise ConfigError if a number of trials is no whole number from 1 on.

    >>> check_count(3)
    """
    if type(top) is not int or top < 1:
        message = "expected a number of trials, 1 or more, in model.top or mode.blend"
        raise ConfigError(f"{message}, found {top!r}")


def scored_jobs(folder: Path) -> list[Job]:
    """Return the jobs of a multirun's folder that have a report, by name.

    >>> scored_jobs(tmp_path)
    []
    """
    jobs = (Job(child, in_multirun=True) for child in sorted(folder.iterdir()))
    return [job for job in jobs if job.scored]


def ranked_reports(folder: Path, metric: str, present: Report) -> list[Report]:
    """Return the reports of distinct recipes that can be members of a blend, the best first.

    See `best_recipes`.

    >>> ranked_reports(tmp_path, "cv_log_loss", Report("", "kaggle", "0f3a"))
    []
    """
    usable = [
        report
        for report in (Report.read(job.folder) for job in scored_jobs(folder))
        if report.data_digest == present.data_digest
        and not report.may_have_seen_holdout_of(present)
        and "members" not in report.recipe
        and not math.isnan(report.metrics.get(metric, math.nan))
    ]
    sign = -1 if direction(metric) == Direction.MAXIMIZE else 1
    usable.sort(key=lambda report: sign * report.metrics[metric])
    distinct: dict[str, Report] = {}
    for report in usable:
        distinct.setdefault(json.dumps(report.recipe, sort_keys=True), report)
    return [*distinct.values()]
