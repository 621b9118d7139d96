"""Kill sweeps at random moments, go on with each: nothing is lost, run twice or left open.

Each round starts a sweep on two workers, kills (SIGKILL) its parent or one of its workers, starts
the same sweep again if the parent was killed, and looks at what is left. Exit status 1 if any round
is wrong.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from scripts.bench import measure as bench
from spaceship.evaluation.report import Report

SWEEP = (
    *("mode=tune", "model=logistic_regression,lgbm", "features=raw", "data.n_groups=300"),
    *(
        "split.n_folds=3",
        "gate.floor.minimum=0.5",
        "model.estimator.n_estimators=int(interval(5,20))",
    ),
    *("hydra.launcher.n_jobs=2", "hydra.sweeper.study_name=kills", "hydra.sweeper.timeout=null"),
)
_STEP_SECONDS = 0.02


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a round; return 1 if any is wrong."""
    parser = bench.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="killed sweeps")
    parser.add_argument("--trials", type=int, default=20, help="trials of a sweep")
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments")
    asked = parser.parse_args(arguments)
    draw = random.Random(asked.seed)  # noqa: S311 - nothing secret
    with tempfile.TemporaryDirectory() as folder:
        duration = bench.measure(command(Path(folder, "0"), asked.trials)).expect("Verdict").wall
        rows = []
        for number in range(1, asked.rounds + 1):
            outputs, whom = Path(folder, str(number)), "worker" if number % 3 == 0 else "parent"
            share = (number - 1 + draw.random()) / asked.rounds
            rows.append(kill(outputs, asked.trials, share * duration, whom))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    print(bench.machine())
    print(f"An undisturbed sweep of {asked.trials} trials takes {duration:.1f} s.\n")
    head = ["killed", "after, s", "trials then", "status", "trials in the end", "runs", "verdict"]
    print(bench.table(head, rows))
    return int(any(row[-1] != "ok" for row in rows))


def command(outputs: Path, trials: int) -> list[str]:
    """Return the command of a sweep; given again, it goes on with the study of that name."""
    return bench.run(*SWEEP, f"hydra.sweeper.n_trials={trials}", outputs=outputs)


def kill(outputs: Path, trials: int, seconds: float, whom: str) -> list[str]:
    """Kill a sweep after so many seconds, go on with it, and return the round's row."""
    process = bench.launch(command(outputs, trials), subprocess.DEVNULL)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(_STEP_SECONDS)
    victim = process if whom == "parent" else worker_of(process)
    if victim is not None:
        victim.kill()
    if whom == "parent":
        process.wait()
        then, status = count(outputs), bench.measure(command(outputs, trials)).status
    else:
        then, status = count(outputs), process.wait(bench.TIMEOUT_SECONDS)
    faults, runs = judge(outputs, trials, status)
    done = count(outputs)
    return [
        whom if victim is not None else f"{whom} (none yet)",
        f"{seconds:.1f}",
        tell(then),
        str(status),
        tell(done),
        tell(runs),
        "; ".join(faults) or "ok",
    ]


def worker_of(process: subprocess.Popen[Any]) -> psutil.Process | None:
    """Return one of a sweep's workers, if it has any."""
    try:
        children = psutil.Process(process.pid).children()
        workers = [one for one in children if "popen_loky" in " ".join(one.cmdline())]
    except psutil.Error:
        return None
    return workers[0] if workers else None


def trials_of(outputs: Path) -> list[Any]:
    """Return the study's trials, if it exists already."""
    import optuna

    from hydra_plugins.spaceship_optuna._storage import open_storage

    path = outputs / "studies" / "kills.journal"
    storage = open_storage(str(path)) if path.exists() else None
    if storage is None or not optuna.get_all_study_names(storage):
        return []
    return optuna.load_study(study_name="kills", storage=storage).get_trials()


def count(outputs: Path) -> Counter[str]:
    """Return how many trials there are of each state; void ones do not count."""
    return Counter(
        "void" if "void" in trial.user_attrs else trial.state.name for trial in trials_of(outputs)
    )


def judge(outputs: Path, trials: int, status: int) -> tuple[list[str], Counter[str]]:
    """Return what is wrong with a sweep that has ended, and its runs' statuses."""
    from spaceship.tracking.store import Store

    store = Store(f"sqlite:///{outputs}/mlflow.db", str(outputs / "mlartifacts"), "spaceship")
    found = list(store.client.search_runs([store.experiment_id]))
    runs = Counter(run.info.status for run in found)
    parents = [run for run in found if "mlflow.parentRunId" not in run.data.tags]
    kept = [trial for trial in trials_of(outputs) if "void" not in trial.user_attrs]
    points = {json.dumps(trial.params, sort_keys=True) for trial in kept}
    verdicts = list(outputs.glob("multiruns/*/*/*/verdict.json"))
    gated, best = [path.parent.name for path in verdicts], best_jobs(outputs, kept)
    wrong = {
        f"status {status}": status != 0,
        f"{len(kept)} trials instead of {trials}": len(kept) != trials,
        "a trial is not finished": any(not trial.state.is_finished() for trial in kept),
        "parameters twice": len(points) != len(kept),
        "a run stands as running": runs["RUNNING"] > 0,
        f"{len(parents)} parents": len(parents) != 1,
        "no best run is linked": not all("best_run_id" in run.data.tags for run in parents),
        f"gated: {gated}, best: {best}": len(gated) != 1 or gated[0] not in best,
        f"versions: {versions(store)}": versions(store) > 1,
    }
    return [what for what, is_wrong in wrong.items() if is_wrong], runs


def best_jobs(outputs: Path, trials: Sequence[Any]) -> list[str]:
    """Return the names of the job folders that may be gated: the best trial's, or the blend's."""
    done = [trial for trial in trials if trial.state.name == "COMPLETE"]
    if not done:
        return []
    best = min(done, key=lambda trial: trial.value)
    blends = [path.parent for path in outputs.glob("multiruns/*/*/blend-*/report.json")]
    losses = {path.name: Report.read(path).metrics["cv_log_loss"] for path in blends}
    return [name for name, loss in losses.items() if loss < best.value] or [str(best.number)]


def versions(store: Any) -> int:
    """Return how many model versions are registered."""
    return len(store.client.search_model_versions(""))


def tell(counts: Counter[str]) -> str:
    """Return counts in words."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
