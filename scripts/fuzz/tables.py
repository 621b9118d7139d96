"""Fuzzer of whole tables: `mode=init`, then training and inference on what it proposed.

Nasty tables are drawn from a seed and each goes through the command line in forks. A table is
broken unless both commands end with a result, or with status 2 and one message `expected …,
found …; do …`; a traceback, a library's warning, a half-written file or an open run breaks it as
well. The smallest broken example of each kind is printed. `--only NUMBER` shows a table's output.
"""

import csv
import io
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from scripts.bench.measure import machine, numbers, parser, progress, table
from scripts.chaos import forks
from scripts.chaos.state import UNFINISHED
from scripts.fuzz.case import MENDABLE, Case, Ended, output_faults, state
from scripts.fuzz.nasty import Nasty, nasty
from scripts.fuzz.sandbox import Sandbox
from spaceship.cli.main import prepare

BROKEN = "broken"
EVERY = 25
FORM = re.compile(r"\Aerror: .*expected .*found.*\Z", re.DOTALL)
"""Form of a message."""
NAME = "drawn"
"""Name of the task that is proposed."""
FIRST = ("mode=train", "task=wine", "model=logistic_regression", "split.n_folds=2", "features=raw")
FEW = 10
"""Values of a label below which each predicted one is looked up among them."""
TRIES = 40
"""Smaller tables that are tried for each fault."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how the tables end, by kind; return 1 if any is broken."""
    options = parser(__doc__)
    options.add_argument("--n", type=int, default=300, help="tables")
    options.add_argument("--seed", type=int, default=1, help="seed of the tables")
    options.add_argument("--first", type=int, default=0, help="number of the first table")
    options.add_argument("--seconds", type=float, default=60, help="after which a command is ended")
    options.add_argument("--only", type=numbers, default=[], help="these tables alone, shown whole")
    options.add_argument("--messages", type=Path, help="file that all messages are written to")
    given = options.parse_args(arguments)
    prepare()
    forks.warm()
    chosen = given.only or range(given.first, given.first + given.n)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        tables = Tables(Sandbox(Path(folder).resolve(), given.seconds), given.seed)
        start = time.perf_counter()
        for place, number in enumerate(chosen, start=1):
            tables.run(number, whole=bool(given.only))
            if place % EVERY == 0:
                progress(f"{place} of {len(chosen)} after {time.perf_counter() - start:.0f} s")
    print(f"{machine()}\n{tables.report()}")
    if given.messages is not None:
        given.messages.write_text("\n".join(tables.messages), encoding="utf-8")
    return int(tables.broken)


