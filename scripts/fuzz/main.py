"""Throw bad input at the entry point: each works, or ends with status 2 and one message.

Data folders in Kaggle's format and command lines are mutated at random, from a seed, and each is
run by `scripts/run.py` in a process of its own. A case is broken if it ends otherwise, shows a
traceback, or leaves something behind: half-written files, a run that stands as running, an alias
that moved, anything outside its own folder. Exit status 1 if any is; `--only CASE` does it again.
"""

import re
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from scripts.bench import measure as bench
from scripts.fuzz import data as fuzz_data
from scripts.fuzz import lines as fuzz_lines
from scripts.fuzz.case import REFUSED, STOPPED, WORKED, Case, Ended
from scripts.fuzz.sandbox import Sandbox
from scripts.fuzz.tables import written
from spaceship.cli.main import prepare

BROKEN = "broken"
COLUMNS = (WORKED, REFUSED, STOPPED, BROKEN)
TOLD = 100
"""Cases between two lines that say how far it is."""
SHOWN = 12
"""Kinds of needless text on stderr that are listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what each kind of mutation led to; return 1 if anything is broken."""
    parser = bench.parser(__doc__)
    parser.add_argument("--data", type=bench.kaggle_folder, help="folder of Kaggle's files")
    parser.add_argument("--data-cases", type=int, default=2000, help="mutated data folders")
    parser.add_argument("--line-cases", type=int, default=600, help="mutated command lines")
    parser.add_argument("--seed", type=int, default=1, help="seed of the mutations")
    parser.add_argument("--first", type=int, default=0, help="number of the first case of each")
    parser.add_argument("--seconds", type=float, default=30, help="after which a case is ended")
    parser.add_argument("--only", default="", help="these cases alone, shown whole: data-3,line-7")
    asked = parser.parse_args(arguments)
    prepare()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        fuzz = Fuzz(Sandbox(Path(folder).resolve(), asked.seconds), asked.data, asked.seed)
        if asked.only:
            return fuzz.show(bench.names(asked.only))
        numbers = {"data": asked.data_cases, "line": asked.line_cases}
        spans = {kind: range(asked.first, asked.first + number) for kind, number in numbers.items()}
        start = time.perf_counter()
        with suppress(KeyboardInterrupt):  # what has been done by then is reported
            fuzz.run_all([f"{kind}-{number}" for kind, span in spans.items() for number in span])
        seconds = time.perf_counter() - start
    print(bench.machine())
    print(fuzz.report(seconds))
    return int(fuzz.broken)


class Fuzz:
    """Runs cases by their name and counts what became of them."""

    def __init__(self, sandbox: Sandbox, data: Path | None, seed: int) -> None:
        """Train the champion that every case starts from."""
        self.sandbox, self.seed = sandbox, seed
        self.tables = fuzz_data.cut(data)
        self.files = {name: written(table) for name, table in self.tables.items()}
        configs = [bench.composed(*overrides) for overrides in fuzz_lines.CONFIGS]
        self.known = fuzz_lines.Known(configs, sandbox.folder)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.noise: Counter[str] = Counter()
        ended = sandbox.prepare(self._first())
        if ended.status != 0 or "Verdict: champion" not in ended.output:
            sys.exit(f"no champion to start from\n{ended.output}\n{ended.errors}")

    @property
    def broken(self) -> bool:
        """Whether any case was."""
        return any(column == BROKEN for _, column in self.counts)

    def case(self, name: str) -> Case:
        """Return a case by its name, such as `data-3`."""
        kind, _, number = name.partition("-")
        if kind == "line":
            return fuzz_lines.case(int(number), self.seed, self.known, self.files)
        return fuzz_data.case(int(number), self.seed, self.tables, self.sandbox.data)

    def run_all(self, names: Sequence[str]) -> None:
        """Run cases one after the other."""
        for number, name in enumerate(names, start=1):
            self.run(name)
            if number % TOLD == 0:
                print(f"{number} of {len(names)}", file=sys.stderr)

    def run(self, name: str) -> None:
        """Run a case and count it; tell of it at once if it is broken."""
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
        """Run cases and print all of what they said; return 1 if any is broken."""
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
        """Return the table of kinds and outcomes, and what libraries said on stderr."""
        kinds = sorted({kind for kind, _ in self.counts})
        rows = [[kind, *(self.counts[kind, column] for column in COLUMNS)] for kind in kinds]
        totals = [sum(row[place] for row in rows) for place in range(1, len(COLUMNS) + 1)]
        table = bench.table(["mutated", *COLUMNS], [*rows, ["all", *totals]])
        text = f"{sum(totals)} cases in {seconds:.0f} s, seed {self.seed}.\n\n{table}"
        for line, number in self.noise.most_common(SHOWN):
            text += f"\nA library's on stderr, {number} times: {line}"
        return text

    def _first(self) -> Case:
        place = [f"data.dir={self.sandbox.data}", f"paths.outputs={self.sandbox.outputs}"]
        line = (*fuzz_data.QUICK, "mode=default", "features=raw", "data=local", *place)
        return Case("first", "", "", line, self.files)


def _last(ended: Ended) -> str:
    """Return the line that says most of how a case ended."""
    lines = [line for line in ended.errors.splitlines() if line.strip()]
    return f"status {ended.status}: {lines[-1][:300] if lines else '(silence)'}"


if __name__ == "__main__":
    sys.exit(main())
