"""Cost of a trial whose fits cost nothing, beside the same trial in a plain Optuna loop.

Both alternate in one process, so that a busy machine slows both alike. The plain loop calls nothing
of this project: an Optuna journal, MLflow's client on a database of its own, one `log_batch` of the
same metrics, parameters and tags.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spaceship.tracking.trial_runs import TrialRun

MODEL = """
name: free
encoding: native
iterations: fixed
estimator: {_target_: sklearn.dummy.DummyClassifier, strategy: prior, random_state: 1}
search_space: {estimator: {random_state: "int(interval(0, 1000000))"}}
"""
WARM_UP = 5  # trials that load libraries and prepare the folds
N_ROWS, N_FOLDS = 5456, 5


class PlainLoop:
    """Trials of a plain Optuna loop, which logs each to MLflow."""

    def __init__(self, folder: Path) -> None:
        """Create study and database."""
        import numpy as np
        import optuna
        from mlflow import MlflowClient
        from optuna.storages.journal import JournalFileBackend
        from sklearn.model_selection import KFold

        storage = optuna.storages.JournalStorage(JournalFileBackend(str(folder / "plain.journal")))
        sampler = optuna.samplers.TPESampler(multivariate=True, group=True, constant_liar=True)
        self.study = optuna.create_study(storage=storage, sampler=sampler)
        self.client = MlflowClient(f"sqlite:///{folder}/plain.db")
        self.experiment = self.client.create_experiment("plain")
        draw = np.random.default_rng(1)
        self.features, self.labels = np.zeros((N_ROWS, 1)), draw.random(N_ROWS) < 0.5  # noqa: PLR2004
        self.folds = [*KFold(N_FOLDS, shuffle=True, random_state=1).split(self.features)]
        self.fits: list[float] = []  # CPU seconds of fits and predictions, by trial

    def run(self, content: "TrialRun") -> None:
        """Run one trial, and log what a trial of the project's has logged."""
        import numpy as np
        from mlflow.entities import Metric, Param, RunTag
        from optuna.distributions import IntDistribution
        from sklearn.dummy import DummyClassifier

        trial = self.study.ask({"random_state": IntDistribution(0, 1_000_000)})
        run = self.client.create_run(self.experiment, run_name=f"free #{trial.number}")
        losses, seconds = list[float](), 0.0
        for step, (train, test) in enumerate(self.folds):
            start = time.process_time()
            model = DummyClassifier(strategy="prior", random_state=trial.params["random_state"])
            model.fit(self.features[train], self.labels[train])
            chance = model.predict_proba(self.features[test])[:, 1]
            seconds += time.process_time() - start
            losses.append(-np.log(np.where(self.labels[test], chance, 1 - chance)).mean())
            trial.report(losses[-1], step)
        self.fits.append(seconds)
        self.study.tell(trial, float(np.mean(losses)))
        now = int(time.time() * 1000)
        self.client.log_batch(
            run.info.run_id,
            [Metric(key, value, now, 0) for key, value in content.metrics.items()],
            [Param(*one) for one in content.params.items()],
            [RunTag(*one) for one in content.tags.items()],
        )
        self.client.set_terminated(run.info.run_id)


def main(out: Path, arguments: list[str]) -> None:
    """Run a sweep, a plain trial after each of its own; write the CPU seconds of both."""
    from hydra_plugins.spaceship_optuna._worker import Worker
    from spaceship.callbacks import mlflow
    from spaceship.cli.main import main as run_command
    from spaceship.evaluation import twins
    from spaceship.tracking.trial_runs import TrialRun

    found: dict[str, list[float]] = {"sweep": [], "plain": [], "measure": [], "writes": []}
    loop, saved = list[PlainLoop](), list[TrialRun]()
    since = [0.0]

    def timed(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            made = function(*given, **named)
            found[kind].append(time.process_time() - start)
            return made

        return run

    def run_trial(worker: Worker, study: Any, trial: Any) -> None:
        original(worker, study, trial)
        now = time.process_time()
        found["sweep"].append(now - since[0])
        loop.extend([] if loop else [PlainLoop(out.parent)])
        start = time.process_time()
        loop[0].run(saved[-1])
        since[0] = time.process_time()
        found["plain"].append(since[0] - start)

    def save(run: TrialRun, folder: Path) -> None:
        saved[:] = [run]  # the file is gone once the run is in MLflow
        save_run(run, folder)

    original, Worker.run_trial = Worker.run_trial, run_trial  # type: ignore[method-assign, assignment]
    save_run, TrialRun.save = TrialRun.save, save  # type: ignore[method-assign, assignment]
    twins.measure = timed("measure", twins.measure)
    callback = mlflow.MLflowCallback
    setattr(callback, "on_trials_end", timed("writes", callback.on_trials_end))  # noqa: B010
    sys.argv = ["run.py", *arguments]
    try:
        run_command()
    finally:
        out.write_text(json.dumps(found | {"fits": loop[0].fits if loop else []}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
