"""Race of first runs on an empty outputs folder: all succeed, and one becomes champion.

Exit status 1 if that is not so in any repetition.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.measure import (
    TIMEOUT_SECONDS,
    launch,
    machine,
    parser,
    progress,
    run,
    table,
)
from scripts.chaos.state import State, look, passengers
from spaceship.cli.main import prepare

PASSENGERS = 200


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each repetition; return 1 if any is wrong."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=3, help="repetitions")
    options.add_argument("--starts", type=int, default=4, help="runs started at once")
    options.add_argument("overrides", nargs="*", default=["mode=default"], help="the command")
    given = options.parse_args(arguments)
    prepare()
    rows = [compete(given.starts, given.overrides) for _ in range(given.rounds)]
    print(machine())
    head = ["runs at once", "exit statuses", "awards", "MLflow runs", "champion", "all done, s"]
    print(table([*head, "left over", "verdict"], rows))
    return int(any(row[-1] != "ok" for row in rows))


def compete(starts: int, overrides: Sequence[str]) -> list[str]:
    """Start runs at once on a new folder and return the repetition's row."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        statuses, seconds = race(starts, run(*overrides, outputs=outputs), Path(folder))
        paths = outputs.glob("runs/*/*/verdict.json")
        awards = Counter(json.loads(path.read_text())["award"] for path in paths)
        state = look(outputs, passengers(PASSENGERS))
    faults = judge(statuses, awards, state)
    return [
        str(starts),
        " ".join(map(str, statuses)),
        ", ".join(f"{count} {award}" for award, count in sorted(awards.items())) or "none",
        ", ".join(f"{n} {status}" for status, n in Counter(state.runs.values()).items()) or "none",
        state.champion or "none",
        f"{seconds:.1f}",
        state.leftovers() or "nothing",
        "; ".join(faults) or "ok",
    ]


def race(starts: int, command: Sequence[str], folder: Path) -> tuple[list[int], float]:
    """Return the exit statuses of that many runs at once, and the seconds until all were done."""
    outputs = [folder / f"{number}.txt" for number in range(starts)]
    begun = time.perf_counter()
    processes = [launch(command, path.open("wb")) for path in outputs]
    statuses = [process.wait(TIMEOUT_SECONDS) for process in processes]
    seconds = time.perf_counter() - begun
    for status, path in zip(statuses, outputs, strict=True):
        if status != 0:
            progress(path.read_text(errors="replace"))
    return statuses, seconds


def judge(statuses: Sequence[int], awards: Counter[str], state: State) -> list[str]:
    """Return what is wrong with a repetition."""
    number, left = len(statuses), state.leftovers()
    wrong = {
        "not all ended with status 0": any(statuses),
        f"expected {number} verdicts, one of them champion": (
            awards["champion"] != 1 or awards.total() != number
        ),
        "no champion": state.champion is None,
        "not every run is logged as FINISHED": list(state.runs.values()) != ["FINISHED"] * number,
        f"left over: {left}": bool(left),
    }
    return [*state.faults, *(what for what, is_wrong in wrong.items() if is_wrong)]


if __name__ == "__main__":
    sys.exit(main())
