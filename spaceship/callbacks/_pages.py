"""Pages of runs in MLflow: a note in Markdown, plots, the data set, the recipe as parameters.

They are decoration for people: nothing ever reads them, and a failure is logged, no more.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from hydra_plugins.spaceship_optuna.config_text import flatten, redact
from spaceship.callbacks._hook import CHAMPIONS_RECIPE, Hook
from spaceship.callbacks._next import after_verdict
from spaceship.callbacks._views import INCOMPLETE
from spaceship.card.plots import FOLDER, draw_plots
from spaceship.errors import RefusedError, only_logged
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.gate.score_lines import CROSS_VALIDATED, ScoreLine
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.gate.verdict_texts import rule_table, score_table, verdict_sentence
from spaceship.model.recipe_name import recipe_name
from spaceship.model.recipe_params import recipe_params
from spaceship.process.temporary import cleared_if_killed
from spaceship.registry.registry import CHAMPION
from spaceship.tracking.job import Job
from spaceship.tracking.markdown import block, command, page, plain, run_link, table
from spaceship.tracking.store import Store
from spaceship.tracking.views import NOTE

log = logging.getLogger(__name__)

_DIGEST_LENGTH = 36  # characters of the digest of a data set that MLflow takes


def fill_page(hook: Hook, job: Job, error: Exception | None) -> None:
    """Fill the page of a job's run once the job has ended, judged or not."""
    with only_logged(log, INCOMPLETE):
        experiment, run_id, parts = hook.job_experiment, job.logged_run(), list[str]()
        if error is not None and not isinstance(error, RefusedError):
            parts.append(f"**Failed**: {plain(redact(str(error)) or type(error).__name__)}")
        if job.scored:
            report = Report.read(job.folder)
            name, given = final_name(hook, job), flatten(hook.loggable())
            experiment.store.log_params(run_id, recipe_params(report.recipe, given))
            if name != hook.run_name:
                experiment.store.client.update_run(run_id, name=name)
            with cleared_if_killed(job.folder, experiment.outputs):
                parts += _of_candidate(experiment, job)
        experiment.store.set_tags(run_id, {NOTE: page(*parts, hook.tags()[NOTE])})


def fill_best_page(experiment: Experiment, job: Job, parent_run_id: str) -> None:
    """Fill the page of a multirun's best job, which was judged when all jobs had ended."""
    with only_logged(log, INCOMPLETE):
        store = experiment.store
        sweep = run_link(store.experiment_id, parent_run_id, "this sweep")
        with cleared_if_killed(job.folder, experiment.outputs):
            note = page(*_of_candidate(experiment, job), f"The best job of {sweep}")
        store.set_tags(job.logged_run(), {NOTE: note})


def final_name(hook: Hook, job: Job) -> str:
    """Return the name of a job's run; that of `model=champion` is known once it is scored."""
    if hook.choices["model"] != CHAMPION or not job.scored:
        return hook.run_name
    report = Report.read(job.folder)
    return hook.run_name.replace(CHAMPIONS_RECIPE, recipe_name(report.recipe))


def fill_parent_page(hook: Hook, run_id: str, best: Job | None, summary: str | None) -> None:
    """Fill the page of the run above a multirun's jobs."""
    with only_logged(log, INCOMPLETE):
        store, parts = hook.experiment.store, list[str]()
        if best is not None:
            report, own = Report.read(best.folder), hook.experiment_of(best.folder)
            to_best = run_link(store.experiment_id, str(best.run_id), recipe_name(report.recipe))
            parts = [f"The best job: {to_best}", *_of_verdict(own, best, report)]
            log_dataset(store, run_id, report)
        leaderboard = None if summary is None else f"**Leaderboard**\n{block(summary)}"
        plots = ", ".join(_plot_link(store, run_id, path) for path in _pictures(store, run_id))
        again = hook.tags(multirun=True)[NOTE]
        store.set_tags(
            run_id, {NOTE: page(*parts, leaderboard, f"Plots: {plots}" if plots else None, again)}
        )


def trial_note(store: Store, parent_run_id: str | None, drawn: Mapping[str, str]) -> str:
    """Return the note of a trial, one line: the sweep that it belongs to, and its parameters.

    >>> trial_note(store, None, {"model": "lgbm"})
    'Trial of a sweep: model=lgbm'
    """
    sweep = (
        "a sweep"
        if parent_run_id is None
        else run_link(store.experiment_id, parent_run_id, "this sweep")
    )
    settings = ", ".join(f"{key.rpartition('.')[2]}={value}" for key, value in drawn.items())
    return page(f"Trial of {sweep}: {plain(settings)}")


