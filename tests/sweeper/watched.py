"""Studies that a watcher shows, and a terminal that tells what is on its screen."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.storages.journal import JournalFileBackend

from hydra_plugins.spaceship_optuna._hooks import Objective
from tests.screen import lines_of

QUICK = 0.01
LOSS = Objective("cv_log_loss", step_metric="log_loss")


class Terminal(io.StringIO):
    """Text stream that claims to be a terminal, and shows the screen one would show."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Return the lines on the screen."""
        return lines_of(self.getvalue())


def study_in(folder: Path, directions: int = 1) -> optuna.Study:
    backend = JournalFileBackend(str(folder / "study.journal"))
    storage = optuna.storages.JournalStorage(backend)
    return optuna.create_study(storage=storage, directions=["minimize"] * directions)


def finish(study: optuna.Study, label: str | None, *values: float) -> None:
    trial = study.ask()
    if label:
        trial.suggest_categorical("candidate", ["lgbm", "catboost"])
    study.tell(trial, list(values))


def tune(study: optuna.Study) -> None:
    """Finish five trials, of which one is void."""
    for label in ("lgbm", "catboost", "lgbm", "catboost", "lgbm"):
        study.enqueue_trial({"candidate": label})
    finish(study, "lgbm", 0.5)
    finish(study, "catboost", 0.379914)
    pruned, failed = study.ask(), study.ask()
    pruned.suggest_categorical("candidate", ["lgbm", "catboost"])
    pruned.report(0.7, 0)
    study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    failed.set_user_attr("error", "ValueError: no\nsecond line")
    study.tell(failed, state=optuna.trial.TrialState.FAIL)
    void = study.ask()
    void.set_user_attr("void", "its worker died")
    study.tell(void, state=optuna.trial.TrialState.FAIL)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
