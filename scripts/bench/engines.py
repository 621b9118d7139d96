"""CPU of engines that score a long table, against the local one, and of their start and end.

    python -m scripts.bench.engines ray                       # 400,000 rows
    python -m scripts.bench.engines ray --rows 1000000 --rounds 5

A champion (LightGBM, 400 trees) scores a Parquet file into a Parquet file with two processes of
each engine, in turns. The start is what a file of two parts of ten rows costs more than with the
local engine; the ratio is of what the long file costs beyond its short one. The predictions have to
be the same bytes. Processes of a cluster are not their command's to wait for, so that CPU seconds
of all of its descendants are looked up while it runs.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from scripts.bench.measure import launch, machine, measure, run, spread, table
from scripts.bench.scoring import _TRAIN, in_child

BAR = 1.5  # times the local engine's CPU
_SHORT = 20  # rows, in two parts
_LOOK_SECONDS = 0.1


def cpu_of_all(command: list[str]) -> float:
    """Return the CPU seconds of a command and of all that it starts."""
    seconds: dict[tuple[int, float], float] = {}
    process = launch(command, subprocess.DEVNULL, OMP_NUM_THREADS="1")
    top = psutil.Process(process.pid)
    while process.poll() is None:
        for one in [top, *top.children(recursive=True)]:
            try:
                times = one.cpu_times()
                seconds[one.pid, one.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        time.sleep(_LOOK_SECONDS)
    if process.returncode:
        raise SystemExit(f"status {process.returncode} of {command}")
    return sum(seconds.values())


def score(outputs: Path, rows: Path, engine: str, part_rows: int) -> tuple[float, bytes]:
    """Return the CPU seconds of scoring a file, and the predictions."""
    path = outputs / f"{engine}.parquet"
    words = [f"inference.input={rows}", f"inference.output={path}", f"engine={engine}"]
    words += ["engine.workers=2", f"inference.part_rows={part_rows}"]
    return cpu_of_all(list(run("mode=inference", *words, outputs=outputs))), path.read_bytes()


def main() -> None:
    """Print the start and the ratio of each engine."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("engines", nargs="+")
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    starts: dict[str, list[float]] = {name: [] for name in given.engines}
    ratios: dict[str, list[float]] = {name: [] for name in given.engines}
    with tempfile.TemporaryDirectory() as folder:
        outputs, rows, few = (Path(folder, name) for name in ("outputs", "long", "few"))
        for path, size in ((rows, given.rows), (few, _SHORT)):
            in_child(f"make_rows(Path({str(path)!r}), {size})")
            path.rename(path.with_suffix(".parquet"))
        rows, few = rows.with_suffix(".parquet"), few.with_suffix(".parquet")
        measure(run(*_TRAIN, outputs=outputs), OMP_NUM_THREADS="1").expect("Verdict: champion")
        for _ in range(given.rounds):
            start, _ = score(outputs, few, "local", _SHORT // 2)
            local, same = score(outputs, rows, "local", 65_536)
            for name in given.engines:
                own, _ = score(outputs, few, name, _SHORT // 2)
                whole, found = score(outputs, rows, name, 65_536)
                if found != same:
                    raise SystemExit(f"engine={name} predicts other bytes than engine=local")
                starts[name].append(own - start)
                ratios[name].append((whole - own) / (local - start))
    print(machine())
    heads = [f"{given.rows:,} rows", "start and end, CPU s", "CPU / local", "bar"]
    lines = [(name, spread(starts[name]), spread(ratios[name]), f"≤ {BAR}") for name in starts]
    print(table(heads, lines))


if __name__ == "__main__":
    main()
