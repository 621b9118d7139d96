"""Next commands, printed when a job has ended well: to be copied, and to work as typed."""

import logging
from collections.abc import Iterator
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.installation import typed_again
from spaceship.data.cache import has_test_part
from spaceship.experiment import Experiment
from spaceship.gate.award import Award
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.gate.verdict_texts import is_own_recipe, needed
from spaceship.registry.registry import CHAMPION
from spaceship.screen import Commands, show
from spaceship.tracking import ui
from spaceship.tracking.advice import mlflow_command

log = logging.getLogger(__name__)

_AFTER = {
    "promote": "predict with the new champion",
    "rollback": "predict with the champion that is back",
}
"""Purpose of the command that follows a move by hand."""
_DRY = ("gate.dry_run=", "gate=off")
"""Starts of the words that keep a gate from moving an alias."""


def show_next(experiment: Experiment, mode: str, folder: Path, run_name: str) -> None:
    """Print one or two commands that follow a job, and the one that shows its run.

    Args:
        experiment: The job's.
        mode: Its mode.
        folder: Of its verdict, if it has one.
        run_name: The name of its MLflow run.

    """
    steps = dict[str, str]()
    if (folder / VERDICT_FILE).is_file():
        steps |= after_verdict(experiment, Verdict.read(folder), mode)
    elif mode == "pp":
        steps["train a model on these data"] = experiment.registry.command("mode=train")
    elif mode in _AFTER and not experiment.dry_run:
        steps[_AFTER[mode]] = _prediction(experiment)
    if steps:
        show(log, Commands(steps))
    from spaceship.card.files import REPORT_FILE  # scikit-learn, which other modes do without

    if (report := folder / REPORT_FILE).is_file():
        log.info("Report: %s", report)
    show(log, Commands({f"run {run_name} in MLflow's pages": see_runs(experiment)}, "See"))


def see_runs(experiment: Experiment) -> str:
    """Return the link of an experiment's runs on a server, else a command that opens its pages."""
    store, outputs = experiment.store, experiment.outputs
    if store.uri.startswith(("http://", "https://")):
        return ui.link(redact(store.uri).rstrip("/"), store.experiment_id)
    if store.uri != f"sqlite:///{outputs / 'mlflow.db'}":
        return mlflow_command(store.uri, "ui")
    return ui.command(outputs)


def after_verdict(
    experiment: Experiment, verdict: Verdict, mode: str = "train"
) -> Iterator[tuple[str, str]]:
    """Yield purposes and commands that follow a verdict."""
    registry = experiment.registry
    waits = verdict.award == Award.CHALLENGER and not experiment.dry_run
    if waits and experiment.gate.needs_proof:
        yield "make its run again", registry.command("mode=reproduce", "run=challenger")
    if experiment.dry_run and verdict.award != Award.REFUSED:
        yield "train it for real", typed_again(_DRY, "gate.dry_run=false")
    elif verdict.award == Award.CHALLENGER and not registry.aliases.may_promote:
        yield "a person makes the challenger champion, with mode=promote", ""
    elif verdict.award == Award.CHALLENGER:
        why = "better than the champion" if registry.find(CHAMPION) else "the first champion"
        command = f'{registry.command("mode=promote")} reason="{why}"'
        yield "make the challenger champion, with a reason of yours", command
    elif verdict.award == Award.REFUSED and is_own_recipe(verdict):
        why = f"this is the {verdict.rival}'s own recipe on the same data, so it cannot win"
        yield f"train another model; {why}", registry.command("mode=train", "model=NAME")
    elif verdict.award == Award.REFUSED:
        yield f"try other models{needed(verdict)}", registry.command("mode=tune")
    won = verdict.award == Award.CHAMPION and not experiment.dry_run
    if _awaits_rows(experiment) if mode == "default" else won:
        yield "predict with the champion", _prediction(experiment)


def _awaits_rows(experiment: Experiment) -> bool:
    """Return whether the main job has predicted nothing, for want of rows, though it could."""
    given, has_test = experiment.settings.inference.input, experiment.dataset.test is not None
    return given is None and not has_test and experiment.registry.find(CHAMPION) is not None


def _prediction(experiment: Experiment) -> str:
    """Return the command that predicts with the champion: a file, if the data have no test part."""
    has_test = has_test_part(experiment.task, experiment.source, experiment.outputs)
    file = [] if has_test else ["inference.input=FILE"]
    return experiment.registry.command("mode=inference", *file)
