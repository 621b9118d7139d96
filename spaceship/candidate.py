"""A candidate: scored by cross-validation, fitted twice, and judged against the champion."""

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.trial import in_trial
from spaceship.card.keep import held_out_of, keep_card
from spaceship.drift.profile import PROFILE_FILE, take_profile
from spaceship.errors import DataError, expected
from spaceship.evaluation import twins as training
from spaceship.evaluation.answers import COVERAGE
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.report import Report
from spaceship.experiment import Experiment
from spaceship.files import write_json
from spaceship.gate.verdict import Verdict
from spaceship.model.distributed import growing_workers
from spaceship.model.recipe import Recipe
from spaceship.model.recipe_name import recipe_name
from spaceship.process.kept import KEPT
from spaceship.progress import phase
from spaceship.record.run_record import RunRecord
from spaceship.record.stages import FoldFeatures
from spaceship.records import to_plain
from spaceship.registry import packaging
from spaceship.registry.looks import LookRecords
from spaceship.registry.promotion import Promotion
from spaceship.registry.registry import CHAMPION
from spaceship.screen import Table, show
from spaceship.tracking.job import Job

log = logging.getLogger(__name__)

_DIGITS = 8  # of a digest that people see
_MOST_EXCESS = 4.0  # standard errors by which a hold-out may be easier than the training part


def score(experiment: Experiment, job: Job, recipe: Recipe) -> Report:
    """Cross-validate a recipe inside the training part and write the job's report.

    >>> report = score(experiment, Job(tmp_path, in_multirun=False), experiment.recipe())
    >>> 0.5 < report.metrics["cv_accuracy"] < 1
    True
    """
    record = None if in_trial() else RunRecord.of(experiment, job)
    report = _measure(experiment, recipe, record)
    report.write(job.folder)
    shown = ", ".join(
        f"{name} {report.metrics[f'cv_{key}']:.4f} ± {report.metrics[f'cv_{key}_std']:.4f}"
        for key, name in training.shown_metrics(report.folds[0])
    )
    level = logging.DEBUG if in_trial() else logging.INFO  # a sweep's progress shows its trials
    drawn = f", on {report.sample_words}" if report.drawn_from else ""
    log.log(level, "Cross-validation of %s%s\n  %s", report.name, drawn, shown)
    return report


def _measure(experiment: Experiment, recipe: Recipe, record: RunRecord | None) -> Report:
    """Return the report of a recipe's cross-validation on today's data and protocol."""
    part, plain = experiment.training, recipe.to_plain()
    named = replace(experiment.blank_report, name=recipe_name(plain), recipe=plain)
    features = None if record is None else FoldFeatures(len(part.rows))
    report = training.measure(
        experiment.pipeline(recipe),
        part,
        replace(named, grown_by=growing_workers()),
        experiment.folds(recipe),
        features,
    )
    if record is None or features is None:
        return report
    return record.scored(report, recipe, features)


def introduce(experiment: Experiment, candidate: Recipe | str) -> None:
    """Print what a job works with: task, data, recipe or a sweep's models, gate, store.

    Of the second job of a multirun on, print what differs from the job before.

    >>> introduce(experiment, "lgbm, catboost")
    """
    task, data = experiment.known_task, experiment.dataset
    swept = isinstance(candidate, str)
    who = candidate if isinstance(candidate, str) else _origin(experiment, candidate)
    rules = ", ".join(name.replace("_", " ") for name in experiment.gate.rules)
    store = experiment.store
    facts = {
        "Task": f"{task.name}: {task.label} ({task.problem})",
        "Data": f"{experiment.source.name} (digest {data.digest[:_DIGITS]}): {data.summary}",
        "Models" if swept else "Recipe": who,
        "Gate": f"{experiment.nodes.choice('gate')}: {rules}",
        "Logged": f"{_place(store.uri)}, experiment {store.experiment}",
    }
    shown = facts if swept else _news(experiment.job, facts)
    if shown:
        show(log, Table([*shown.items()]))


def _news(job: Job, facts: dict[str, str]) -> dict[str, str]:
    """Return those facts that the job before in the same multirun, of this process, had not."""
    if not job.in_multirun:
        return facts
    told = KEPT.once("facts", job.folder.parent, dict[str, str])
    news = {key: text for key, text in facts.items() if told.get(key) != text}
    told |= facts
    return news


def _place(uri: str) -> str:
    """Return the place of a store: a database in the current folder by its path from there."""
    path = Path(uri.removeprefix("sqlite:///"))
    near = uri.startswith("sqlite:///") and path.is_relative_to(Path.cwd())
    return str(path.relative_to(Path.cwd())) if near else redact(uri)


def _origin(experiment: Experiment, recipe: Recipe) -> str:
    """Return a recipe by its name, and whether it is the champion's."""
    name = recipe_name(recipe.to_plain())
    if experiment.nodes.plain("model").get("name") != CHAMPION:
        return name
    champion = experiment.registry.find(CHAMPION)
    if champion is None:
        return f"{name}, as there is no champion yet"
    return f"{name}, the champion's recipe (version {champion.number})"


