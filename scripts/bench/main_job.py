"""Time and memory of the main job from shell to shell, on fresh outputs."""

import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.measure import (
    Measured,
    kaggle_folder,
    machine,
    measure,
    parser,
    run,
    spread,
    table,
)


@dataclass(frozen=True)
class Case:
    """One command and its bars."""

    overrides: tuple[str, ...]
    real: bool  # whether it reads the real passengers
    seconds: float = math.inf  # most seconds by the clock
    megabytes: float = math.inf  # most memory

    def bars(self) -> str:
        """Return the bars as text."""
        bars = {"s": self.seconds, "MB": self.megabytes}
        return ", ".join(f"{bar:.0f} {unit}" for unit, bar in bars.items() if bar < math.inf)


CASES = (
    Case(("mode=train", "model=lgbm", "features=full"), real=True, seconds=30, megabytes=900),
    Case(("mode=train", "model=catboost", "features=full"), real=True),
    Case(("mode=default",), real=False, seconds=60),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--data", type=kaggle_folder, help="folder of Kaggle's files")
    options.add_argument("--runs", type=int, default=3, help="runs of each command")
    given = options.parse_args(arguments)
    cases = [case for case in CASES if given.data or not case.real]
    results: dict[Case, list[tuple[Measured, str]]] = {case: [] for case in cases}
    for _ in range(given.runs):
        for case in cases:
            results[case].append(train(case, given.data))
    print(machine())
    head = ["command", "passengers", "wall, s", "CPU, s", "peak, MB", "bar", "met", "award"]
    print(table(head, (row(case, results[case]) for case in cases)))


def train(case: Case, data: Path | None) -> tuple[Measured, str]:
    """Return the cost of a first run, and the award of its candidate."""
    source = ["data=local", f"data.dir={data}"] if case.real else []
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        measured = measure(run(*case.overrides, *source, outputs=outputs)).expect("Verdict: ")
        (verdict,) = outputs.glob("runs/*/*/verdict.json")
        return measured, json.loads(verdict.read_text())["award"]


def row(case: Case, results: Sequence[tuple[Measured, str]]) -> list[str]:
    """Return a row of the table; a bar is met if every run keeps it."""
    measured = [result for result, _ in results]
    kept = all(one.wall <= case.seconds and one.peak <= case.megabytes for one in measured)
    return [
        f"`{' '.join(case.overrides)}`",
        "real" if case.real else "embedded",
        spread((one.wall for one in measured), 1),
        spread((one.cpu for one in measured), 1),
        spread((one.peak for one in measured), 0),
        case.bars() or "-",
        ("yes" if kept else "no") if case.bars() else "-",
        ", ".join(sorted({award for _, award in results})),
    ]


if __name__ == "__main__":
    main()
