"""Bars of scoring long tables: CPU against the bare booster, memory, two processes against one.

    python -m scripts.bench.scoring                          # 10^5 rows
    python -m scripts.bench.scoring --rows 1000000 --wall --rounds 5    # the bars, a quiet machine
    python -m scripts.bench.scoring --rows 10000000 --rounds 1          # and of 10^7 rows
    python -m scripts.bench.scoring --rows 1000000 --engines local,dask,spark

A champion (LightGBM, 400 trees, on 10,000 made passengers) scores a Parquet file into a Parquet
file with `mode=inference`. Its CPU seconds, less those of a file of ten rows, stand beside those of
its booster on the finished matrix of the same rows, in turns; one thread each. With `--wall` the
speed of two processes over one stands beside the machine's own: as many predictions by the bare
booster at once, in two processes that share nothing, over one alone. Cores that share parts or a
busy machine lower both.

With `--engines` each scores the file by two processes, in turns, to the same bytes. Its CPU seconds
are those of the command and of all that it starts. Those of a few rows in several parts are the
start-up; what is beyond them stands beside the first engine's.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from scripts.bench.measure import Measured, launch, machine, measure, names, run, spread, table

BOOSTER, WORKERS, MEGABYTES, ENGINE = 1.25, 1.7, 600, 1.5
"""The bars: times the booster's CPU, one process's speed, most memory, times local's CPU."""
Lines = Sequence[Sequence[object]]
_SECONDS = 8.0  # in which boosters predict side by side
_LOOK = 0.05  # seconds between two looks at the CPU times of processes
_DRAWN, _APART = 100_000, 10_000_000  # rows that are made, and what is added to numbers of copies
_COPIES = 10  # in a row group
_TRAIN = ("mode=train", "model=lgbm", "data.n_groups=7000", "split.n_folds=2")


def make_rows(path: Path, n_rows: int) -> None:
    """Write passengers into a Parquet file: those that are drawn, and copies in other groups."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    from scripts.bench.measure import part_to_predict

    drawn = part_to_predict(f"data.n_groups={_DRAWN * 3 // 4}", "data.test_fraction=0.99")
    group = drawn["PassengerId"].str.partition("_")[0].astype("int64")
    copies, left, file = list[pa.Table](), n_rows, None
    for copy in range(-(-n_rows // len(drawn))):
        ids = (group + copy * _APART).astype("str").str.zfill(10) + drawn["PassengerId"].str[-3:]
        made = drawn.assign(PassengerId=ids).head(left)
        copies.append(pa.Table.from_pandas(made, preserve_index=False))
        left -= len(made)
        file = file or pq.ParquetWriter(path, copies[0].schema)
        if len(copies) == _COPIES or not left:
            file.write_table(pa.concat_tables(copies))
            copies.clear()
    if file is not None:
        file.close()


def booster_seconds(model: Path, rows: Path, during: float = 0.0) -> float:
    """Return the seconds that the booster takes for each row of a finished matrix.

    CPU seconds of one prediction, or else seconds by the clock of those during so many seconds.
    """
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
    clock = time.perf_counter if during else time.process_time
    time.sleep(-time.time() % during if during else 0.0)  # two processes begin at the same time
    start, times = clock(), 0
    while not times or clock() - start < during:
        pipeline[-1].booster_.predict(values, num_threads=1)
        times += 1
    return (clock() - start) / len(values) / times


def ceiling(model: Path, rows: Path) -> float:
    """Return the speed of two processes that predict with a booster at once, over one alone."""
    call = f"booster_seconds(Path({str(model)!r}), Path({str(rows)!r}), {_SECONDS})"
    with ThreadPoolExecutor(2) as pool:
        alone = float(in_child(call).split()[-1])
        both = [float(one.split()[-1]) for one in pool.map(in_child, [call, call])]
    return sum(alone / one for one in both)


def in_child(call: str) -> str:
    """Return what a call of this module prints in a process of its own."""
    program = f"from pathlib import Path\nfrom scripts.bench.scoring import *\nprint({call})"
    return measure([sys.executable, "-c", program], OMP_NUM_THREADS="1").expect("").output


def command(outputs: Path, rows: Path, workers: int) -> list[str]:
    """Return the command that scores a file by a number of processes."""
    words = (f"inference.input={rows}", f"inference.output={outputs}/predictions.parquet")
    return run("mode=inference", *words, f"engine.workers={workers}", outputs=outputs)


def score(outputs: Path, rows: Path, workers: int) -> Measured:
    """Score a file by a number of processes."""
    made = measure(command(outputs, rows, workers), OMP_NUM_THREADS="1")
    return made.expect("predictions.parquet")


@dataclass
class Costs:
    """CPU seconds of a command and of the bare booster, by round; ratios of speed, and memory."""

    own: list[float] = field(default_factory=list)
    booster: list[float] = field(default_factory=list)
    speeds: list[float] = field(default_factory=list)
    ceilings: list[float] = field(default_factory=list)  # of speeds on this machine
    peaks: list[float] = field(default_factory=list)  # MB


def cpu_of_all(command: Sequence[str]) -> float:
    """Return the CPU seconds of a command and of all processes under it, by looks in between."""
    import psutil

    seen = dict[psutil.Process, float]()
    with tempfile.TemporaryFile() as output:
        process = launch(command, output, OMP_NUM_THREADS="1")
        top = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.Error):
                for one in {top, *top.children(recursive=True), *seen}:
                    with suppress(psutil.Error):
                        seen[one] = max(sum(one.cpu_times()[:2]), seen.get(one, 0.0))
            time.sleep(_LOOK)
        output.seek(0)
        text = output.read().decode(errors="replace")
    Measured(0.0, 0.0, 0.0, process.returncode, text).expect("predictions.parquet")
    return sum(seen.values())


def engines(folder: Path, n_rows: int, rounds: int, names: Sequence[str]) -> Lines:
    """Return for each engine its CPU seconds: the start, the rows, these over the first one's."""
    outputs = prepared(folder, n_rows)
    found = {name: (list[float](), list[float](), list[float]()) for name in names}
    digests = set[str]()
    for _ in range(rounds):
        for name, (starts, costs, ratios) in found.items():
            words = command(outputs, folder / "few.parquet", 2)
            starts.append(cpu_of_all([*words, f"engine={name}", "inference.part_rows=2"]))
            words = command(outputs, folder / "rows.parquet", 2)
            costs.append(cpu_of_all([*words, f"engine={name}"]) - starts[-1])
            ratios.append(costs[-1] / found[names[0]][1][-1])
            digests.add(sha256((outputs / "predictions.parquet").read_bytes()).hexdigest())
    if len(digests) > 1:
        raise SystemExit("the engines predict different bytes")
    return [
        (name, spread(starts, 1), spread(costs, 1), spread(ratios), f"≤ {ENGINE}")
        for name, (starts, costs, ratios) in found.items()
    ]


