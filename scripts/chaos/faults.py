"""Crash matrix: every fault at the writes of every command; the champion stays the old or new one.

An undisturbed run records the writes of a command. Then, for each write and each fault, the command
runs with the fault injected there and is repeated; both states are compared with
docs/reliability.md. When there is no time for all, cases are drawn at random by `--seed`, in turn
from each command and fault, so that each pair is tried. Exit status 1 if any case is wrong.
"""

import math
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

from scripts.bench.measure import machine, names, parser, progress, table
from scripts.chaos import forks
from scripts.chaos.commands import COMMANDS, judge
from scripts.chaos.injection import FAULTS
from scripts.chaos.moments import Moment, Write
from scripts.chaos.workspace import Workspace
from spaceship.cli.main import prepare

_LOCAL = ("put ", "append ", "remove ")
"""Starts of the names of writes that need no database."""
_TAIL = 3000
_LOCAL_SHARE = 0.8  # of the time, for faults that need no server
_KEYS = ("command", "fault")


@dataclass(frozen=True)
class Case:
    """One fault at one moment of one command."""

    command: str
    write: Write
    fault: str
    moment: Moment

    def __str__(self) -> str:
        """Return the words that name the case."""
        return " | ".join([self.command, str(self.write), self.moment.phase, self.fault])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of commands and faults; return 1 if any case is wrong."""
    options = parser(__doc__)
    options.add_argument("--commands", type=names, default=",".join(COMMANDS), help="commands")
    options.add_argument("--faults", type=names, default=",".join(FAULTS), help="faults")
    options.add_argument("--writes", default="", help="only writes with this text in the name")
    options.add_argument("--jobs", type=int, default=2, help="cases at once")
    options.add_argument("--minutes", type=float, default=25, help="time for all; 0: every case")
    options.add_argument("--seed", type=int, default=1, help="seed of the cases that are drawn")
    given = options.parse_args(arguments)
    prepare()
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"  # a killed server will not answer
    start = time.monotonic()
    forks.warm()
    every: list[Case] = []
    results: dict[Case, str] = {}
    kinds = {name: FAULTS[name].served for name in given.faults}
    chosen = {kind: [one for one in kinds if kinds[one] == kind] for kind in (False, True)}
    for served, faults in chosen.items():
        if faults:
            cases = forks.call_all([partial(listed, given.commands, faults, served=served)])[0]
            cases = drawn([one for one in cases if given.writes in str(one.write)], given.seed)
            share = 1.0 if served or not chosen[True] else _LOCAL_SHARE
            end = start + share * 60 * given.minutes if given.minutes else math.inf
            parts = [partial(tried, cases[job :: given.jobs], end) for job in range(given.jobs)]
            every += cases
            for part in forks.call_all(parts):
                results |= part
    print(machine())
    print(table(["right of tried (of all)", *given.faults], overview(every, results)))
    print("\n".join(f"- {case}: {wrong}" for case, wrong in results.items() if wrong))
    print(summary(results, len(every), time.monotonic() - start))
    return int(any(results.values()))


def drawn(cases: Sequence[Case], seed: int) -> list[Case]:
    """Return the cases in the order in which they are tried: one of each command and fault first.

    >>> write = Write(0, "put report.json", 0, 1, 1)
    >>> cases = [Case(name, write, "SIGKILL", Moment("", n, "")) for name in "ab" for n in (0, 1)]
    >>> [case.command for case in drawn(cases, seed=1)]
    ['a', 'b', 'a', 'b']
    """
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    pairs: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        pairs.setdefault((case.command, case.fault), []).append(case)
    shuffled = [draw.sample(pair, len(pair)) for pair in pairs.values()]
    turns = zip_longest(*shuffled)
    return [case for turn in turns for case in turn if case is not None]


@contextmanager
def workspace(*, served: bool) -> Iterator[Workspace]:
    """Give a workspace for this process alone, with every state made."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # one fault needs another account
        made = Workspace(Path(folder, "workspace"), served=served)
        try:
            made.prepare()
            yield made
        finally:
            made.close()


def listed(commands: Sequence[str], faults: Sequence[str], *, served: bool) -> list[Case]:
    """Return every case, in the order in which the commands write."""
    with workspace(served=served) as made:
        found = [(name, write) for name in commands for write in made.writes(COMMANDS[name])]
    return [
        Case(command, write, name, write.moment(phase))
        for command, write in found
        for name in faults
        if not (FAULTS[name].calls_only and write.name.startswith(_LOCAL))
        for phase in FAULTS[name].phases
    ]


def tried(cases: Sequence[Case], end: float) -> dict[Case, str]:
    """Return what is wrong with each case, in words; nothing if it is right.

    After the time `end` no case is begun, except that each process tries one.
    """
    results: dict[Case, str] = {}
    with workspace(served=any(FAULTS[case.fault].served for case in cases)) as made:
        for number, case in enumerate(cases, 1):
            if results and time.monotonic() > end:
                break
            outcome = made.inject(COMMANDS[case.command], case.fault, case.moment)
            fault = FAULTS[case.fault]
            wrong = judge(case.command, outcome, survived=fault.survived, keeps=fault.keeps)
            results[case] = "; ".join(wrong)
            verdict = results[case] or "ok"
            progress(f"{number}/{len(cases)} | {case} | {outcome.statuses} | {verdict}")
            if wrong:
                progress(made.output.read_text(errors="replace")[-_TAIL:])
    return results


def overview(every: Sequence[Case], results: Mapping[Case, str]) -> list[list[str]]:
    """Return a row for each command: for each fault how many cases are right, tried, and known."""

    def cell(command: str, fault: str) -> str:
        known = [case for case in every if (case.command, case.fault) == (command, fault)]
        found = [results[case] for case in known if case in results]
        right = sum(not wrong for wrong in found)
        more = "" if len(found) == len(known) else f" (of {len(known)})"
        return f"{right} of {len(found)}{more}" if known else "-"

    commands, faults = (dict.fromkeys(getattr(case, key) for case in every) for key in _KEYS)
    return [[f"`{name}`", *(cell(name, fault) for fault in faults)] for name in commands]


def summary(results: Mapping[Case, str], known: int, seconds: float) -> str:
    """Return how many cases are right, in all and of each fault."""
    right = Counter(case.fault for case, wrong in results.items() if not wrong)
    every = Counter(case.fault for case in results)
    parts = [f"{name} {right[name]} of {count}" for name, count in every.items()]
    share = 100 * right.total() / max(1, every.total())
    total = f"{right.total()} of {every.total()} cases are right ({share:.1f} %)"
    of = f"; there are {known}" if known > every.total() else ""
    return f"{total}, in {seconds / 60:.0f} minutes: {', '.join(parts)}{of}.\n"


if __name__ == "__main__":
    sys.exit(main())
