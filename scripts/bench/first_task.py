"""Cost of the way from two CSV files to predictions: `mode=init`, then the main job."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.measure import machine, measure, parser, progress, run, table

SECONDS = 60
"""The most that 5,000 customers may take."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write customers, two out of ten unlabelled, and print the time of both commands."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=5_000)
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        progress(f"Writing customers to {folder}")
        measure([sys.executable, __file__, name, str(given.rows)])
        own = [f"data.dir={folder}"]
        first = measure(run("mode=init", "task.label=churn", "task.name=churn", *own), folder)
        outputs = f"paths.outputs={folder / 'outputs'}"
        second = measure(run("task=churn", *own, outputs), folder).expect("predictions")
        first.expect("Written")
        written = folder / "outputs" / "submissions" / "churn-local.csv"
        lines = len(written.read_text(encoding="utf-8").splitlines()) - 1
    print(machine())
    head = ["rows", "mode=init, s", "main job, s", "together, s", "CPU s", "rows predicted"]
    whole, cpu = first.wall + second.wall, first.cpu + second.cpu
    row = [f"{given.rows:,}", f"{first.wall:.1f}", f"{second.wall:.1f}", f"{whole:.1f}"]
    print(table(head, [[*row, f"{cpu:.1f}", str(lines)]]))
    if whole > SECONDS:
        sys.exit(f"expected at most {SECONDS} s")


def write(folder: Path, rows: int) -> None:
    """Write customers whose plan, fee and time with the company decide whether they leave."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    months = rng.integers(0, 72, rows)
    made = pd.DataFrame(
        {
            "customer_id": [f"C{number:05d}" for number in range(rows)],
            "plan": rng.choice(["Basic", "Plus", "Pro"], rows, p=[0.5, 0.3, 0.2]),
            "months": months,
            "monthly fee": rng.normal(60, 20, rows).round(2),
            "city": rng.choice([f"City {number}" for number in range(120)], rows),
            "senior": rng.choice(["yes", "no"], rows),
            "since": pd.Timestamp("2026-01-01") - pd.to_timedelta(30 * months, "D"),
        }
    )
    odds = 1.5 - 0.08 * months + 0.02 * made["monthly fee"] - 1.2 * (made["plan"] == "Pro")
    leaves = rng.random(rows) < 1 / (1 + np.exp(-odds))
    labelled = made.assign(churn=np.where(leaves, "yes", "no"))
    train = int(0.8 * rows)
    labelled[:train].to_csv(folder / "train.csv", index=False)
    made[train:].to_csv(folder / "test.csv", index=False)


if __name__ == "__main__":
    if len(sys.argv) == 3 and Path(sys.argv[1]).is_dir():  # noqa: PLR2004 - its own process
        write(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
