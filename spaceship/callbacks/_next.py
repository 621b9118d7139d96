"""Next commands, printed when a job has ended well: to be copied, and to work as typed."""

import logging
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from hydra_plugins.spaceship_optuna.config_text import redact
from spaceship.config.installation import checkout
from spaceship.experiment import Experiment
from spaceship.gate.award import Award
from spaceship.gate.verdict import VERDICT_FILE, Verdict
from spaceship.gate.verdict_texts import needed
from spaceship.registry.registry import Registry
from spaceship.screen import Commands, show
from spaceship.tracking import ui
from spaceship.tracking.advice import mlflow_command

log = logging.getLogger(__name__)

_AFTER = {
    "pp": ("train a model on these data", "mode=train"),
    "promote": ("predict with the new champion", "mode=inference"),
    "rollback": ("predict with the champion that is back", "mode=inference"),
}
"""Purpose and mode of the command that follows modes without a verdict."""


def show_next(experiment: Experiment, mode: str, folder: Path, run_name: str) -> None:
    """Print one or two commands that follow a job, and the one that shows its run.

    Args:
        experiment: The job's.
        mode: Its mode.
        folder: Of its verdict, if it has one.
        run_name: The name of its MLflow run.

    """
    registry, steps = experiment.registry, dict[str, str]()
    if (folder / VERDICT_FILE).is_file():
        predicted = mode == "default"
        steps |= after_verdict(registry, Verdict.read(folder), predicted=predicted)
    elif mode in _AFTER:
        purpose, word = _AFTER[mode]
        steps[purpose] = registry.command(word)
    if steps:
        show(log, Commands(steps))
    show(log, Commands({f"run {run_name} in MLflow's pages": see_runs(experiment)}, "See"))


def see_runs(experiment: Experiment) -> str:
    """Return the link of an experiment's runs on a server, else a command that opens its pages."""
    store, outputs = experiment.store, experiment.outputs
    if store.uri.startswith(("http://", "https://")):
        return ui.link(redact(store.uri).rstrip("/"), store.experiment_id)
    if store.uri != f"sqlite:///{outputs / 'mlflow.db'}":
        return mlflow_command(store.uri, "ui")
    if (root := checkout()) is None:
        return shlex.join([sys.executable, "-m", ui.__name__, str(outputs), "5000"])
    words = ["make", *([] if Path.cwd() == root else ["-C", str(root)]), "ui"]
    if outputs != root / "outputs":
        words.append(f"OUTPUTS={outputs}")
    return shlex.join(words)


def after_verdict(
    registry: Registry, verdict: Verdict, *, predicted: bool
) -> Iterator[tuple[str, str]]:
    """Yield purposes and commands that follow a verdict."""
    if verdict.award == Award.CHAMPION and not predicted:
        yield "predict with the champion", registry.command("mode=inference")
    elif verdict.award == Award.CHALLENGER:
        command = f'{registry.command("mode=promote")} reason="better than the champion"'
        yield "make the challenger champion, with a reason of yours", command
    elif verdict.award == Award.REFUSED:
        wanted = needed(verdict)
        purpose = "find a better model" + (f"; it takes {wanted}" if wanted else "")
        yield purpose, registry.command("mode=tune")