def prepared(folder: Path, n_rows: int) -> Path:
    """Write the rows, and a few, and train a champion; return its outputs folder."""
    outputs = folder / "outputs"
    for name, size in (("rows", n_rows), ("few", 10)):
        in_child(f"make_rows(Path({str(folder / name)!r}).with_suffix('.parquet'), {size})")
    measure(run(*_TRAIN, outputs=outputs), OMP_NUM_THREADS="1").expect("Verdict: champion")
    return outputs


def costs(folder: Path, n_rows: int, rounds: int, *, wall: bool) -> Costs:
    """Return what scoring a file costs, beside the bare booster on the finished matrix."""
    outputs, rows, few = prepared(folder, n_rows), folder / "rows.parquet", folder / "few.parquet"
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
            found.peaks[-1] = max(one.peak, two.peak)
            found.speeds.append((one.wall - start.wall) / (two.wall - start.wall))
            found.ceilings.append(ceiling(model, rows))
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
        shares = (own / most for own, most in zip(found.speeds, found.ceilings, strict=True))
        lines.append(("two processes / one", spread(found.speeds), f"≥ {WORKERS}"))
        lines.append(("two bare boosters / one", spread(found.ceilings), "the ceiling"))
        lines.append(("share of the ceiling", spread(shares), ""))
    return lines


def main() -> None:
    """Print each figure beside its bar."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=_DRAWN)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wall", action="store_true", help="two processes against one, too")
    parser.add_argument("--engines", type=names, help="compare these with the first of them")
    given = parser.parse_args()
    head = [f"{given.rows:,} rows", "measured", "bar"]
    with tempfile.TemporaryDirectory() as folder:
        if given.engines:
            head[1:2] = ["start-up, CPU s", "rows, CPU s", f"rows / {given.engines[0]}"]
            lines = engines(Path(folder), given.rows, given.rounds, given.engines)
        else:
            lines = bars(Path(folder), given.rows, given.rounds, wall=given.wall)
    print(machine())
    print(table(head, lines))


if __name__ == "__main__":
    main()
