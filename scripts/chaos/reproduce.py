"""Prepared differences, eleven, each alone: its cause is named first, or the exit status is 1.

Each is made with whole commands. Data, code and a package are changed before `mode=reproduce` makes
the first run again. Seed, salt, model and threads come from the record there; they are changed in a
second run, which is compared with the first.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from scripts.bench.measure import ROOT, launch, machine, parser, progress, table
from scripts.chaos.customers import TASK, customers
from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.differences import compare_stages
from spaceship.reproduction.suspects import find_suspects

_PLANS = "abcdefghijklmnopqrs"
_WORDS = ("mode=train", "task=customers", "data=local", "features=table", "split.n_folds=2")
_LINEAR = "model=logistic_regression"
_WIDE = (_LINEAR, "model.estimator.solver=newton-cholesky")  # its sums depend on threads
_FEATURE = ("features/_times.py", "made = [pair for", "made = [(pair[0], pair[1] ** 2) for")
_REPRODUCE = ("mode=reproduce", "task=customers", "data=local", "run=last")


@dataclass(frozen=True)
class Case:
    """A difference, and the suspect that must be named first."""

    name: str
    suspect: str  # a pattern
    change: Callable[["World"], None] = lambda _: None
    words: tuple[str, ...] = (_LINEAR,)
    second: tuple[str, ...] | None = None  # of a second run; None: mode=reproduce
    older: str = ""  # package of the first run, such as lightgbm==4.6.0
    env: dict[str, str] = field(default_factory=dict)  # of the second command
    rows: int = 400
    again: tuple[str, ...] = ("reproduce.data=present",)


class World:
    """A folder with a task, its data, and the code that runs."""

    def __init__(self, folder: Path, rows: int) -> None:
        """Write task and data; the code is this checkout's until it is changed."""
        self.folder, self.code = folder, ROOT
        (folder / "configs" / "task").mkdir(parents=True)
        (folder / "configs" / "task" / "customers.yaml").write_text(TASK)
        self.write(customers(rows, _PLANS, digits=5))

    @property
    def rows(self) -> pd.DataFrame:
        """The rows of the file, as text."""
        return pd.read_csv(self.folder / "train.csv", dtype="str")

    def write(self, rows: pd.DataFrame) -> None:
        """Write the file anew."""
        rows.to_csv(self.folder / "train.csv", index=False)

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        """Run a command in the folder; return status and output."""
        command = [sys.executable, str(self.code / "scripts" / "run.py"), *words]
        places = [f"data.dir={self.folder}", f"paths.outputs={self.folder / 'outputs'}"]
        extra = {"OMP_NUM_THREADS": "1"} | environment
        extra["PYTHONPATH"] = f"{environment.get('PYTHONPATH', '')}:{self.code}".strip(":")
        process = launch([*command, *places], subprocess.PIPE, self.folder, **extra)
        output, _ = process.communicate(timeout=600)
        return process.returncode, output.decode(errors="replace")

    def train(self, *words: str, **environment: str) -> RecordedRun:
        """Train, and return the run."""
        status, output = self.run(*_WORDS, *words, "report.of_jobs=false", **environment)
        if status:
            raise RuntimeError(output)
        return RecordedRun.read(max((self.folder / "outputs" / "runs").glob("*/*")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a difference; return 1 if a cause is not named."""
    options = parser(__doc__)
    options.add_argument("--only", default="", help="differences with this text in their name")
    given = options.parse_args(arguments)
    rows = []
    for case in _cases():
        if given.only in case.name:
            rows.append(_try(case))
            progress(" | ".join(rows[-1]))
    print(machine())
    print(table(["difference", "first stage that differs", "suspect named first", "right"], rows))
    return int(any(row[-1] != "yes" for row in rows))


def _try(case: Case) -> tuple[str, str, str, str]:
    with tempfile.TemporaryDirectory() as temporary:
        world = World(Path(temporary).resolve(), case.rows)
        first = world.train(*case.words, **_older(world.folder / "older", case.older))
        case.change(world)
        if case.second is None:
            stage, suspects = _reproduced(world, *case.again, **case.env)
        else:
            again = world.train(*case.words, *case.second, **case.env)
            found = compare_stages(first, again)
            named = find_suspects(first, again, found)
            stage = found.difference.stage if found.difference else "none"
            suspects = [f"{one.kind}: {one.text}" for one in named]
    named_first = suspects[0] if suspects else "none"
    right = "yes" if re.search(case.suspect, named_first) else "NO"
    return case.name, stage, named_first, right


def _reproduced(world: World, *words: str, **environment: str) -> tuple[str, list[str]]:
    status, output = world.run(*_REPRODUCE, *words, "output=json", **environment)
    found = re.search(r"^\{.*\}$", output, re.MULTILINE | re.DOTALL)
    if status not in {0, 4} or found is None:
        return f"status {status}", [output[-300:]]
    result = json.loads(found[0])["result"]
    difference = result["difference"] or {"stage": "none"}
    return difference["stage"], [f"{one['kind']}: {one['text']}" for one in result["suspects"]]


def _row(world: World) -> None:
    rows = world.rows
    rows.loc[5] = [rows["customer"][5], "b", "1.5", "2023-02-02T00:00:00+01:00", "yes"]
    world.write(rows)


def _cell(world: World) -> None:
    rows = world.rows
    rows.loc[9, "fee"] = "0.01"
    world.write(rows)


def _zone(world: World) -> None:
    rows = world.rows
    world.write(rows.assign(since=rows["since"].str.replace("+01:00", "+03:00")))


def _line(world: World) -> None:
    """Copy the code, and change a line of the features."""
    for name in ("spaceship", "hydra_plugins", "configs", "scripts"):
        shutil.copytree(ROOT / name, world.folder / "code" / name)
    world.code = world.folder / "code"
    path, old, new = _FEATURE
    source = (world.code / "spaceship" / path).read_text()
    (world.code / "spaceship" / path).write_text(source.replace(old, new))


def _yaml(world: World) -> None:
    source = (ROOT / "configs" / "model" / "logistic_regression.yaml").read_text()
    (world.folder / "configs" / "model").mkdir()
    path = world.folder / "configs" / "model" / "logistic_regression.yaml"
    path.write_text(source.replace("C: 0.3", "C: 0.5"))


def _older(folder: Path, package: str) -> dict[str, str]:
    """Install an older package beside the others; its folder comes first on the path."""
    if not package:
        return {}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    subprocess.run([*pip, package], check=True)
    return {"PYTHONPATH": str(folder)}


def _cases() -> list[Case]:
    return [
        Case("a changed row", r"^data: .*1 row changed, from c-00005: plan, fee, since", _row),
        Case("a changed cell", r"^data: .*1 row changed, from c-00009: fee$", _cell),
        Case("another seed", "^config: seed 42 → 7$", second=("seed=7",)),
        Case(
            "a source line of a feature",
            "^code: spaceship/features/_times.py$",
            _line,
            again=("reproduce.code=present",),
        ),
        Case(
            "a YAML of a model",
            r"^config: model.estimator.C 0.3 → 0.5 \(configs/model/log",
            _yaml,
            second=(),
        ),
        Case(
            "an older LightGBM",
            "^package: lightgbm 4.6.0 → ",
            words=("model=lgbm",),
            older="lightgbm==4.6.0",
        ),
        Case(
            "an older scikit-learn",
            "^package: scikit_learn 1.8.0 → ",
            words=("model=hist_gradient_boosting",),
            older="scikit-learn==1.8.0",
        ),
        Case(
            "OMP threads 1 → 2",
            "^threads: .*OMP_NUM_THREADS 1 → 2",
            words=_WIDE,
            rows=16_000,
            second=(),
            env={"OMP_NUM_THREADS": "2"},
        ),
        Case(
            "another split salt",
            "^config: split.salt spaceship → other$",
            second=("split.salt=other",),
        ),
        Case(
            "reordered rows",
            "^data: .*the same rows in another order",
            lambda world: world.write(world.rows[::-1]),
        ),
        Case("a time zone of a date", "^data: .*another time zone of the date column since", _zone),
    ]


if __name__ == "__main__":
    sys.exit(main())
