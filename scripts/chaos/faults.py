"""Crash matrix: every fault at every write of every command; the champion stays the old or new one.

An undisturbed run records the writes of a command. Then, for each write and each fault, the command
runs with the fault injected there and is repeated; both states are compared with
docs/reliability.md. Exit status 1 if any case is wrong.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.bench.measure import machine, names, parser, progress, table
from scripts.chaos import forks
from scripts.chaos.commands import COMMANDS, judge
from scripts.chaos.injection import FAULTS
from scripts.chaos.workspace import Workspace
from scripts.chaos.writes import Moment, Write
from spaceship.cli.main import prepare

_LOCAL = ("put ", "append ")
"""Starts of the names of writes that need no database."""
_TAIL = 3000


@dataclass(frozen=True)
class Case:
    """One fault at one moment of one command."""

    command: str
    write: Write
    fault: str
    moment: Moment


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each command; return 1 if any case is wrong."""
    options = parser(__doc__)
    options.add_argument("--commands", type=names, default=",".join(COMMANDS), help="commands")
    options.add_argument("--faults", type=names, default=",".join(FAULTS), help="faults")
    options.add_argument("--writes", default="", help="only writes with this text in the name")
    options.add_argument("--jobs", type=int, default=1, help="cases at once")
    given = options.parse_args(arguments)
    prepare()
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"  # a killed server will not answer
    start = time.monotonic()
    forks.warm()
    results: dict[Case, str] = {}
    for served in (False, True):
        faults = [name for name in given.faults if FAULTS[name].served == served]
        if faults:
            cases = forks.call_all([partial(listed, given.commands, faults, served=served)])[0]
            chosen = [case for case in cases if given.writes in str(case.write)]
            shares = [partial(tried, chosen[job :: given.jobs]) for job in range(given.jobs)]
            for share in forks.call_all(shares):
                results |= share
    print(machine())
    for command in given.commands:
        print(f"`{command}`: `{' '.join(COMMANDS[command].arguments)}`\n")
        print(table(["write", *given.faults], rows(command, given.faults, results)))
    print(summary(results, time.monotonic() - start))
    return int(any(results.values()))


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


def tried(cases: Sequence[Case]) -> dict[Case, str]:
    """Return what is wrong with each case, in words; nothing if it is right."""
    results = {}
    with workspace(served=any(FAULTS[case.fault].served for case in cases)) as made:
        for number, case in enumerate(cases, 1):
            outcome = made.inject(COMMANDS[case.command], case.fault, case.moment)
            fault = FAULTS[case.fault]
            wrong = judge(case.command, outcome, survived=fault.survived, keeps=fault.keeps)
            results[case] = "; ".join(wrong)
            where = f"{case.command} | {case.write} | {case.moment.phase} | {case.fault}"
            verdict = results[case] or "ok"
            progress(f"{number}/{len(cases)} | {where} | {outcome.statuses} | {verdict}")
            if wrong:
                progress(made.output.read_text(errors="replace")[-_TAIL:])
    return results


def rows(command: str, faults: Sequence[str], results: Mapping[Case, str]) -> list[list[str]]:
    """Return a row for each write: for each fault `ok`, `-` if not tried, or what is wrong."""
    cells: dict[Write, dict[str, list[str]]] = {}
    for case, wrong in results.items():
        if case.command == command:
            cell = cells.setdefault(case.write, {}).setdefault(case.fault, [])
            cell += [f"{case.moment.phase}: {wrong}"] if wrong else []
    return [
        [str(write), *("; ".join(tried.get(name, ["-"])) or "ok" for name in faults)]
        for write, tried in sorted(cells.items(), key=lambda item: item[0].number)
    ]


def summary(results: Mapping[Case, str], seconds: float) -> str:
    """Return how many cases are right, in all and of each fault."""
    right = Counter(case.fault for case, wrong in results.items() if not wrong)
    every = Counter(case.fault for case in results)
    parts = [f"{name} {right[name]} of {count}" for name, count in every.items()]
    share = 100 * right.total() / max(1, every.total())
    total = f"{right.total()} of {every.total()} cases are right ({share:.1f} %)"
    return f"{total}, in {seconds / 60:.0f} minutes: {', '.join(parts)}.\n"


if __name__ == "__main__":
    sys.exit(main())
