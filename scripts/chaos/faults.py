"""Strike every write of every command with every fault: the old champion stands, or the new one.

An undisturbed run records where a command writes. Then, for each of these moments and each fault,
the command is struck, what stands is looked at, the command is given again and what stands is held
against docs/reliability.md. Exit status 1 if anything is wrong.
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

from scripts.bench import measure as bench
from scripts.chaos import forks as bench_forks
from scripts.chaos.points import Point, Step
from scripts.chaos.stage import Stage
from scripts.chaos.strikes import FAULTS
from scripts.chaos.verbs import VERBS, judge
from spaceship.cli.main import prepare

_LOCAL = ("put ", "append ")
"""What the names of writes start with that no database is asked for."""
_TAIL = 3000


@dataclass(frozen=True)
class Case:
    """One fault at one moment of one command."""

    verb: str
    step: Step
    fault: str
    point: Point


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a command; return 1 if any case is wrong."""
    parser = bench.parser(__doc__)
    parser.add_argument("--verbs", type=bench.names, default=",".join(VERBS), help="commands")
    parser.add_argument("--faults", type=bench.names, default=",".join(FAULTS), help="faults")
    parser.add_argument("--steps", default="", help="only writes whose name has this in it")
    parser.add_argument("--jobs", type=int, default=1, help="cases at once")
    asked = parser.parse_args(arguments)
    prepare()
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"  # a server that is gone stays gone
    begun = time.monotonic()
    bench_forks.warm()
    results: dict[Case, str] = {}
    for served in (False, True):
        faults = [name for name in asked.faults if FAULTS[name].served == served]
        if faults:
            (cases,) = bench_forks.together([partial(listed, asked.verbs, faults, served=served)])
            chosen = [case for case in cases if asked.steps in str(case.step)]
            shares = [partial(struck, chosen[job :: asked.jobs]) for job in range(asked.jobs)]
            for share in bench_forks.together(shares):
                results |= share
    print(bench.machine())
    for verb in asked.verbs:
        print(f"`mode={verb}`\n")
        print(bench.table(["write", *asked.faults], rows(verb, asked.faults, results)))
    print(summary(results, time.monotonic() - begun))
    return int(any(results.values()))


@contextmanager
def stage(*, served: bool) -> Iterator[Stage]:
    """Give a stage of this process's own, with every state in place."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # one fault needs another account
        made = Stage(Path(folder, "stage"), served=served)
        try:
            made.prepare()
            yield made
        finally:
            made.close()


def listed(verbs: Sequence[str], faults: Sequence[str], *, served: bool) -> list[Case]:
    """Return every case, in the order in which the commands write."""
    with stage(served=served) as made:
        found = [(verb, step) for verb in verbs for step in made.steps(VERBS[verb])]
    return [
        Case(verb, step, name, step.point(phase))
        for verb, step in found
        for name in faults
        if not (FAULTS[name].calls_only and step.what.startswith(_LOCAL))
        for phase in FAULTS[name].phases
    ]


def struck(cases: Sequence[Case]) -> dict[Case, str]:
    """Return what is wrong with each case, in words; nothing if it is right."""
    results = {}
    with stage(served=any(FAULTS[case.fault].served for case in cases)) as made:
        for number, case in enumerate(cases, 1):
            came = made.strike(VERBS[case.verb], case.fault, case.point)
            fault = FAULTS[case.fault]
            wrong = judge(case.verb, came, survived=fault.survived, keeps=fault.keeps)
            results[case] = "; ".join(wrong)
            where = f"{case.verb} | {case.step} | {case.point.phase} | {case.fault}"
            verdict = results[case] or "ok"
            say(f"{number}/{len(cases)} | {where} | {came.ends} | {verdict}")
            if wrong:
                say(made.told.read_text(errors="replace")[-_TAIL:])
    return results


def rows(verb: str, faults: Sequence[str], results: Mapping[Case, str]) -> list[list[str]]:
    """Return a row a write: for each fault `ok`, or when it was wrong and how."""
    cells: dict[Step, dict[str, list[str]]] = {}
    tried = {(case.step, case.fault) for case in results if case.verb == verb}
    for case, wrong in results.items():
        if case.verb == verb:
            told = cells.setdefault(case.step, {}).setdefault(case.fault, [])
            told += [f"{case.point.phase}: {wrong}"] if wrong else []
    return [
        [str(step), *(_cell(cells[step].get(name), tried=(step, name) in tried) for name in faults)]
        for step in sorted(cells, key=lambda step: step.number)
    ]


def _cell(wrong: Sequence[str] | None, *, tried: bool) -> str:
    return "; ".join(wrong or ()) or ("ok" if tried else "-")


def summary(results: Mapping[Case, str], seconds: float) -> str:
    """Return how many cases are right, in all and of each fault."""
    right = Counter(case.fault for case, wrong in results.items() if not wrong)
    every = Counter(case.fault for case in results)
    parts = [f"{name} {right[name]} of {count}" for name, count in every.items()]
    share = 100 * right.total() / max(1, every.total())
    total = f"{right.total()} of {every.total()} cases are right ({share:.1f} %)"
    return f"{total}, in {seconds / 60:.0f} minutes: {', '.join(parts)}.\n"


def say(text: str) -> None:
    """Tell how far it is, beside the tables."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
