"""CPU seconds of whole commands beside those of plain scripts that do the same work.

Command and floor run in turns, on one thread. The floors use neither Hydra nor MLflow; the features
of their pipeline are the project's own. `--data` is a folder of Kaggle's files.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.measure import (
    kaggle_folder,
    machine,
    measure,
    names,
    parser,
    progress,
    run,
    spread,
    table,
)

FIRST_USE = 0.5  # CPU seconds that a new folder may add


@dataclass(frozen=True)
class Command:
    """Words of a command, the plain script in its place, and the ratio that is allowed."""

    words: tuple[str, ...]
    floor: tuple[str, ...]  # arguments of Python
    most: float


def _plain(name: str) -> tuple[str, ...]:
    return "-m", "scripts.bench.plain_scripts", name


COMMANDS: Mapping[str, Command] = {
    "mode=train model=lgbm": Command(("mode=train", "model=lgbm"), _plain("train"), 1.10),
    "mode=history": Command(("mode=history",), ("-c", "import mlflow"), 1.3),
    "mode=inference": Command(("mode=inference",), _plain("infer"), 1.15),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of ratios, and what the first use of a folder adds."""
    options = parser(__doc__)
    options.add_argument("--data", type=kaggle_folder, required=True, help="Kaggle's files")
    options.add_argument("--runs", type=int, default=5, help="alternations")
    options.add_argument("--what", type=names, default="", help="starts of commands; none: all")
    given = options.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        first = [cpu_of_train(given.data, place / f"new{at}") for at in range(2)]
        cpu_of_plain(COMMANDS["mode=train model=lgbm"].floor, given.data, place)  # fits the model
        rows = [
            row(name, one, given.data, place, given.runs)
            for name, one in COMMANDS.items()
            if not given.what or name.startswith(tuple(given.what))
        ]
        again = [cpu_of_train(given.data, place / f"new{at}") for at in range(2)]
    print(machine())
    print(table(["command", "own, CPU s", "plain, CPU s", "ratio", "allowed"], rows))
    added = [one - two for one, two in zip(first, again, strict=True)]
    print(f"A new folder adds {spread(added)} CPU s (bar {FIRST_USE})\n")


def row(name: str, one: Command, data: Path, place: Path, runs: int) -> list[object]:
    """Return the row of a command, whose outputs folder has a champion already."""
    own, floor = list[float](), list[float]()
    source = ("data=local", f"data.dir={data}")
    command = run(*one.words, *source, "inference.overwrite=true", outputs=place / "new0")
    for turn in range(runs + 1):
        costs = (
            measure(command, place, OMP_NUM_THREADS="1").expect("").cpu,
            cpu_of_plain(one.floor, data, place),
        )
        if turn:  # the first one warms up
            own.append(costs[0])
            floor.append(costs[1])
    ratios = [a / b for a, b in zip(own, floor, strict=True)]
    progress(f"{name}: {spread(ratios)}")
    return [f"`{name}`", spread(own), spread(floor), spread(ratios), one.most]


def cpu_of_plain(floor: Sequence[str], data: Path, place: Path) -> float:
    """Return the CPU seconds of a plain script."""
    command = [sys.executable, *floor]
    extra = {"PLAIN_DATA": str(data), "PLAIN_PLACE": str(place), "OMP_NUM_THREADS": "1"}
    return measure(command, place, **extra).expect("").cpu


def cpu_of_train(data: Path, outputs: Path) -> float:
    """Return the CPU seconds of `mode=train` into an outputs folder."""
    words = ("mode=train", "model=lgbm", "data=local", f"data.dir={data}")
    command = run(*words, outputs=outputs)
    return measure(command, outputs.parent, OMP_NUM_THREADS="1").expect("Verdict: ").cpu


if __name__ == "__main__":
    main()