def log_dataset(store: Store, run_id: str, report: Report) -> None:
    """Log the data set that a report's figures were measured on, by the digest of its content."""
    name = f"{report.task.get('name', 'data')}-{report.data_source}"
    source = json.dumps({"data": report.data_source, "digest": report.data_digest})
    profile = json.dumps({"labelled_rows": report.rows})
    facts = {"name": name, "digest": report.data_digest[:_DIGEST_LENGTH], "profile": profile}
    facts |= {"source": source, "source_type": report.data_source}
    store.client.log_dataset(run_id, facts, "training")


def _of_candidate(experiment: Experiment, job: Job) -> Iterator[str]:
    """Log data set and plots of a scored job; yield the parts of its note."""
    store, run_id = experiment.store, job.logged_run()
    verdict = _verdict(job)
    told = verdict is not None and verdict.told
    report = Report.read(job.folder, experiment.labels if told else None)
    log_dataset(store, run_id, report)
    images = []
    for path in draw_plots(report, job.folder / FOLDER) if verdict is not None else ():
        store.client.log_artifact(run_id, str(path), FOLDER)
        images.append(_image(run_id, f"{FOLDER}/{path.name}"))
    yield from _of_verdict(experiment, job, report, " ".join(images))
    with only_logged(log, "The report is not written"):
        from spaceship.card.report import report_job  # and scikit-learn, if a job was scored only

        wanted = experiment.settings.report.of_jobs
        if wanted and (made := report_job(experiment, job)) is not None:
            address = _viewed(store, run_id, made.name)
            yield f"[The report]({address}), which a browser opens offline: {plain(str(made))}"


def _of_verdict(
    experiment: Experiment, job: Job, report: Report, images: str = ""
) -> Iterator[str]:
    """Yield the verdict's sentence, scores, plots and rules, and the commands that follow."""
    verdict = _verdict(job)
    if verdict is None:
        yield table(score_table(_own_scores(report)))
        return
    content = json.loads((job.folder / VERDICT_FILE).read_text())
    first, dry_run = content.get("champion_before") is None, bool(content.get("dry_run"))
    yield f"**{plain(verdict_sentence(verdict, first=first, dry_run=dry_run).text)}**"
    yield table(score_table(verdict.scores or _own_scores(report), verdict.rival))
    yield images
    if number := content.get("version_registered"):
        model = experiment.registry.model
        address = f"#/models/{model}/versions/{number}"
        yield f"Registered as [version {number} of {plain(model)}]({address})"
    if verdict.checks:
        yield table(rule_table(verdict.checks))
    for purpose, line in after_verdict(experiment, verdict):
        yield f"Next: {plain(purpose)}\n{command(line)}"


def _own_scores(report: Report) -> tuple[ScoreLine, ...]:
    names = (name for name in report.metrics if name.startswith("cv_"))
    bare = (name.removeprefix("cv_") for name in names if not name.endswith("_std"))
    return tuple(ScoreLine(CROSS_VALIDATED, one, report.metrics[f"cv_{one}"]) for one in bare)


def _verdict(job: Job) -> Verdict | None:
    return Verdict.read(job.folder) if (job.folder / VERDICT_FILE).is_file() else None


def _plot_link(store: Store, run_id: str, path: str) -> str:
    """Return a link to a plot in MLflow's viewer; those of a sweep are too wide for a note."""
    return f"[{plain(Path(path).stem)}]({_viewed(store, run_id, path)})"


def _viewed(store: Store, run_id: str, path: str) -> str:
    """Return the address at which MLflow's pages show an artifact."""
    return f"#/experiments/{store.experiment_id}/runs/{run_id}/artifacts/{quote(path)}"


def _image(run_id: str, path: str) -> str:
    """Return a picture among a run's artifacts, by the address at which MLflow's server has it."""
    return f"![{Path(path).stem}](get-artifact?path={quote(path, safe='')}&run_uuid={run_id})"


def _pictures(store: Store, run_id: str) -> list[str]:
    """Return the PNG files among a run's artifacts."""
    found = store.client.list_artifacts(run_id)
    return [one.path for one in found if one.path.endswith(".png")]