class Tables:
    """Runner of nasty tables by number, and the counts of their ends."""

    def __init__(self, sandbox: Sandbox, seed: int) -> None:
        """Make the state that every table starts from."""
        self.sandbox, self.seed = sandbox, seed
        self.counts: Counter[str] = Counter()
        self.messages: list[str] = []
        self.seen: set[str] = set()  # kinds of faults
        ended = sandbox.prepare(Case("first", "", "", (*FIRST, self._outputs), {}))
        if ended.status != 0:
            sys.exit(f"no state to start from\n{ended.output}\n{ended.errors}")

    @property
    def broken(self) -> bool:
        """Whether any table was broken."""
        return self.counts[BROKEN] > 0

    @property
    def _outputs(self) -> str:
        return f"paths.outputs={self.sandbox.outputs}"

    def run(self, number: int, *, whole: bool = False) -> None:
        """Run a table and count its end; print it if it is broken."""
        drawn = nasty(Random(f"{self.seed} {number}"))  # noqa: S311 - nothing secret
        ends = self._ends(drawn)
        found = [fault for _, ended, faults in ends for fault in faults]
        self.counts[BROKEN if found else _kind(ends[-1][0], ends[-1][1])] += 1
        self.messages += [
            f"{number}: {_message(ended)}" for _, ended, _ in ends if ended.status == MENDABLE
        ]
        if whole:
            print(f"{number}: {drawn.note}\n{drawn.roles}\n{' '.join(drawn.settings)}")
            print(*(f"{ended.output}\n{ended.errors}" for _, ended, _ in ends), sep="\n")
        if found:
            new = {_bare(fault) for fault in found} - self.seen
            self.seen |= new
            print(f"table {number}: {'; '.join(found)}\n  {drawn.note}", flush=True)
            print(f"  {drawn.roles}  {' '.join(drawn.settings)}", flush=True)
            if new:
                print(self._smallest(drawn, new), flush=True)

    def report(self) -> str:
        """Return the table of ends."""
        total = sum(self.counts.values())
        rows = [[kind, count] for kind, count in sorted(self.counts.items())]
        return f"seed {self.seed}\n\n{table(['end', 'tables'], [*rows, ['all', total]])}"

    def _ends(self, drawn: Nasty) -> list[tuple[str, Ended, list[str]]]:
        """Return command, end and faults of the proposal and, if it is made, of the training."""
        roles = [f"task.{role}={quoted(name)}" for role, name in drawn.roles.items()]
        place = (f"data.dir={self.sandbox.data}", self._outputs)
        first = Case("", "", "", ("mode=init", f"task.name={NAME}", *roles, *place), drawn.files())
        ended = self.sandbox.run(first)
        ends = [("init", ended, self._faults(first, ended))]
        if ended.status == 0:
            second = replace(first, arguments=(f"task={NAME}", *drawn.settings, *place))
            ended = self.sandbox.execute(second)
            faults = self._faults(second, ended)
            ends.append(("train", ended, faults or [*self._prediction_faults(drawn, ended)]))
        return ends

    def _faults(self, case: Case, ended: Ended) -> list[str]:
        left = [path for pattern in UNFINISHED for path in self.sandbox.folder.rglob(pattern)]
        found = [*ended.intrusions, *(f"left over: {path.name}" for path in left)]
        found += output_faults(case, ended)
        if ended.kind == "stopped":
            found.append("took too long")
        if ended.noise:
            found.append(f"a library's line on stderr: {ended.noise[:200]}")
        elif ended.status == MENDABLE and not FORM.search(_message(ended)):
            found.append(f"the form of: {_message(ended)[:300]}")
        found += [_last(ended)] if ended.status == 1 else []
        if state(self.sandbox.outputs).get("running"):
            found.append("runs stand as RUNNING")
        return found

    def _prediction_faults(self, drawn: Nasty, ended: Ended) -> Iterator[str]:
        """Yield what is wrong with the predictions of the test part."""
        path = self.sandbox.outputs / "submissions" / f"{NAME}-local.csv"
        written = path.read_bytes().decode() if path.is_file() else None
        if ended.status != 0 or drawn.test is None or "mode=default" not in drawn.settings:
            return
        if written is None:
            if "Verdict: ch" in ended.output:
                yield "no predictions, though there is a champion"
            return
        rows = list(csv.reader(io.StringIO(written, newline="")))[1:]
        if len(rows) != len(drawn.test) - 1:
            yield f"{len(rows)} predictions of {len(drawn.test) - 1} rows"
        at = drawn.train[0].index(drawn.roles["label"])
        known = {row[at].strip().lower() for row in drawn.train[1:]}
        strange = {row[1].strip().lower() for row in rows} - known
        if len(known) < FEW and strange and not all(map(_is_number, strange | known)):
            yield f"predictions that are no values of the label: {sorted(strange)[:3]}"

    def _smallest(self, drawn: Nasty, faults: set[str]) -> str:
        """Return the smallest table found that has one of these faults, as text."""

        def fails(smaller: Nasty) -> bool:
            found = {_bare(one) for _, _, several in self._ends(smaller) for one in several}
            return bool(found & faults)

        small = smallest(drawn, fails)
        text = small.files().get("train.csv", b"")[:1500].decode(errors="replace")
        test = f"  test: {small.test[:3]!r}"[:300] if small.test else ""
        return f"  {small.roles}  {' '.join(small.settings)}\n{text}\n{test}"


def smallest(drawn: Nasty, fails: Callable[[Nasty], bool]) -> Nasty:
    """Return a smaller table that still fails: columns and halves of the rows are left out."""
    left = TRIES
    changed = True
    while changed and left > 0:
        changed = False
        size, width = len(drawn.train) - 1, len(drawn.train[0])
        tries = [drawn.rows(0, size // 2), drawn.rows(size // 2, size)] if size > 1 else []
        tries += [replace(drawn, test=None)] if drawn.test is not None else []
        kept = {*drawn.roles.values()}
        tries += [drawn.without(at) for at in range(width) if drawn.train[0][at] not in kept]
        if width > TRIES:
            tries.insert(0, _half(drawn, kept))
        for smaller in tries:
            left -= 1
            if left > 0 and fails(smaller):
                drawn, changed = smaller, True
                break
    return drawn


def _half(drawn: Nasty, kept: set[str]) -> Nasty:
    smaller = drawn
    for at in reversed(range(0, len(drawn.train[0]), 2)):
        if drawn.train[0][at] not in kept:
            smaller = smaller.without(at)
    return smaller


def quoted(name: str) -> str:
    """Return a value in quotes for Hydra's grammar."""
    from hydra.core.override_parser.types import Quote, QuotedString

    text = name.replace("${", "\\${")
    return QuotedString(text, Quote.single).with_quotes()


def _kind(command: str, ended: Ended) -> str:
    if ended.status != 0:
        return f"{command}: refused with a message"
    verdict = re.search(r"Verdict: (\w+)", ended.output)
    return f"{command}: result, {verdict[1] if verdict else 'no verdict'}"


def _message(ended: Ended) -> str:
    at = ended.errors.find("error: ")
    return ended.errors[at:].strip() if at >= 0 else ended.errors.strip()


def _bare(fault: str) -> str:
    return re.sub(r"\d+", "#", fault)[:60]


def _last(ended: Ended) -> str:
    return ended.errors.strip().rpartition("\n")[2][:300]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return text == ""
    return True


if __name__ == "__main__":
    sys.exit(main())