def check_holdout(experiment: Experiment) -> None:
    """Raise RegistryError if the hold-out in use is retired, before any work is done.

    >>> check_holdout(experiment)
    """
    report, gate = experiment.blank_report, experiment.gate
    records = LookRecords.read(experiment.registry.aliases)
    records.check(report, reseal=gate.reseal)
    if not gate.reseal and (worn := gate.refuse_worn(records.next(report))):
        log.warning("The candidate will be refused. %s", worn.reason)


def fit(experiment: Experiment, job: Job, candidates: int = 1) -> None:
    """Fit the job's recipe twice: the twin, which predicts the hold-out, and the serving model.

    The job is the best of a number of scored candidates.

    >>> job = Job(tmp_path, in_multirun=False)
    >>> _ = score(experiment, job, experiment.recipe())
    >>> fit(experiment, job)
    >>> job.fitted
    True
    """
    report, data = Report.read(job.folder), experiment.dataset
    task, frame = data.task, data.train
    recipe, protocol = Recipe.from_plain(report.recipe), experiment.protocol
    pipeline = experiment.pipeline(recipe)
    record = RunRecord.of(experiment, job)
    if not report.recorded:  # the best trial of a sweep
        report = _measure(experiment, recipe, record)
    twin, holdout = training.fit_twin(pipeline, frame, task, protocol)
    _check_excess(experiment, report, holdout)
    scored = replace(
        report,
        candidates=candidates,
        holdout=holdout,
        holdout_shares=holdout.shares,
        repeats=training.repeats(pipeline, frame, task, protocol, list(experiment.gate.cv_seeds)),
    )
    scored.write(job.folder)
    # The profile's scores are the twin's: the serving model has seen every row it would score.
    serving = training.fit_serving(pipeline, frame, task)
    of_errors = None if task.is_classification else scored.out_of_fold
    margin = of_errors.margin(COVERAGE) if of_errors else None
    with phase("Storing the model"):
        profile = take_profile(frame, task, holdout.values)
        write_json(job.folder / PROFILE_FILE, to_plain(profile))
        packaging.save_twin(twin, job.twin, task)
        packaging.save(serving, job.model, frame, task, margin)
    size = {"model_mb": packaging.size(job.model) / 1e6}
    scored = record.fitted(scored, holdout, job)
    replace(scored, metrics=scored.metrics | size).write(job.folder)


def _check_excess(experiment: Experiment, report: Report, holdout: HoldOut) -> None:
    """Warn of a hold-out that is far too easy, or raise DataError if `data.on_leak` is fail."""
    excess = report.out_of_fold.excess(holdout) if report.out_of_fold else 0.0
    if excess <= _MOST_EXCESS:
        return
    found = f"it easier by more than {_MOST_EXCESS:g} standard errors"
    nouns = experiment.dataset.task.nouns
    do = f"look for held-out {nouns} that are copies of learnt ones, under other names"
    message = expected("a hold-out that is no easier than the training part", found, do)
    if experiment.settings.data.on_leak == "fail":
        raise DataError(f"{message}; data.on_leak=warn goes on")
    log.warning("%s", message)


def judge(
    experiment: Experiment, job: Job, ceiling: str = CHAMPION, *, quiet: bool = False
) -> Verdict:
    """Compare the job's candidate with the champion, and move the alias that the verdict awards.

    The verdict is printed unless `quiet`.

    Raises:
        RefusedError: The candidate is refused, and `gate.require` is true.

    >>> judge(experiment, Job(tmp_path, in_multirun=False))
    Traceback (most recent call last):
    spaceship.errors.TrackingError: expected an MLflow run for the job in ...

    """
    held = held_out_of(experiment, job, explained=experiment.settings.report.of_jobs and not quiet)
    promotion = Promotion(
        experiment.gate,
        experiment.registry,
        partial(_updated, experiment),
        experiment.labels,
        experiment.settings.why,
        quiet,
        partial(keep_card, experiment, job, held),
    )
    return promotion.judge(job, ceiling=ceiling)


def _updated(experiment: Experiment, champion: Report, candidate: Report, twin: Path) -> Report:
    """Return the champion's report on the data and the protocol of the candidate.

    The champion's twin predicts the hold-out, unless it may have been fitted on some of its rows:
    then a twin of the champion's recipe is fitted on the candidate's training part. The recipe is
    cross-validated again, except the candidate's own, whose out-of-fold losses would be the same.
    """
    data, protocol = experiment.dataset, experiment.protocol
    frame, task = data.train, data.task
    if not experiment.gate.reseal:
        champion.check_same_groups(candidate)
    pipeline = experiment.pipeline(Recipe.from_plain(champion.recipe))
    if not champion.shares_split(candidate):
        log.info("The recipe to beat is fitted again, on this training part: %s", champion.name)
        with phase(f"Fitting the recipe to beat: {champion.name}"):
            _, holdout = training.fit_twin(pipeline, frame, task, protocol)
    else:
        _, held = protocol.split(frame, task)
        holdout = training.predict_holdout(packaging.load(str(twin)), held, task)
    again = replace(champion, out_of_fold=None)
    if champion.recipe != candidate.recipe:
        again = training.measure(pipeline, experiment.training, champion)
    repeats = training.repeats(pipeline, frame, task, protocol, list(experiment.gate.cv_seeds))
    shares = champion.holdout_shares or {"unknown": {}}  # of an old report
    again = replace(again, data_digest=data.digest, holdout=holdout)
    return replace(again, repeats=repeats, holdout_shares=shares)
