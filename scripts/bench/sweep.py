"""What the sweeper costs and what it is worth: overhead, two workers, pruning, against random."""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from scripts.bench import measure as bench

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

CANDIDATES = "model=lgbm,catboost"
SWEEP = ("-m", "mode=train", "hydra/sweeper=optuna", "gate=off")
TWO = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
NOP = "hydra/sweeper/pruner=nop"
RANDOM = "hydra/sweeper/sampler=random"
STRATEGIES = {
    "TPE, pruned": (),
    "TPE": (NOP,),
    "random": (NOP, RANDOM),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each question asked."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, required=True, help="Kaggle's files")
    parser.add_argument("--what", type=bench.names, default="overhead,workers,search")
    parser.add_argument("--trials", type=int, default=60, help="of each search")
    parser.add_argument("--seeds", type=bench.names, default="42,123,2026")
    parser.add_argument("--replay", type=Path, help="used by this script itself")
    asked = parser.parse_args(arguments)
    if asked.replay:
        print(json.dumps(replay(asked.data, asked.replay)))
        return
    print(bench.machine())
    if "overhead" in asked.what:
        overhead(asked.data)
    if "workers" in asked.what:
        workers(asked.data)
    if "search" in asked.what:
        search(asked.data, asked.trials, asked.seeds)


def overhead(data: Path, n_trials: int = 30) -> None:
    """Print what a trial takes more in a sweep than its scoring in a plain Optuna loop.

    The trees are few, so that the difference is not lost in the noise of their fits.
    """
    few = "model.search_space.estimator.n_estimators='int(interval(10, 40))'"
    with tempfile.TemporaryDirectory() as folder:
        sweep(data, folder, "model=lgbm", few, NOP, f"hydra.sweeper.n_trials={n_trials}")
        trials = study_in(folder).trials
        journal = next(Path(folder, "studies").glob("*.journal"))
        command = [sys.executable, __file__, "--data", str(data), "--replay", str(journal)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        plain: list[float] = json.loads(done.stdout.splitlines()[-1])
    starts = [trial.datetime_start.timestamp() for trial in trials if trial.datetime_start]
    whole = [after - before for before, after in pairwise(starts)]
    extra = [1000 * (a - b) for a, b in zip(whole[1:], plain[1:-1], strict=True)]
    rows = [
        ["a trial in the sweep, ms", bench.spread((1000 * s for s in whole[1:]), 0)],
        ["the same in a plain Optuna loop, ms", bench.spread((1000 * s for s in plain[1:]), 0)],
        ["difference, trial by trial, ms (bar 60)", bench.spread(extra, 0)],
    ]
    print(bench.table([f"overhead over {n_trials} trials", "median (least … most)"], rows))


def replay(data: Path, journal: Path) -> list[float]:
    """Return the seconds of each trial of a study, scored again in a plain Optuna loop."""
    import time
    import warnings

    import optuna
    from omegaconf import OmegaConf

    from spaceship import experiment as parts
    from spaceship.evaluation import twins as training
    from spaceship.evaluation.report import Report

    trials = study_of(journal).trials
    cfg = bench.composed("model=lgbm", "data=local", f"data.dir={data}", "features=full")
    people = parts.data_source(cfg).load()
    prepared: dict[int, Any] = {}
    seconds = []

    def objective(trial: optuna.Trial) -> float:
        was = trials[trial.number]
        for name, distribution in was.distributions.items():
            OmegaConf.update(cfg, name, trial._suggest(name, distribution))  # noqa: SLF001
        pipeline = parts.pipeline(cfg, parts.recipe(cfg, features_chosen=True))
        blank = Report("plain", "local", people.digest)
        report = training.measure(pipeline, people.train, parts.protocol(cfg), blank, prepared)
        return report.metrics["cv_log_loss"]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    # the sampler the sweep has by default: it costs a plain loop as much
    sampler = optuna.samplers.TPESampler(multivariate=True, group=True, constant_liar=True)
    study = optuna.create_study(sampler=sampler)
    for was in trials:
        study.enqueue_trial(was.params)
        start = time.perf_counter()
        study.optimize(objective, n_trials=1)
        seconds.append(time.perf_counter() - start)
    return seconds


def workers(data: Path, n_trials: int = 40) -> None:
    """Print how long the same trials take one worker and two: drawn at random, by number."""
    rows, took = [], []
    for name, launcher in (("one", ()), ("two", TWO)):
        with tempfile.TemporaryDirectory() as folder:
            asked = (CANDIDATES, NOP, RANDOM, f"hydra.sweeper.n_trials={n_trials}", *launcher)
            done = sweep(data, folder, *asked, "hydra.sweeper.sampler.seed=1")
            took.append(span(study_in(folder).trials))
            rows.append([name, f"{took[-1]:.1f}", f"{done.wall:.1f}"])
    rows.append(["ratio (bar 0.6)", f"{took[1] / took[0]:.2f}", ""])
    print(bench.table([f"workers, {n_trials} trials", "sweep, s", "process, s"], rows))


def search(data: Path, n_trials: int, seeds: Sequence[str]) -> None:
    """Print the best log loss and the time of each strategy, seed by seed."""
    best: dict[str, list[float]] = {name: [] for name in (*STRATEGIES, "defaults")}
    took: dict[str, list[float]] = {name: [] for name in STRATEGIES}
    cores: dict[str, list[float]] = {name: [] for name in STRATEGIES}
    for seed in seeds:
        for name, options in STRATEGIES.items():
            with tempfile.TemporaryDirectory() as folder:
                own = (f"seed={seed}", f"hydra.sweeper.sampler.seed={seed}")
                asked = (CANDIDATES, *TWO, *options, f"hydra.sweeper.n_trials={n_trials}", *own)
                cores[name].append(sweep(data, folder, *asked).cpu)
                study = study_in(folder)
                best[name].append(study.best_value)
                took[name].append(span(study.trials))
                print(
                    f"seed {seed}, {name}: {best[name][-1]:.5f} in {took[name][-1]:.0f} s",
                    flush=True,
                )
                if name == "TPE":
                    best["defaults"].append(default(study))
    rows = [
        [
            name,
            f"{fmean(values):.5f} ± {error(values):.5f}",
            *(f"{value:.5f}" for value in values),
            bench.spread(took[name], 0) if name in took else "",
            bench.spread(cores[name], 0) if name in cores else "",
        ]
        for name, values in best.items()
    ]
    head = [f"best cv_log_loss, {n_trials} trials", "mean ± SE", *(f"seed {s}" for s in seeds)]
    print(bench.table([*head, "wall, s", "CPU, s"], rows))
    wall, cpu = (sum(of["TPE, pruned"]) / sum(of["TPE"]) for of in (took, cores))
    print(f"Time with pruning / without: wall {wall:.2f}, CPU {cpu:.2f} (bar 0.75)\n")


def sweep(data: Path, folder: str, *arguments: str) -> bench.Measured:
    """Run a sweep on the real passengers with outputs of its own."""
    command = bench.run(*SWEEP, "data=local", f"data.dir={data}", *arguments, outputs=Path(folder))
    return bench.measure(command).expect("Hold-out: accuracy")


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
