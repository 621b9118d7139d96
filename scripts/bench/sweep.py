"""Cost and gain of the sweeper: overhead of a trial, two workers, pruning, against random."""

import json
import math
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scripts.bench.measure import (
    ROOT,
    Measured,
    composed,
    dataset,
    kaggle_folder,
    machine,
    measure,
    names,
    parser,
    progress,
    run,
    spread,
    table,
)

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

CANDIDATES = "model=lgbm,catboost"
SWEEP = ("-m", "mode=train", "hydra/sweeper=optuna", "gate=off")
TWO = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
NOP = "hydra/sweeper/pruner=nop"
RANDOM = "hydra/sweeper/sampler=random"
STRATEGIES = {"TPE, pruned": (), "TPE": (NOP,), "random": (NOP, RANDOM)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each part."""
    options = parser(__doc__)
    options.add_argument("--data", type=kaggle_folder, required=True, help="Kaggle's files")
    options.add_argument("--what", type=names, default="overhead,workers,search", help="parts")
    options.add_argument("--trials", type=int, help="30 for overhead, 40 for workers, 60 a search")
    options.add_argument("--seeds", type=names, default="42,123,2026", help="of searches")
    options.add_argument("--replay", type=Path, help="journal; used by this script itself")
    given = options.parse_args(arguments)
    if given.replay:
        print(json.dumps(replay(given.data, given.replay)))
        return
    print(machine())
    if "overhead" in given.what:
        overhead(given.data, given.trials or 30)
    if "workers" in given.what:
        workers(given.data, given.trials or 40)
    if "search" in given.what:
        search(given.data, given.trials or 60, given.seeds)


def overhead(data: Path, n_trials: int) -> None:
    """Print the time that a trial takes more in a sweep than in a plain Optuna loop.

    The trees are few, so that the difference is not lost in the noise of their fits.
    """
    few = "model.search_space.estimator.n_estimators='int(interval(10, 40))'"
    with tempfile.TemporaryDirectory() as folder:
        sweep(data, folder, "model=lgbm", few, NOP, f"hydra.sweeper.n_trials={n_trials}")
        trials = study_in(folder).trials
        journal = next(Path(folder, "studies").glob("*.journal"))
        command = [sys.executable, "-m", "scripts.bench.sweep", "--data", str(data)]
        done = subprocess.run(
            [*command, "--replay", str(journal)], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        plain: list[float] = json.loads(done.stdout.splitlines()[-1])
    starts = [trial.datetime_start.timestamp() for trial in trials if trial.datetime_start]
    whole = [after - before for before, after in pairwise(starts)]
    extra = [1000 * (a - b) for a, b in zip(whole[1:], plain[1:-1], strict=True)]
    rows = [
        ["a trial in the sweep, ms", spread((1000 * s for s in whole[1:]), 0)],
        ["the same in a plain Optuna loop, ms", spread((1000 * s for s in plain[1:]), 0)],
        ["difference, trial by trial, ms (bar 60)", spread(extra, 0)],
    ]
    print(table([f"overhead over {n_trials} trials", "median (least … most)"], rows))


def replay(data: Path, journal: Path) -> list[float]:
    """Return the seconds of each trial of a study, scored again in a plain Optuna loop."""
    import optuna
    from omegaconf import OmegaConf

    from spaceship.evaluation import twins
    from spaceship.evaluation.cross_validation import PreparedFold
    from spaceship.evaluation.report import Report
    from spaceship.experiment import Experiment

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    cfg = composed("model=lgbm", "data=local", f"data.dir={data}", "features=full")
    people = dataset("data=local", f"data.dir={data}")
    prepared: dict[int, PreparedFold] = {}
    # the sampler the sweep has by default: it costs a plain loop as much
    sampler = optuna.samplers.TPESampler(multivariate=True, group=True, constant_liar=True)
    study = optuna.create_study(sampler=sampler)
    seconds = []
    for earlier in study_of(journal).trials:
        study.enqueue_trial(earlier.params)
        start = time.perf_counter()
        trial = study.ask(fixed_distributions=earlier.distributions)
        for name, value in trial.params.items():
            OmegaConf.update(cfg, name, value)
        job = Experiment.of(cfg, ("features=full",))
        pipeline, blank = job.pipeline(job.recipe()), Report("plain", "local", people.digest)
        report = twins.measure(pipeline, people.train, people.task, job.protocol, blank, prepared)
        study.tell(trial, report.metrics["cv_log_loss"])
        seconds.append(time.perf_counter() - start)
    return seconds


def workers(data: Path, n_trials: int) -> None:
    """Print the time of the same random trials with one worker and with two."""
    rows, spans = [], []
    for name, launcher in (("one", ()), ("two", TWO)):
        with tempfile.TemporaryDirectory() as folder:
            chosen = (CANDIDATES, NOP, RANDOM, f"hydra.sweeper.n_trials={n_trials}", *launcher)
            done = sweep(data, folder, *chosen, "hydra.sweeper.sampler.seed=1")
            spans.append(span(study_in(folder).trials))
            rows.append([name, f"{spans[-1]:.1f}", f"{done.wall:.1f}"])
    rows.append(["ratio (bar 0.6)", f"{spans[1] / spans[0]:.2f}", ""])
    print(table([f"workers, {n_trials} trials", "sweep, s", "process, s"], rows))


def search(data: Path, n_trials: int, seeds: Sequence[str]) -> None:
    """Print the best log loss and the time of each strategy, seed by seed."""
    best: dict[str, list[float]] = {name: [] for name in (*STRATEGIES, "defaults")}
    wall: dict[str, list[float]] = {name: [] for name in STRATEGIES}
    cpu: dict[str, list[float]] = {name: [] for name in STRATEGIES}
    for seed in seeds:
        for name, options in STRATEGIES.items():
            with tempfile.TemporaryDirectory() as folder:
                own = (f"seed={seed}", f"hydra.sweeper.sampler.seed={seed}")
                chosen = (CANDIDATES, *TWO, *options, f"hydra.sweeper.n_trials={n_trials}", *own)
                cpu[name].append(sweep(data, folder, *chosen).cpu)
                study = study_in(folder)
                best[name].append(study.best_value)
                wall[name].append(span(study.trials))
                progress(f"seed {seed}, {name}: {best[name][-1]:.5f} in {wall[name][-1]:.0f} s")
                if name == "TPE":
                    best["defaults"].append(default(study))
    rows = [
        [
            name,
            f"{fmean(values):.5f} ± {error(values):.5f}",
            *(f"{value:.5f}" for value in values),
            *(spread(times[name], 0) if name in times else "" for times in (wall, cpu)),
        ]
        for name, values in best.items()
    ]
    head = [f"best cv_log_loss, {n_trials} trials", "mean ± SE", *(f"seed {s}" for s in seeds)]
    print(table([*head, "wall, s", "CPU, s"], rows))
    ratios = [sum(times["TPE, pruned"]) / sum(times["TPE"]) for times in (wall, cpu)]
    print(f"Time with pruning / without: wall {ratios[0]:.2f}, CPU {ratios[1]:.2f} (bar 0.75)\n")


def sweep(data: Path, folder: str, *arguments: str) -> Measured:
    """Run a sweep on the real passengers with outputs of its own."""
    command = run(*SWEEP, "data=local", f"data.dir={data}", *arguments, outputs=Path(folder))
    return measure(command).expect("Hold-out: accuracy")


def study_in(folder: str) -> "Study":
    """Return the only study of an outputs folder."""
    return study_of(next(Path(folder, "studies").glob("*.journal")))


def study_of(journal: Path) -> "Study":
    """Return the only study of a journal file."""
    import optuna
    from optuna.storages.journal import JournalFileBackend

    storage = optuna.storages.JournalStorage(JournalFileBackend(str(journal)))
    return optuna.load_study(study_name=None, storage=storage)


def span(trials: "Sequence[FrozenTrial]") -> float:
    """Return the seconds from the start of the first trial to the end of the last."""
    starts = [trial.datetime_start.timestamp() for trial in trials if trial.datetime_start]
    ends = [trial.datetime_complete.timestamp() for trial in trials if trial.datetime_complete]
    return max(ends) - min(starts)


def default(study: "Study") -> float:
    """Return the best value among the candidates' default configurations."""
    values = [trial.value for trial in study.trials if trial.user_attrs.get("default")]
    return min(value for value in values if value is not None)


def error(values: Sequence[float]) -> float:
    """Return the standard error of the mean; NaN of a single value."""
    return stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan


if __name__ == "__main__":
    main()
