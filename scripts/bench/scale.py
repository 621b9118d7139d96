"""Ratios of the project's costs to their floors, by number of rows, and how the costs grow.

Own cost and floor alternate in one process, which a busy machine slows alike; seconds are those of
the CPU, user and system, of child processes too. Each bar and size is a process of its own; bars of
commands share one, and with `--quick` all. Peak is memory beside that of the rows before the step
(Linux only), of a command the whole of it. `--quick --write` writes the known ratios.
"""

import json
import math
import resource
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from subprocess import PIPE

from scripts.bench import bars
from scripts.bench.bars import Bar, Rows, Step, Turns
from scripts.bench.command_bars import COMMAND_BARS
from scripts.bench.measure import (
    kaggle_folder,
    launch,
    machine,
    names,
    numbers,
    parser,
    progress,
    spread,
    table,
)

SLACK = 1.25  # times the known ratio that --quick allows
BARS = bars.BARS | COMMAND_BARS
KNOWN = Path(__file__).with_name("known.json")
_LEAST = 0.2  # CPU seconds of a turn; a shorter step is repeated
STATUS = Path("/proc/self/status")
_FOUND = "found: "  # start of the lines of a child that hold a result
_HEAD = ("bar", "rows", "own, s", "floor, s", "ratio", "known", "allowed", "peak, MB", "frames")


