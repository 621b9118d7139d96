"""How long the main job takes from shell to shell, and how much memory, on fresh outputs."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench import measure as bench


@dataclass(frozen=True)
class Case:
    """One command and its bars.

    Attributes:
        overrides: What is asked of the script.
        real: Whether it reads the real passengers.
        seconds: Most seconds by the clock, if there is a bar.
        megabytes: Most memory, if there is a bar.

    """

    overrides: tuple[str, ...]
    real: bool
    seconds: float | None = None
    megabytes: float | None = None

    def bars(self) -> str:
        """Return the bars as text."""
        seconds = [f"{self.seconds:.0f} s"] if self.seconds else []
        return ", ".join([*seconds, *([f"{self.megabytes:.0f} MB"] if self.megabytes else [])])


CASES = (
    Case(("mode=train", "model=lgbm", "features=full"), real=True, seconds=30, megabytes=900),
    Case(("mode=train", "model=catboost", "features=full"), real=True),
    Case(("mode=default",), real=False, seconds=60),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, help="folder of Kaggle's files")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command")
    asked = parser.parse_args(arguments)
    cases = [case for case in CASES if asked.data or not case.real]
    results: dict[Case, list[tuple[bench.Measured, str]]] = {case: [] for case in cases}
    for _ in range(asked.runs):
        for case in cases:
            results[case].append(run(case, asked.data))
    print(bench.machine())
    head = ["command", "passengers", "wall, s", "CPU, s", "peak, MB", "bar", "met", "award"]
    print(bench.table(head, (row(case, results[case]) for case in cases)))


def run(case: Case, data: Path | None) -> tuple[bench.Measured, str]:
    """Return what a first run takes, and what its candidate was awarded."""
    source = ["data=local", f"data.dir={data}"] if case.real else []
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs"
        command = bench.run(*case.overrides, *source, outputs=outputs)
        measured = bench.measure(command).expect("Verdict: ")
        (verdict,) = outputs.glob("runs/*/*/verdict.json")
        return measured, json.loads(verdict.read_text())["award"]


def row(case: Case, results: Sequence[tuple[bench.Measured, str]]) -> list[str]:
    """Return a row of the table; a bar is met if every run keeps it."""
    measured = [result for result, _ in results]
    slow = case.seconds is not None and max(one.wall for one in measured) > case.seconds
    large = case.megabytes is not None and max(one.peak for one in measured) > case.megabytes
    return [
        f"`{' '.join(case.overrides)}`",
        "real" if case.real else "embedded",
        bench.spread((one.wall for one in measured), 1),
        bench.spread((one.cpu for one in measured), 1),
        bench.spread((one.peak for one in measured), 0),
        case.bars() or "-",
        "-" if not case.bars() else "no" if slow or large else "yes",
        ", ".join(sorted({award for _, award in results})),
    ]


if __name__ == "__main__":
    main()
