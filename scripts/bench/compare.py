"""Cost of `mode=compare` on two runs of many rows: of the same data, and of changed data."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from scripts.bench.measure import machine, measure, parser, progress, run, spread, table

BAR = 10.0  # seconds
GROUPS_A_ROW = 9280 / 8686  # of the generator, a labelled row
QUICK = ("features=raw", "model=logistic_regression", "report.of_jobs=false", "gate.dry_run=true")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; exit with status 1 if the bar is not met."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=100_000, help="labelled rows of each run")
    options.add_argument("--runs", type=int, default=3, help="timed runs of each comparison")
    given = options.parse_args(arguments)
    groups = f"data.n_groups={round(given.rows * GROUPS_A_ROW)}"
    with tempfile.TemporaryDirectory() as name:
        outputs = Path(name) / "outputs"
        ids = [
            _trained(outputs, groups, *own)
            for own in ((), ("model.estimator.C=0.1",), ("data.drift=0.2",))
        ]
        pairs = {"another setting": ids[:2], "other data: every row": ids[::2]}
        costs = {what: _costs(outputs, pair, given.runs) for what, pair in pairs.items()}
    print(machine())
    rows = [
        [
            what,
            spread([w for w, _, _ in found]),
            spread([c for _, c, _ in found]),
            f"{found[0][2]:,.0f}",
        ]
        for what, found in costs.items()
    ]
    print(table([f"{given.rows:,} rows", "seconds", "CPU seconds", "peak MB"], rows))
    if max(median(cpu for _, cpu, _ in found) for found in costs.values()) > BAR:
        sys.exit(f"expected at most {BAR} CPU seconds")


def _trained(outputs: Path, *words: str) -> str:
    """Train a run; return its id."""
    done = measure(run("mode=train", *QUICK, *words, outputs=outputs)).expect("verdict")
    progress(f"trained in {done.wall:.0f} s")
    newest = max(outputs.glob("runs/*/*/mlflow.json"), key=lambda path: path.stat().st_mtime)
    return newest.read_text().partition('"run_id": "')[2].partition('"')[0]


def _costs(outputs: Path, ids: Sequence[str], runs: int) -> list[tuple[float, float, float]]:
    """Return seconds, CPU seconds and peak memory of each comparison, after a first one."""
    command = run("mode=compare", f"runs={','.join(ids)}", outputs=outputs)
    found = [measure(command).expect("Paired tests") for _ in range(runs + 1)][1:]
    progress(f"{found[-1].cpu:.2f} CPU s")
    return [(one.wall, one.cpu, one.peak) for one in found]


if __name__ == "__main__":
    main()
