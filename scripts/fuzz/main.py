"""Fuzzer of the entry point: bad input works, or ends with status 2 and one message.

Data folders in Kaggle's format and command lines are mutated at random, from a seed, and each is
run by `scripts/run.py` in a process of its own. A case is broken if it ends otherwise, shows a
traceback, or leaves something behind: half-written files, a run that stands as running, an alias
that moved, anything outside its own folder. Exit status 1 if any is; `--only CASE` runs it again.
"""

import os
import re
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scripts.bench.measure import (
    composed,
    kaggle_folder,
    machine,
    names,
    parser,
    progress,
    table,
)
from scripts.chaos import forks
from scripts.fuzz import data, lines
from scripts.fuzz.case import REFUSED, STOPPED, WORKED, Case, Ended
from scripts.fuzz.mutated_tables import written
from scripts.fuzz.sandbox import Sandbox
from spaceship.cli.main import prepare

BROKEN = "broken"
COLUMNS = (WORKED, REFUSED, STOPPED, BROKEN)
EVERY = 100
"""Cases between two lines about the progress."""
SHOWN = 12
"""Kinds of lines of libraries on stderr that are listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the outcomes of each kind of mutation; return 1 if any case is broken."""
    options = parser(__doc__)
    options.add_argument("--data", type=kaggle_folder, help="folder of Kaggle's files")
    options.add_argument("--data-cases", type=int, default=2000, help="mutated data folders")
    options.add_argument("--line-cases", type=int, default=600, help="mutated command lines")
    options.add_argument("--seed", type=int, default=1, help="seed of the mutations")
    options.add_argument("--first", type=int, default=0, help="number of the first case of each")
    options.add_argument("--seconds", type=float, default=30, help="after which a case is ended")
    options.add_argument("--only", default="", help="these cases alone, shown whole: data-3,line-7")
    given = options.parse_args(arguments)
    prepare()
    forks.warm()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        fuzz = Fuzz(Sandbox(Path(folder).resolve(), given.seconds), given.data, given.seed)
        if given.only:
            return fuzz.show(names(given.only))
        numbers = {"data": given.data_cases, "line": given.line_cases}
        spans = {kind: range(given.first, given.first + number) for kind, number in numbers.items()}
        start = time.perf_counter()
        with suppress(KeyboardInterrupt):  # what has been done by then is reported
            fuzz.run_all([f"{kind}-{number}" for kind, span in spans.items() for number in span])
        seconds = time.perf_counter() - start
    print(machine())
    print(fuzz.report(seconds))
    return int(fuzz.broken)


class Fuzz:
    """Runner of cases by their name, and the counts of their outcomes."""

    def __init__(self, sandbox: Sandbox, kaggle: Path | None, seed: int) -> None:
        """Train the champion that every case starts from."""
        self.sandbox, self.seed = sandbox, seed
        self.tables = data.cut(kaggle)
        self.files = {name: written(table) for name, table in self.tables.items()}
        configs = [composed(*overrides) for overrides in lines.CONFIGS]
        self.known = lines.Known(configs, sandbox.folder)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.noise: Counter[str] = Counter()
        ended = sandbox.prepare(self._first())
        if ended.status != 0 or "Verdict: champion" not in ended.output:
            sys.exit(f"no champion to start from\n{ended.output}\n{ended.errors}")

    @property
    def broken(self) -> bool:
        """Whether any case was broken."""
        return any(column == BROKEN for _, column in self.counts)

    def case(self, name: str) -> Case:
        """Return a case by its name, such as `data-3`."""
        kind, _, number = name.partition("-")
        if kind == "line":
            return lines.case(int(number), self.seed, self.known, self.files)
        return data.case(int(number), self.seed, self.tables, self.sandbox.data)

    def run_all(self, names: Sequence[str]) -> None:
        """Run cases one after the other."""
        for number, name in enumerate(names, start=1):
            self.run(name)
            if number % EVERY == 0:
                progress(f"{number} of {len(names)}")

    def run(self, name: str) -> None:
        """Run a case and count it; print it at once if it is broken."""
        case = self.case(name)
        ended = self.sandbox.run(case)
        faults = self.sandbox.faults(case, ended)
        self.counts[case.kind, BROKEN if faults else ended.kind] += 1
        if faults:
            print(f"{name}: {'; '.join(faults[:3])}\n  {case.note[:300]!r}", flush=True)
            print(f"  {shlex.join(case.arguments)[:500]}\n  {_last(ended)}", flush=True)
        elif ended.kind != STOPPED and ended.noise:
            self.noise[re.sub(r"\d+", "#", ended.noise)[:150]] += 1

    def show(self, names: Sequence[str]) -> int:
        """Run cases and print their whole output; return 1 if any is broken."""
        broken = False
        for name in names:
            case = self.case(name)
            ended = self.sandbox.run(case)
            faults = self.sandbox.faults(case, ended)
            print(f"{name}: {case.note}\n{shlex.join(case.arguments)}\n\n{ended.output}")
            print(f"{ended.errors}\nstatus {ended.status}, {ended.seconds:.1f} s, faults: {faults}")
            broken |= bool(faults)
        return int(broken)

    def report(self, seconds: float) -> str:
        """Return the table of kinds and outcomes, and the lines of libraries on stderr."""
        kinds = sorted({kind for kind, _ in self.counts})
        rows = [[kind, *(self.counts[kind, column] for column in COLUMNS)] for kind in kinds]
        totals = [sum(self.counts[kind, column] for kind in kinds) for column in COLUMNS]
        text = f"{sum(totals)} cases in {seconds:.0f} s, seed {self.seed}.\n\n"
        text += table(["mutated", *COLUMNS], [*rows, ["all", *totals]])
        for line, number in self.noise.most_common(SHOWN):
            text += f"\nA library's line on stderr, {number} times: {line}"
        return text

    def _first(self) -> Case:
        place = [f"data.dir={self.sandbox.data}", f"paths.outputs={self.sandbox.outputs}"]
        line = (*data.QUICK, "mode=default", "features=raw", "data=local", *place)
        return Case("first", "", "", line, self.files)


def _last(ended: Ended) -> str:
    """Return the status and the last line of stderr."""
    lines = [line for line in ended.errors.splitlines() if line.strip()]
    return f"status {ended.status}: {lines[-1][:300] if lines else '(silence)'}"


if __name__ == "__main__":
    sys.exit(main())
