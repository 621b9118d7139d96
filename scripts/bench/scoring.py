"""Bars of scoring long tables: CPU against the bare booster, memory, two processes against one.

    python -m scripts.bench.scoring                          # 10^5 rows
    python -m scripts.bench.scoring --rows 1000000 --wall    # the bars, on a quiet machine

A champion (LightGBM, 400 trees, on 10,000 made passengers) scores a Parquet file into a Parquet
file with `mode=inference`. Its CPU seconds, less those of a file of ten rows, stand beside those of
its booster on the finished matrix of the same rows, in turns; one thread each.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.measure import Measured, machine, measure, run, spread, table

BOOSTER, WORKERS, MEGABYTES = 1.25, 1.7, 600
"""The bars: times the booster's CPU, times one process's speed, most memory."""
_DRAWN, _APART = 100_000, 10_000_000  # rows that are made, and what is added to numbers of copies
_TRAIN = ("mode=train", "model=lgbm", "data.n_groups=7000", "split.n_folds=2")


def make_rows(path: Path, n_rows: int) -> None:
    """Write passengers into a Parquet file: those that are drawn, and copies in other groups."""
    import pandas as pd

    from scripts.bench.measure import part_to_predict

    drawn = part_to_predict(f"data.n_groups={_DRAWN * 3 // 4}", "data.test_fraction=0.99")
    group = drawn["PassengerId"].str.partition("_")[0].astype("int64")
    copies = []
    for copy in range(-(-n_rows // len(drawn))):
        ids = (group + copy * _APART).astype("str").str.zfill(10) + drawn["PassengerId"].str[-3:]
        copies.append(drawn.assign(PassengerId=ids))
    pd.concat(copies, ignore_index=True).head(n_rows).to_parquet(path)


def booster_seconds(model: Path, rows: Path) -> float:
    """Return the CPU seconds that the booster takes for each row of a finished matrix."""
    import time

    import numpy as np
    import pandas as pd

    from spaceship.registry import packaging

    pipeline = packaging.load(model)
    matrix = pipeline[:-1].transform(pd.read_parquet(rows).head(_DRAWN))
    kinds = {name: column.dtype for name, column in matrix.items()}
    codes = {
        name: matrix[name].cat.codes
        for name, kind in kinds.items()
        if isinstance(kind, pd.CategoricalDtype)
    }
    values = np.ascontiguousarray(matrix.assign(**codes).to_numpy(np.float64))
    start = time.process_time()
    pipeline[-1].booster_.predict(values, num_threads=1)
    return (time.process_time() - start) / len(values)


def in_child(call: str) -> str:
    """Return what a call of this module prints in a process of its own."""
    program = f"from pathlib import Path\nfrom scripts.bench.scoring import *\nprint({call})"
    return measure([sys.executable, "-c", program], OMP_NUM_THREADS="1").expect("").output


def score(outputs: Path, rows: Path, workers: int) -> Measured:
    """Score a file by a number of processes."""
    words = (f"inference.input={rows}", f"inference.output={outputs}/predictions.parquet")
    command = run("mode=inference", *words, f"engine.workers={workers}", outputs=outputs)
    return measure(command, OMP_NUM_THREADS="1").expect("predictions.parquet")


@dataclass
class Costs:
    """CPU seconds of a command and of the bare booster, by round; ratios of speed, and memory."""

    own: list[float] = field(default_factory=list)
    booster: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)  # MB


def costs(folder: Path, n_rows: int, rounds: int, *, wall: bool) -> Costs:
    """Return what scoring a file costs, beside the booster on the finished matrix."""
    outputs, rows, few = folder / "outputs", folder / "rows.parquet", folder / "few.parquet"
    for path, size in ((rows, n_rows), (few, 10)):
        in_child(f"make_rows(Path({str(path)!r}), {size})")
    measure(run(*_TRAIN, outputs=outputs), OMP_NUM_THREADS="1").expect("Verdict: champion")
    [model] = (path.parent for path in outputs.glob("mlartifacts/models/*/artifacts/model.skops"))
    found = Costs()
    for _ in range(rounds):
        call = f"booster_seconds(Path({str(model)!r}), Path({str(rows)!r}))"
        found.booster.append(float(in_child(call).split()[-1]) * n_rows)
        start, one = score(outputs, few, 1), score(outputs, rows, 1)
        found.own.append(one.cpu - start.cpu)
        found.peaks.append(one.peak)
        if wall:
            two = score(outputs, rows, 2)
            found.speeds.append((one.wall - start.wall) / (two.wall - start.wall))
    return found


def bars(folder: Path, n_rows: int, rounds: int, *, wall: bool) -> Sequence[Sequence[object]]:
    """Return a line for each bar."""
    found = costs(folder, n_rows, rounds, wall=wall)
    ratios = (own / bare for own, bare in zip(found.own, found.booster, strict=True))
    lines = [
        ("CPU / bare booster", spread(ratios), f"≤ {BOOSTER}"),
        ("most memory, MB", spread(found.peaks, 0), f"≤ {MEGABYTES}"),
    ]
    if wall:
        lines.append(("two processes / one", spread(found.speeds), f"≥ {WORKERS}"))
    return lines


def main() -> None:
    """Print each figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=_DRAWN)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wall", action="store_true", help="two processes against one, too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = bars(Path(folder), given.rows, given.rounds, wall=given.wall)
    print(machine())
    print(table([f"{given.rows:,} rows", "measured", "bar"], lines))


if __name__ == "__main__":
    main()
