"""Cost of `mode=init` on a table of a million rows and fifty columns."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.measure import machine, measure, parser, progress, run, table

SECONDS, GIGABYTES = 30, 2
"""The most that a million rows of fifty columns may take."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table, infer its task, print time and memory of the whole process."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--columns", type=int, default=50)
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "customers.csv"
        progress(f"Writing {path}")
        measure([sys.executable, __file__, str(path), str(given.rows), str(given.columns)])
        tempfile.tempdir = folder  # the measured process works there
        command = run("mode=init", f"data.train={path}", "task.label=churn")
        cost = measure(command).expect("Written")
        megabytes = path.stat().st_size / 1e6
        tempfile.tempdir = None
    print(machine())
    head = ["rows x columns", "file, MB", "seconds", "CPU seconds", "peak, MB"]
    size = f"{given.rows:,} x {given.columns}"
    row = [size, f"{megabytes:.0f}", f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.peak:.0f}"]
    print(table(head, [row]))
    if cost.wall > SECONDS or cost.peak > GIGABYTES * 1000:
        sys.exit(f"expected at most {SECONDS} s and {GIGABYTES} GB")


def write(path: Path, rows: int, columns: int) -> None:
    """Write customers with an id, dates, categories, counts and, for the most part, measures."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    made = {
        "customer_id": [f"C{number:07d}" for number in range(rows)],
        "since": (pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, rows), "D")),
        "churn": rng.choice(["no", "yes"], rows, p=[0.7, 0.3]),
    }
    for number in range(columns - len(made)):
        if number % 4 == 0:
            made[f"plan {number}"] = rng.choice(["Basic", "Gold", "Family", "Trial"], rows)
        elif number % 11 == 0:
            made[f"calls {number}"] = rng.integers(0, 5000, rows)
        else:
            made[f"usage {number}"] = rng.normal(0, 100, rows).round(4)
    pd.DataFrame(made).to_csv(path, index=False)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1].endswith(".csv"):  # noqa: PLR2004 - its own process
        write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
