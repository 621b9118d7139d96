"""Cost and gain of the sweeper: overhead of a trial, two workers, pruning, against random."""

import json
import math
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scripts.bench import trial
from scripts.bench.measure import (
    Measured,
    kaggle_parser,
    machine,
    measure,
    names,
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
    options = kaggle_parser(__doc__)
    options.add_argument("--what", type=names, default="overhead,workers,search", help="parts")
    options.add_argument("--trials", type=int, help="100 for overhead, 40 for workers, 60 a search")
    options.add_argument("--seeds", type=names, default="42,123,2026", help="of searches")
    given = options.parse_args(arguments)
    print(machine())
    if "overhead" in given.what:
        overhead(given.data, given.trials or 100)
    if "workers" in given.what:
        workers(given.data, given.trials or 40)
    if "search" in given.what:
        search(given.data, given.trials or 60, given.seeds)


def overhead(data: Path, n_trials: int) -> None:
    """Print the CPU time of a trial whose fits cost nothing, beside that of a plain Optuna loop."""
    kept, writes = trial_costs(data, n_trials)
    mean = {kind: fmean(kept[kind]) for kind in ("sweep", "plain")}
    ratios = [a / b for a, b in zip(kept["sweep"], kept["plain"], strict=True)]
    scoring = [a - b for a, b in zip(kept["measure"], kept["fits"], strict=False)]
    rows = [
        ["a trial in the sweep, CPU ms (bar 20)", spread(kept["sweep"], 1)],
        ["the same in a plain loop, CPU ms", spread(kept["plain"], 1)],
        ["ratio, trial by trial (bar 1.0)", spread(ratios)],
        ["ratio of means, last writes included", f"{(mean['sweep'] + writes) / mean['plain']:.2f}"],
        ["what scoring adds to fit and predict, CPU ms (bar 10)", spread(scoring, 1)],
    ]
    print(table([f"{n_trials} trials whose fits cost nothing", "median (least … most)"], rows))


def trial_costs(data: Path, n_trials: int) -> tuple[dict[str, list[float]], float]:
    """Return CPU milliseconds of each trial by kind of cost, and of the last writes a trial."""
    with tempfile.TemporaryDirectory() as folder:
        place, out = Path(folder), Path(folder, "found.json")
        (place / "configs" / "model").mkdir(parents=True)
        (place / "configs" / "model" / "free.yaml").write_text(trial.MODEL)
        given = [f"data.dir={data}", f"hydra.sweeper.n_trials={n_trials + trial.WARM_UP}"]
        words = [*SWEEP, "data=local", "model=free", NOP, *given, f"paths.outputs={place / 'o'}"]
        script = [sys.executable, "-m", "scripts.bench.trial", str(out)]
        measure([*script, *words], place, OMP_NUM_THREADS="1").expect("accuracy, held out")
        found = json.loads(out.read_text())
    kept = {kind: [1000 * one for one in found[kind][trial.WARM_UP :]] for kind in found}
    return kept, 1000 * sum(found["writes"]) / len(found["sweep"])


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
