"""A long file's predictions killed part by part: no part is done twice, the bytes are the same.

    python -m scripts.chaos.long_file_kills                                # 10^6 rows, 20 kills
    python -m scripts.chaos.long_file_kills --rows 10000000 --kills 1

One command is killed (SIGKILL) again and again, the first times while it cuts the parts, then after
every few parts, and started again. The rows of a part that is scored are removed at each kill: who
scores it again fails. Exit status 1 unless the last command writes the bytes of one undisturbed.
"""

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from scripts.bench.measure import launch, machine, measure, parser, progress, table
from scripts.bench.scoring import command, prepared

_NAME = "predictions.parquet"
_CUTTING = 4  # of so many kills one comes before the first part is scored
_LOOK, _LATER = 0.005, 0.3  # seconds between two looks, and until a kill after its moment
_ENDED = 10.0  # seconds in which workers of a killed command end


def found(outputs: Path, pattern: str) -> list[Path]:
    """Return files in the folder of parts."""
    return sorted(outputs.glob(f".{_NAME}.parts/*/{pattern}"))


def kill(outputs: Path, words: Sequence[str], pattern: str, wanted: int, later: float) -> bool:
    """Start a command, kill it once there are so many files; return False if it ends before."""
    with tempfile.TemporaryFile() as output:
        process = launch(words, output, OMP_NUM_THREADS="1")
        while len(found(outputs, pattern)) < wanted and process.poll() is None:
            time.sleep(_LOOK)
        time.sleep(later)
        if process.poll() is not None:
            return False
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        if psutil.wait_procs(workers, _ENDED)[1]:
            sys.exit("workers of a killed command go on")
    for record in found(outputs, "scored-*.json"):
        number = record.stem.partition("-")[2]
        record.with_name(f"rows-{number}.arrow").unlink(missing_ok=True)
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was killed; return 1 if the bytes differ."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--seed", type=int, default=1, help="seed of the moments")
    given = options.parse_args(arguments)
    draw = random.Random(given.seed)  # noqa: S311 - nothing secret
    lines = list[tuple[object, ...]]()
    with tempfile.TemporaryDirectory() as name:
        outputs = prepared(Path(name), given.rows)
        words = command(outputs, Path(name, "rows.parquet"), given.workers)
        once = measure(words, OMP_NUM_THREADS="1").expect(_NAME)
        whole = (outputs / _NAME).read_bytes()
        (outputs / _NAME).unlink()
        for number in range(given.kills):
            done, parts = len(found(outputs, "scored-*")), len(found(outputs, "parts.json"))
            if number < given.kills // _CUTTING:
                pattern, wanted = "rows-*", len(found(outputs, "rows-*")) * (not parts) + 1
            else:
                left = len(found(outputs, "rows-*"))
                pattern, wanted = "scored-*", done + max(1, left // (given.kills - number + 1))
            killed = kill(outputs, words, pattern, wanted, draw.random() * _LATER)
            now = len(found(outputs, "scored-*"))
            lines.append((number + 1, pattern, done, now, "killed" if killed else "ended before"))
            progress(" | ".join(map(str, lines[-1])))
            if not killed:
                break
        measure(words, OMP_NUM_THREADS="1").expect(_NAME)
        same = (outputs / _NAME).read_bytes() == whole and not found(outputs, "*")
    print(machine())
    print(f"{given.rows:,} rows; undisturbed {once.wall:.0f} s; no part was scored twice.\n")
    print(table(["kill", "at", "parts before", "parts after", ""], lines))
    print("The bytes are the same." if same else "THE BYTES DIFFER.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