@dataclass(frozen=True)
class Found:
    """Seconds and memory of one bar at one size."""

    rows: int
    frame_mb: float  # of the raw frame
    own: list[float]  # CPU seconds, by turn
    floor: list[float]
    peak: float  # MB of the first own turn

    @property
    def ratios(self) -> list[float]:
        """The ratio of each turn.

        >>> Found(10, 1.0, [3.0, 4.0], [2.0, 2.0], 0.0).ratios
        [1.5, 2.0]
        """
        return [own / max(floor, 1e-9) for own, floor in zip(self.own, self.floor, strict=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; exit with status 1 if a ratio has grown by a quarter."""
    options = parser(__doc__)
    options.add_argument("--rows", type=numbers, default="10000,100000,1000000", help="sizes")
    options.add_argument("--data", type=kaggle_folder, help="Kaggle's files in place of sizes")
    options.add_argument("--bars", type=names, default="", help="starts of names; none: all")
    options.add_argument("--turns", type=int, default=5, help="alternations of own and floor")
    options.add_argument("--quick", action="store_true", help="few sizes and turns, 2 minutes")
    options.add_argument("--write", action="store_true", help=f"write {KNOWN.name} and do not fail")
    options.add_argument("--child", type=json.loads, help="used by this script itself")
    given = options.parse_args(arguments)
    if given.child:
        children(given.child, given.rows[0], given.data)
        return
    chosen = [name for name in BARS if not given.bars or name.startswith(tuple(given.bars))]
    if given.quick:
        sizes = sorted({rows for name in chosen for rows in BARS[name].quick})
        jobs = [({n: BARS[n].turns for n in chosen if at in BARS[n].quick}, at) for at in sizes]
    else:
        alone = [[name] for name in chosen if name not in COMMAND_BARS]
        groups = [[name for name in chosen if name in COMMAND_BARS], *alone]
        sizes = [0] if given.data else given.rows
        jobs = [
            (dict.fromkeys(group, given.turns), at) for group in groups if group for at in sizes
        ]
    data = ("--data", str(given.data)) if given.data else ()
    found: dict[str, list[Found]] = {}
    for turns, rows in jobs:
        for name, one in in_child(turns, rows, *data).items():
            found.setdefault(name, []).append(one)
    if given.write:
        write_known(found)
    print(machine())
    print(table(_HEAD, (row(name, one) for name, all_ in found.items() for one in all_)))
    if any(len(every) > 1 for every in found.values()):
        print(table(("growth of", "seconds", "floor", "peak"), growth_rows(found)))
    if slower := [*grown(found)]:
        sys.exit("error: " + "; ".join(slower))


def in_child(turns: Mapping[str, int], rows: int, *more: str) -> dict[str, Found]:
    """Measure bars, each so many turns, in a process of their own, with one thread."""
    command = [sys.executable, "-m", "scripts.bench.scale", "--child", json.dumps(turns)]
    process = launch(
        [*command, "--rows", str(rows), *more], PIPE, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"
    )
    output, found = "", dict[str, Found]()
    with process:
        for line in process.stdout or ():
            text = line.decode(errors="replace")
            if text.startswith(_FOUND):
                name, facts = json.loads(text.removeprefix(_FOUND))
                found[name] = Found(**facts)
                progress(" | ".join(row(name, found[name])))
            else:
                output += text
    if process.returncode:
        sys.exit(f"{rows} rows: status {process.returncode}\n{output[-2000:]}")
    return found


def children(turns: Mapping[str, int], count: int, data: Path | None) -> None:
    """Measure bars on the same rows and print each as a line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Rows(count, Path(folder), data)
        for name, times in turns.items():
            print(_FOUND, json.dumps([name, asdict(find(BARS[name], rows, times))]), flush=True)


def find(bar: Bar, rows: Rows, turns: int) -> Found:
    """Measure a bar: own cost and floor, in turns."""
    for need in ("frame", *bar.needs):
        getattr(rows, need)
    size = float(rows.frame.memory_usage(deep=False).sum()) / 1e6
    measured = alternated(bar, rows, turns) if bar.pairs is None else bar.pairs(rows, turns)
    return Found(len(rows.frame), size, *measured)


def alternated(bar: Bar, rows: Rows, turns: int) -> Turns:
    """Measure own cost and floor in turns."""
    own, floor, peaks = list[float](), list[float](), list[float]()
    for _ in range(turns):
        for step, seconds in ((bar.own, own), (bar.floor, floor)):
            second, peak = cost(step, rows)
            seconds.append(second)
            peaks.append(peak)
    return own, floor, peaks[0]


def cost(step: Step, rows: Rows) -> tuple[float, float]:
    """Return a step's CPU seconds and its peak memory in MB."""
    before, start, times = memory(reset=True), cpu(), 0
    while times == 0 or cpu() - start < _LEAST:
        of_command = step(rows)
        times += 1
    peak = of_command if isinstance(of_command, float) else memory() - before
    return (cpu() - start) / times, peak


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    used = [resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def memory(*, reset: bool = False) -> float:
    """Return the peak memory of this process in MB since it was last reset; NaN if not on Linux.

    >>> memory() != memory() or memory() > 10
    True
    """
    if not STATUS.exists():
        return math.nan
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def row(name: str, found: Found) -> list[str]:
    """Return a row of the table."""
    known = next((k for rows, k in known_ratios(name) if near(rows, found.rows)), None)
    shown = "-" if known is None else f"{known:g}"
    seconds = (f"{median(one):.3g}" for one in (found.own, found.floor))
    peak = f"{found.peak:.0f}", f"{found.peak / found.frame_mb:.1f}"
    return [
        name, f"{found.rows:,}", *seconds, spread(found.ratios), shown, BARS[name].most, *peak
    ]  # fmt: skip


def known_ratios(name: str) -> list[tuple[int, float]]:
    """Return the ratios of an earlier run, by rows."""
    known: dict[str, dict[str, float]] = json.loads(KNOWN.read_text())
    return [(int(rows), ratio) for rows, ratio in known.get(name, {}).items()]


def write_known(found: Mapping[str, Sequence[Found]]) -> None:
    """Write the ratios of this run into the file of those that --quick compares with."""
    known = json.loads(KNOWN.read_text())
    for name, every in found.items():
        sizes = {rows: one for one in every for rows in BARS[name].quick if near(rows, one.rows)}
        ratios = {str(rows): float(f"{median(one.ratios):.3g}") for rows, one in sizes.items()}
        known[name] = known.get(name, {}) | ratios
    KNOWN.write_text(json.dumps({name: known[name] for name in BARS if name in known}, indent=2))


def near(wanted: int, found: int) -> bool:
    """Return whether a number of drawn rows is the one that was asked for.

    >>> near(10_000, 10_112), near(10_000, 100_112)
    (True, False)
    """
    return 0.9 < found / wanted < 1.1  # noqa: PLR2004


def growth_rows(found: Mapping[str, Sequence[Found]]) -> Iterable[list[str]]:
    """Yield each bar's exponents of growth from size to size: 1 is linear.

    >>> small, large = Found(10, 1.0, [1.0], [1.0], 2.0), Found(100, 1.0, [100.0], [10.0], 2.0)
    >>> [*growth_rows({"x": [small, large]})]
    [['x', '2.00', '1.00', '0.00']]
    """
    for name, every in found.items():
        columns: list[list[float]] = [[], [], []]
        for one, other in pairwise(every):
            times = math.log(other.rows / one.rows)
            values = [(median(x.own), median(x.floor), max(x.peak, 1e-3)) for x in (one, other)]
            for column, small, large in zip(columns, *values, strict=True):
                column.append(math.log(large / max(small, 1e-9)) / times)
        if every[1:]:
            yield [name, *(", ".join(f"{one:.2f}" for one in column) for column in columns)]


def grown(found: Mapping[str, Sequence[Found]]) -> Iterable[str]:
    """Yield the ratios that are above the known ones by more than the slack."""
    for name, every in found.items():
        for rows, known in known_ratios(name):
            for one in every:
                if near(rows, one.rows) and (ratio := median(one.ratios)) > SLACK * known:
                    wanted = f"at most {SLACK} times {known:g}"
                    yield f"{name} at {rows} rows: expected {wanted}, found {ratio:.2f}"


if __name__ == "__main__":
    main()
