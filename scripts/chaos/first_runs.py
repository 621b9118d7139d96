"""Start first runs at once on an empty outputs folder: all succeed and one becomes champion.

Exit status 1 if that is not so in any repetition.
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from scripts.bench import measure as bench
from scripts.chaos.state import ASKED, State, look
from spaceship.cli.main import prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a repetition; return 1 if any is wrong."""
    parser = bench.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="repetitions")
    parser.add_argument("--starts", type=int, default=4, help="runs started at once")
    parser.add_argument("overrides", nargs="*", default=["mode=default"], help="what is started")
    asked = parser.parse_args(arguments)
    prepare()
    rows = [compete(asked.starts, asked.overrides) for _ in range(asked.rounds)]
    print(bench.machine())
    head = ["runs at once", "exit statuses", "awards", "MLflow runs", "champion", "all done, s"]
    print(bench.table([*head, "left over", "verdict"], rows))
    return int(any(row[-1] != "ok" for row in rows))


def compete(starts: int, overrides: Sequence[str]) -> list[str]:
    """Start runs at once on a new folder and return the repetition's row."""
    from spaceship import experiment as parts

    asked = parts.data_source(bench.composed()).load().test.head(ASKED)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        statuses, seconds = race(starts, bench.run(*overrides, outputs=outputs), Path(folder))
        paths = outputs.glob("runs/*/*/verdict.json")
        awards = Counter(json.loads(path.read_text())["award"] for path in paths)
        state = look(outputs, "synthetic", asked)
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
    """Return the exit statuses of as many runs at once, and the seconds until all were done."""
    told = [folder / f"{number}.txt" for number in range(starts)]
    begun = time.perf_counter()
    processes = [bench.launch(command, path.open("wb")) for path in told]
    statuses = [process.wait(bench.TIMEOUT_SECONDS) for process in processes]
    seconds = time.perf_counter() - begun
    for status, path in zip(statuses, told, strict=True):
        if status != 0:
            sys.stderr.write(path.read_text(errors="replace"))
    return statuses, seconds


def judge(statuses: Sequence[int], awards: Counter[str], state: State) -> list[str]:
    """Return what is wrong with a repetition."""
    faults = list(state.faults)
    if any(statuses):
        faults.append("not all ended with status 0")
    if awards["champion"] != 1 or awards.total() != len(statuses):
        faults.append(f"expected {len(statuses)} verdicts, one of them champion")
    if state.champion is None:
        faults.append("no champion")
    if set(state.runs.values()) != {"FINISHED"} or len(state.runs) != len(statuses):
        faults.append("not every run is logged as FINISHED")
    if state.leftovers():
        faults.append(f"left over: {state.leftovers()}")
    return faults


if __name__ == "__main__":
    sys.exit(main())
