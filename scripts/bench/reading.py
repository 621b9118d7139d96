"""CSV reader: CPU time and memory from file to checked, typed table, against pyarrow.csv.

Kaggle's passengers are blown up to many rows: new ids and bills, so that no row is there twice. A
table of 50 numbers is drawn. Each file is read in turns by pyarrow.csv, as it guesses the types,
and by this project, rules included, on one thread in one process.
"""

import logging
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from scripts.bench.measure import (
    kaggle_parser,
    machine,
    measure,
    progress,
    spread,
    table,
)

if TYPE_CHECKING:
    import pandas as pd

    from spaceship.task.task import Task

WHOLE, MEMORY = 2.0, 3.0  # bars: pyarrow.csv's times, and the bytes of the frame
BILLS = ("RoomService", "FoodCourt", "ShoppingMall", "Spa", "VRDeck")
WIDE = 50
PEAK = """\
import sys
from pathlib import Path
import pyarrow.csv
from scripts.bench.reading import ours, task_of
kind, path = sys.argv[1], Path(sys.argv[2])
task = task_of(kind)
ours(path.with_name(f"{kind}.head.csv"), task)  # everything is imported
peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
before = peak()  # of this process alone, which the parent's size is no part of
frame = ours(path, task)
print("peak", 1024 * (peak() - before) / frame.memory_usage(deep=True).sum())
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    options = kaggle_parser(__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--wide-rows", type=int, default=100_000, help=f"of {WIDE} numbers")
    options.add_argument("--runs", type=int, default=9, help="alternations")
    given = options.parse_args(arguments)
    wanted = [("passengers", size) for size in given.rows] + [("wide", given.wide_rows)]
    with tempfile.TemporaryDirectory() as folder:
        for kind in dict(wanted):
            write(kind, Path(folder, f"{kind}.head.csv"), given.data, 100)
        rows = [row(kind, Path(folder), given.data, size, given.runs) for kind, size in wanted]
    print(machine())
    head = ["table", "rows", "MB", "pyarrow.csv, CPU s", "as text", "checked", "in parts"]
    print(table([*head, f"met ({WHOLE:g})", f"peak / frame ({MEMORY:g})"], rows))


def row(kind: str, folder: Path, data: Path, size: int, runs: int) -> tuple[object, ...]:
    """Return the row of a file: ratios of CPU seconds, and of memory."""
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyarrow import csv

    from spaceship.data.csv_reader import read_csv
    from spaceship.data.parts import read_parts

    pa.set_cpu_count(1)
    logging.getLogger("spaceship").setLevel(logging.ERROR)  # the label is dropped in parts
    path, task = folder / f"{kind}.csv", task_of(kind)
    progress(f"{kind}: {size:,} rows")
    write(kind, path, data, size)
    peak = measure([sys.executable, "-c", PEAK, kind, str(path)]).expect("peak")
    calls: dict[str, Callable[[], object]] = {
        "pyarrow": lambda: csv.read_csv(path),
        "text": lambda: read_csv(path),
        "checked": lambda: ours(path, task),
        "parts": lambda: sum(map(len, read_parts(path, task))),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(runs + 1):
        for name, call in calls.items():
            seconds = cpu_seconds(call)
            if turn:  # the first one warms up
                taken[name].append(seconds)
    arrow = taken.pop("pyarrow")
    ratios = {name: [a / b for a, b in zip(own, arrow, strict=True)] for name, own in taken.items()}
    met = "yes" if median(ratios["checked"]) <= WHOLE else "no"
    memory = float(peak.output.rpartition("peak")[2])
    shown = [spread(one) for one in ratios.values()]
    size_mb = path.stat().st_size / 1e6
    return kind, f"{size:,}", f"{size_mb:.0f}", spread(arrow, 3), *shown, met, f"{memory:.1f}"


def ours(path: Path, task: "Task") -> "pd.DataFrame":
    """Return the checked, typed table of a labelled file."""
    from spaceship.data.checks import check
    from spaceship.data.local import LocalData

    return check(LocalData(train=path).read(task).train, task, labelled=True)


def task_of(kind: str) -> "Task":
    """Return the task of a file.

    >>> task_of("wide").label
    'y'
    """
    import yaml

    from spaceship.config.installation import configs
    from spaceship.task.task import Task

    if kind == "passengers":
        return Task.read(
            yaml.safe_load((configs() / "task" / "spaceship_titanic.yaml").read_text())
        )
    columns = {f"x{at}": "number" for at in range(WIDE)}
    return Task.read({"problem": "regression", "label": "y", "id": "id", "columns": columns})


def write(kind: str, path: Path, data: Path, size: int) -> None:
    """Write the rows of a table."""
    import numpy as np
    import pandas as pd

    if kind == "passengers":
        pd.concat([*copies(pd.read_csv(data / "train.csv", dtype=str), size)]).to_csv(
            path, index=False
        )
        return
    rng = np.random.default_rng(1)
    values = rng.normal(size=(size, WIDE + 1)).round(6)
    frame = pd.DataFrame(values, columns=[*(f"x{at}" for at in range(WIDE)), "y"])
    frame.insert(0, "id", np.arange(size))
    frame.to_csv(path, index=False)


def copies(real: "pd.DataFrame", size: int) -> Iterator["pd.DataFrame"]:
    """Yield so many passengers, in copies with ids and bills of their own."""
    import numpy as np
    import pandas as pd

    rng, ids = np.random.default_rng(0), real["PassengerId"].str.partition("_")
    for start in range(0, size, len(real)):
        groups = ids[0].astype(int) + 10_000 * (start // len(real))
        made = real.assign(PassengerId=groups.astype(str).str.zfill(8) + "_" + ids[2])
        for name in BILLS:
            bills = pd.to_numeric(real[name])
            made[name] = bills + np.where(bills > 0, rng.integers(0, 2000, len(real)), 0)
        yield made.head(size - start)


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call.

    >>> cpu_seconds(lambda: None) < 1
    True
    """
    before = resource.getrusage(resource.RUSAGE_SELF)
    call()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
