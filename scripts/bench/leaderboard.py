"""CPU time of `mode=leaderboard` in a store of many runs, and of both ways to read the runs."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.filled_store import Filler
from scripts.bench.measure import machine, measure, parser, progress, run, spread, table
from scripts.bench.store_size import MODEL, made

BAR = 2.0  # CPU seconds with 500 runs
READ = """
import sys, time
from spaceship.tracking.store import Store
uri, by_sql = f"sqlite:///{sys.argv[1]}/mlflow.db", sys.argv[2] == "SQL"
store = Store(uri, None, "spaceship")
if by_sql:
    from spaceship.tracking.runs import read_runs
    found = read_runs(store, ("task", "candidate", "award"), ("cv_accuracy",))
else:
    from spaceship.tracking.runs import pages
    found = [*pages(store.client.search_runs, [store.experiment_id])]
print(len(found), "runs")
"""
"""A program that reads all runs, and does nothing else."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; exit with status 1 if the bar is not met."""
    options = parser(__doc__)
    options.add_argument("--jobs", type=int, default=500, help="runs in the store")
    options.add_argument("--runs", type=int, default=5, help="timed runs of each command")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        outputs = made(Path(name) / "outputs")
        Filler(outputs, MODEL, age=3).fill(9, given.jobs - 10, 0)
        commands = {"`mode=leaderboard`": (run("mode=leaderboard", outputs=outputs), "runs are")}
        for way in ("SQL", "MLflow's client"):
            program = [sys.executable, "-c", READ, str(outputs), way]
            commands[f"the runs alone, by {way}"] = program, f"{given.jobs} runs"
        costs = {what: _cpu(*one, given.runs) for what, one in commands.items()}
    print(machine())
    rows = [[what, spread(seconds)] for what, seconds in costs.items()]
    print(table([f"{given.jobs} runs", "CPU seconds"], rows))
    if max(costs["`mode=leaderboard`"]) > BAR:
        sys.exit(f"expected at most {BAR} CPU seconds")


def _cpu(command: list[str], text: str, runs: int) -> list[float]:
    """Return the CPU seconds of a command in fresh interpreters, after a first one."""
    costs = [measure(command).expect(text).cpu for _ in range(runs + 1)]
    progress(f"{costs[-1]:.2f} CPU s")
    return costs[1:]


if __name__ == "__main__":
    main()
