"""Fuzzer of damaged outputs folders: each command works, or ends with one message; none unpickles.

A small outputs folder with two versions and a study is damaged at random, from a seed, and a
command runs on it in a fork that may not write elsewhere. A case is broken if the command shows a
traceback, ends with a status other than 0, 2 and 3, prints no message with `expected`, or writes
outside the folder. Where a message ends with a command that mends the damage, it is typed.
"""

import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from scripts.bench.measure import machine, names, parser, progress, table
from scripts.chaos import forks
from scripts.fuzz.case import MENDABLE, REFUSED_BY_GATE, Case, Ended, output_faults
from scripts.fuzz.damages import DAMAGES
from scripts.fuzz.sandbox import Sandbox
from spaceship.cli.main import prepare

BROKEN, MENDED = "broken", "mended"
COLUMNS = ("worked", "refused", "stopped", MENDED, BROKEN)
EVERY = 25
QUICK = ("data.n_groups=120", "features=raw", "split.n_folds=2", "model=logistic_regression")
SWEEP = ("-m", "hydra/sweeper=optuna", "mode=train", *QUICK)
SPACE = ("model.estimator.C=tag(log,interval(0.01,10))", "hydra.sweeper.n_trials=2")
FIRST = (
    ("mode=train", *QUICK, "gate.force=true", "reason=one"),
    ("mode=train", *QUICK, "gate.force=true", "reason=two"),
    (*SWEEP, *SPACE, "hydra.sweeper.study_name=s"),
)
COMMANDS = (
    ("mode=history",),
    ("mode=inference", *QUICK[:1]),
    ("mode=train", *QUICK[:3]),
    ("mode=promote",),
    ("mode=rollback",),
)
RESUME = (*SWEEP, SPACE[0], "hydra.sweeper.n_trials=3", "hydra.sweeper.resume=last")
_MEND = re.compile(
    r"(?:restore it: |are lost\): |rename it back: |make it anew: )(.*)$", re.MULTILINE
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the outcomes of each kind of damage; return 1 if any case is broken."""
    options = parser(__doc__)
    options.add_argument("--n", type=int, default=300, help="damaged folders")
    options.add_argument("--first", type=int, default=0, help="number of the first one")
    options.add_argument("--seed", type=int, default=1, help="seed of the damages")
    options.add_argument("--seconds", type=float, default=120, help="after which a case is ended")
    options.add_argument("--only", default="", help="numbers of cases, shown whole: 3,7")
    given = options.parse_args(arguments)
    prepare()
    forks.warm()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzz = Stores(Path(folder).resolve(), given.seconds, given.seed)
        start = time.perf_counter()
        chosen = [int(one) for one in names(given.only)] or range(
            given.first, given.first + given.n
        )
        with suppress(KeyboardInterrupt):  # what has been done by then is reported
            for done, number in enumerate(chosen, start=1):
                fuzz.run(number, whole=bool(given.only))
                if done % EVERY == 0:
                    progress(f"{done} of {len(chosen)}")
        print(machine())
        print(fuzz.report(time.perf_counter() - start))
    return int(fuzz.broken)


class Stores:
    """Runner of damaged folders, and the counts of their outcomes."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        """Make the outputs folder that every case damages."""
        self.sandbox, self.seed = Sandbox(folder, seconds), seed
        self.counts: Counter[tuple[str, str]] = Counter()
        self.sandbox.reset({})
        for line in FIRST:
            ended = self.sandbox.execute(self._case(line))
            if ended.status != 0:
                sys.exit(f"no folder to damage\n{ended.output}\n{ended.errors}")
        self.sandbox.outputs.rename(self.sandbox.pristine)

    @property
    def broken(self) -> bool:
        """Whether any case was broken."""
        return any(column == BROKEN for _, column in self.counts)

    def run(self, number: int, *, whole: bool = False) -> Sequence[str]:
        """Damage the folder, run a command on it, count the outcome; return the faults."""
        chance = random.Random(self.seed * 100_000 + number)  # noqa: S311 - nothing secret
        self.sandbox.reset({})
        kind = [*DAMAGES][number % len(DAMAGES)]
        damages = [kind, *chance.choices([*DAMAGES], k=chance.choice((0, 0, 0, 1, 2)))]
        notes = [self._damage(one, chance) for one in damages]
        line = RESUME if kind == "study" and chance.random() < 0.7 else chance.choice(COMMANDS)  # noqa: PLR2004
        case = self._case(line)
        ended = self.sandbox.execute(case)
        faults = [*_faults(case, ended)]
        column = BROKEN if faults else ended.kind
        if not faults and (mend := _MEND.search(ended.errors)):
            faults = [*self._mend(mend[1], case)]
            column = BROKEN if faults else MENDED
        self.counts[kind, column] += 1
        if faults or whole:
            print(f"{number}: {'; '.join(faults[:3])}\n  {'; '.join(notes)}\n  {' '.join(line)}")
            print(f"  status {ended.status}: {ended.errors if whole else ended.errors[-600:]}")
            print(ended.output if whole else "", flush=True)
        return faults

    def report(self, seconds: float) -> str:
        """Return the table of damages and outcomes."""
        rows = [[kind, *(self.counts[kind, one] for one in COLUMNS)] for kind in DAMAGES]
        totals = [sum(self.counts[kind, one] for kind in DAMAGES) for one in COLUMNS]
        text = f"{sum(totals)} damaged folders in {seconds:.0f} s, seed {self.seed}.\n\n"
        return text + table(["damaged", *COLUMNS], [*rows, ["all", *totals]])

    def _case(self, line: Sequence[str]) -> Case:
        arguments = (*line, f"paths.outputs={self.sandbox.outputs}", "gate.floor.minimum=0.5")
        return Case("", "", "", arguments, {})

    def _damage(self, kind: str, chance: random.Random) -> str:
        """Damage the folder, if what is damaged is there still."""
        try:
            return DAMAGES[kind](chance, self.sandbox.outputs)
        except Exception as error:  # noqa: BLE001 - what an earlier damage left
            return f"{kind}: {type(error).__name__}"

    def _mend(self, command: str, case: Case) -> Iterator[str]:
        """Yield what is wrong with a command of a message, and with the case after it."""
        place = self.sandbox.work
        typed = subprocess.run(
            ["/bin/bash", "-c", command], cwd=place, capture_output=True, check=False, timeout=120
        )
        if typed.returncode:
            yield f"{command}: status {typed.returncode}, {typed.stderr.decode()[-300:]}"
        elif left := [*place.iterdir()]:
            yield f"{command} left {left}"
        else:
            again = self.sandbox.execute(case)
            yield from _faults(case, again)
            if (mend := _MEND.search(again.errors)) and mend[1] == command:
                yield f"{command} mended nothing"


def _faults(case: Case, ended: Ended) -> Iterator[str]:
    yield from ended.intrusions
    for fault in output_faults(case, ended):
        if fault != f"exit status {REFUSED_BY_GATE}":
            yield fault
    if ended.status == MENDABLE and "expected" not in ended.errors:
        yield "no message with expected"


if __name__ == "__main__":
    sys.exit(main())
