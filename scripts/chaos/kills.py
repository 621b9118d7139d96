"""Kill `mode=train` at random moments: the champion stays whole and nothing has to be cleaned up.

Each round starts from a weak champion, kills (SIGKILL) a run that would replace it, looks, starts
the same run undisturbed, looks again and goes back to the weak champion. Exit status 1 if any round
is wrong.
"""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.bench import measure as bench
from scripts.chaos.state import ASKED, NOTHING, State, look
from spaceship.cli.main import prepare

if TYPE_CHECKING:
    import pandas as pd

WEAK = ("model=random_forest", "features=raw", "model.estimator.max_depth=1")
STRONG = ("model=lgbm",)
GATE = ("gate.floor.minimum=0.5", "gate.gain.minimum=0")
"""Any gain makes champion, so that the killed runs are runs that move it."""


@dataclass(frozen=True)
class Project:
    """An outputs folder and the data that its runs use."""

    outputs: Path
    source: str
    overrides: tuple[str, ...]
    asked: "pd.DataFrame"

    def command(self, *arguments: str) -> list[str]:
        """Return the command of a run in this folder."""
        return bench.run(*arguments, *self.overrides, outputs=self.outputs)

    def train(self, *candidate: str) -> bench.Measured:
        """Train a candidate undisturbed."""
        return bench.measure(self.command("mode=train", *candidate, *GATE)).expect("Verdict: ")

    def undo(self) -> None:
        """Go back to the champion before."""
        bench.measure(self.command("mode=rollback")).expect(" is ")

    def look(self) -> State:
        """Return what stands."""
        return look(self.outputs, self.source, self.asked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a round; return 1 if any is wrong."""
    parser = bench.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="killed runs")
    parser.add_argument("--data", type=bench.kaggle_folder, help="folder of Kaggle's files")
    parser.add_argument("--seed", type=int, default=1, help="seed of the moments")
    parser.add_argument("--after", type=float, default=0, help="no kill before this share of a run")
    parser.add_argument("--first", action="store_true", help="kill first runs, on empty folders")
    asked = parser.parse_args(arguments)
    prepare()
    with tempfile.TemporaryDirectory() as folder:
        timed = project(Path(folder, "0"), asked.data)
        if asked.first:
            each = [project(Path(folder, str(n + 1)), asked.data) for n in range(asked.rounds)]
        else:
            each = [timed] * asked.rounds
            timed.train(*WEAK)
        duration = timed.train(*STRONG).wall
        if not asked.first:
            timed.undo()
        shares = moments(asked.rounds, asked.seed, asked.after)
        kills = zip(each, shares, strict=True)
        rows = [kill(one, share * duration, first=asked.first) for one, share in kills]
    print(bench.machine())
    print(f"An undisturbed run takes {duration:.1f} s.\n")
    head = ["killed after, s", "stood then", "champion", "then next start", "left over", "verdict"]
    print(bench.table(head, rows))
    return int(any(row[-1] != "ok" for row in rows))


def project(outputs: Path, data: Path | None) -> Project:
    """Return a project without any state."""
    from spaceship import experiment as parts

    cfg = ("data=local", f"data.dir={data}") if data else ()
    source = parts.data_source(bench.composed(*cfg))
    return Project(outputs, source.name, cfg, source.load().test.head(ASKED))


def moments(rounds: int, seed: int, after: float) -> list[float]:
    """Return shares of a run's duration, uniform, one in each of as many equal parts, shuffled."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    shares = [after + (1 - after) * (part + draw.random()) / rounds for part in range(rounds)]
    draw.shuffle(shares)
    return shares


def kill(one: Project, seconds: float, *, first: bool) -> list[str]:
    """Kill a run after so many seconds, start the next one, and return the round's row."""
    before = NOTHING if first else one.look()
    command = one.command("mode=train", *STRONG, *GATE)
    process = bench.launch(command, subprocess.DEVNULL)
    time.sleep(seconds)
    process.kill()
    process.wait()
    killed = one.look()
    after_next = bench.measure(one.command("mode=train", *STRONG, *GATE))
    after = one.look()
    faults = judge(before, killed, after, after_next.status)
    if not first and after.champion != before.champion:
        one.undo()
    return [
        f"{seconds:.1f}",
        killed.begun_since(before),
        f"{before.champion or 'none'} → {killed.champion or 'none'}",
        f"status {after_next.status}, champion {after.champion or 'none'}",
        after.leftovers() or "nothing",
        "; ".join(faults) or "ok",
    ]


def judge(before: State, killed: State, after: State, status: int) -> list[str]:
    """Return what is wrong with a round."""
    own = {run for run in killed.runs if run not in before.runs}
    new = {run for run in after.runs if run not in before.runs}
    faults = [*killed.faults, *after.faults]
    if killed.champion != before.champion and killed.champion_run() not in own:
        faults.append("the champion is neither the old one nor the killed run's")
    if status != 0:
        faults.append(f"the next start ended with status {status}")
    if after.champion_run() not in new:
        faults.append("the better candidate is not champion in the end")
    if after.leftovers():
        faults.append(f"left over: {after.leftovers()}")
    ended = {killed.runs[run]: after.runs.get(run) for run in own}
    faults += [f"{a} became {b}" for a, b in ended.items() if a == "RUNNING" and b != "KILLED"]
    return faults


if __name__ == "__main__":
    sys.exit(main())
