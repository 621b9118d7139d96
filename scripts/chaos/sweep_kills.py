"""Sweeps killed at random moments and resumed: no trial is lost, run twice or left open.

Each round starts a sweep on two workers, kills (SIGKILL) its parent or one of its workers, starts
the same sweep again if the parent was killed, and checks the result. Exit status 1 if any round is
wrong.
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

from scripts.bench.measure import (
    TIMEOUT_SECONDS,
    launch,
    machine,
    measure,
    parser,
    progress,
    run,
    table,
)
from scripts.chaos.state import MODEL, runs, store_of
from spaceship.evaluation.report import Report

SWEEP = (
    *("mode=tune", "model=logistic_regression,lgbm", "features=raw", "data.n_groups=300"),
    *("split.n_folds=3", "gate=predecessor", "gate.floor.minimum=0.5"),
    "model.estimator.n_estimators=int(interval(5,20))",
    *("hydra.launcher.n_jobs=2", "hydra.sweeper.study_name=kills", "hydra.sweeper.timeout=null"),
)
_STEP_SECONDS = 0.02


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each round; return 1 if any is wrong."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=20, help="killed sweeps")
    options.add_argument("--trials", type=int, default=20, help="trials of a sweep")
    options.add_argument("--seed", type=int, default=1, help="seed of the moments")
    given = options.parse_args(arguments)
    draw = random.Random(given.seed)  # noqa: S311 - nothing secret
    with tempfile.TemporaryDirectory() as folder:
        duration = measure(command(Path(folder, "0"), given.trials)).expect("Verdict").wall
        rows = []
        for number in range(1, given.rounds + 1):
            outputs, whom = Path(folder, str(number)), "worker" if number % 3 == 0 else "parent"
            share = (number - 1 + draw.random()) / given.rounds
            rows.append(kill(outputs, given.trials, share * duration, whom))
            progress(" | ".join(rows[-1]))
    print(machine())
    print(f"An undisturbed sweep of {given.trials} trials takes {duration:.1f} s.\n")
    head = ["killed", "after, s", "trials then", "status", "trials in the end", "runs", "verdict"]
    print(table(head, rows))
    return int(any(row[-1] != "ok" for row in rows))


def command(outputs: Path, trials: int) -> list[str]:
    """Return the command of a sweep; repeated, it resumes the study of that name."""
    return run(*SWEEP, f"hydra.sweeper.n_trials={trials}", outputs=outputs)


def kill(outputs: Path, trials: int, seconds: float, whom: str) -> list[str]:
    """Kill a sweep after so many seconds, resume it, and return the round's row."""
    process = launch(command(outputs, trials), subprocess.DEVNULL)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(_STEP_SECONDS)
    victim = process if whom == "parent" else worker_of(process)
    if victim is not None:
        victim.kill()
    if whom == "parent":
        process.wait()
        then, status = count(outputs), measure(command(outputs, trials)).status
    else:
        then, status = count(outputs), process.wait(TIMEOUT_SECONDS)
    faults, statuses = judge(outputs, trials, status)
    done = count(outputs)
    return [
        whom if victim is not None else f"{whom} (none yet)",
        f"{seconds:.1f}",
        words(then),
        str(status),
        words(done),
        words(statuses),
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
    store = store_of(outputs)
    found = runs(store)
    statuses = Counter(one.info.status for one in found)
    parents = [one for one in found if "mlflow.parentRunId" not in one.data.tags]
    versions = len(store.client.search_model_versions(f"name = '{MODEL}'"))
    kept = [trial for trial in trials_of(outputs) if "void" not in trial.user_attrs]
    points = {json.dumps(trial.params, sort_keys=True) for trial in kept}
    verdicts = list(outputs.glob("multiruns/*/*/*/verdict.json"))
    gated, best = [path.parent.name for path in verdicts], best_jobs(outputs, kept)
    wrong = {
        f"status {status}": status != 0,
        f"{len(kept)} trials instead of {trials}": len(kept) != trials,
        "a trial is not finished": any(not trial.state.is_finished() for trial in kept),
        "parameters twice": len(points) != len(kept),
        "a run stands as running": statuses["RUNNING"] > 0,
        f"{len(parents)} parents": len(parents) != 1,
        "no best run is linked": not all("best_run_id" in one.data.tags for one in parents),
        f"gated: {gated}, best: {best}": len(gated) != 1 or gated[0] not in best,
        f"{versions} versions": versions > 1,
    }
    return [what for what, is_wrong in wrong.items() if is_wrong], statuses


def best_jobs(outputs: Path, trials: Sequence[Any]) -> list[str]:
    """Return the names of the job folders that may be gated: the best trial's, or the blend's."""
    done = [trial for trial in trials if trial.state.name == "COMPLETE"]
    if not done:
        return []
    best = min(done, key=lambda trial: trial.value)
    blends = [path.parent for path in outputs.glob("multiruns/*/*/blend-*/report.json")]
    losses = {path.name: Report.read(path).metrics["cv_log_loss"] for path in blends}
    return [name for name, loss in losses.items() if loss < best.value] or [str(best.number)]


def words(counts: Counter[str]) -> str:
    """Return counts in words."""
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


if __name__ == "__main__":
    sys.exit(main())
