"""Race of processes that move the champion: every move is on record, and none is lost.

Each round starts real commands (training, promoting, going back) in processes of their own, which
wait for one another at the lock of the registry. Then the invariants of docs/reliability.md are
checked. Exit status 1 if a round broke one.
"""

import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.bench.measure import machine, names, parser, progress, spread, table
from scripts.chaos import forks
from scripts.chaos.lock_watch import LockWatch
from scripts.chaos.state import MODEL, broken_invariants, runs, store_of
from scripts.mlflow_server import MlflowServer
from scripts.servers import postgres
from spaceship.cli.main import prepare

SMALL = (
    *("data.n_groups=150", "features=raw", "split.n_folds=2", "threads=1"),
    *("model=logistic_regression", "gate=predecessor", "gate.floor.minimum=0"),
)
FORCED = ("mode=train", "gate.force=true", "reason=forced")
MOVERS = (FORCED, ("mode=rollback",), ("mode=promote",))
"""Commands of the processes, in turn; a round starts with a challenger and earlier champions."""
SETTINGS = ("sqlite", "server", "machines")
_TAIL = 1500


@dataclass(frozen=True)
class Setting:
    """Store in which processes move the champion, and the outputs folder of each process."""

    uri: str
    outputs: Sequence[Path]  # may be one and the same
    tracking: tuple[str, ...] = ()  # overrides that choose the store

    def command(self, process: int, *arguments: str) -> list[str]:
        """Return the arguments of one process's command."""
        return [*SMALL, *arguments, *self.tracking, f"paths.outputs={self.outputs[process]}"]


@dataclass(frozen=True)
class Round:
    """Result of one round."""

    statuses: tuple[int, ...]  # exit status of each process
    movers: int  # processes that ended with status 0 and had moved the champion
    moves: int  # moves of the champion put on record
    seconds: tuple[float, ...]  # from the lock to the end, of each process that moved the champion
    broken: tuple[str, ...]  # invariants that do not hold


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each setting; return 1 if any round is wrong."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=25, help="rounds in each setting")
    options.add_argument("--promoters", type=int, default=8, help="processes at once")
    options.add_argument("--settings", type=names, default=",".join(SETTINGS), help="stores")
    options.add_argument("--seed", type=int, default=1, help="seed of the order of commands")
    given = options.parse_args(arguments)
    prepare()
    forks.warm()
    results: dict[str, list[Round]] = {}
    for name in given.settings:
        with opened(name, given.promoters) as setting, tempfile.TemporaryDirectory() as folder:
            output = Path(folder, "0")
            first = [forks.run(setting.command(0, *FORCED), output) for _ in range(3)]
            if any(first):
                sys.exit(f"expected three champions, found {first}\n{output.read_text()}")
            draw = random.Random(given.seed)  # noqa: S311 - nothing secret
            rounds = results.setdefault(name, [])
            for number in range(1, given.rounds + 1):
                rounds.append(compete(setting, draw, Path(folder)))
                progress(f"{name} | round {number} | {rounds[-1]}")
    print(machine())
    head = ["where", "rounds", "processes", "moved the champion", "moves on record", "turned away"]
    head += ["failed", "a move, s", "a round / moves, s", "wrong rounds"]
    print(table(head, (row(name, rounds) for name, rounds in results.items())))
    return int(any(one.broken for rounds in results.values() for one in rounds))


@contextmanager
def opened(name: str, promoters: int) -> Iterator[Setting]:
    """Give one outputs folder, one server, or a server with an outputs folder for each process."""
    with tempfile.TemporaryDirectory() as folder:
        shared = name != "machines"
        folders = ["all" if shared else f"machine-{number}" for number in range(promoters)]
        outputs = [Path(folder, one) for one in folders]
        if name == "sqlite":
            yield Setting(f"sqlite:///{outputs[0]}/mlflow.db", outputs)
            return
        with postgres() as cluster:
            database = cluster.new_database("registry").replace("://", "+psycopg://")
            server = MlflowServer(Path(folder, "server"), database)
            server.start()
            try:
                tracking = ("tracking=server", f"tracking.uri={server.uri}")
                yield Setting(server.uri, outputs, tracking)
            finally:
                server.kill()


def compete(setting: Setting, draw: random.Random, folder: Path) -> Round:
    """Let processes move the champion at once, and check the invariants."""
    started = len(setting.outputs)
    before, _ = forks.call(lambda: check(setting, challenge=True))
    barrier = multiprocessing.get_context("fork").Barrier(started)
    kinds = [MOVERS[number % len(MOVERS)] for number in range(started)]
    draw.shuffle(kinds)
    watches = [LockWatch(barrier, folder / f"watch-{number}") for number in range(started)]
    pids = [
        forks.start(
            setting.command(number, *kind),
            folder / f"{number}",
            partial(watch.install, MODEL),
            watch.write,
        )
        for number, (kind, watch) in enumerate(zip(kinds, watches, strict=True))
    ]
    statuses = tuple(forks.wait(pid) for pid in pids)
    after, broken = forks.call(lambda: check(setting, challenge=False))
    seen = [watch.read() for watch in watches]
    faults = [
        f"{' '.join(kind)}: status {status}, moved the champion {moved} times"
        for kind, status, (moved, _) in zip(kinds, statuses, seen, strict=True)
        if status not in {0, 2} or moved != (status == 0)
    ]
    moves, movers = after - before, sum(moved for moved, _ in seen)
    if moves != movers:
        faults.append(f"{movers} moved the champion, {moves} moves are on record")
    if faults or broken:
        for path in sorted(folder.glob("[0-9]")):
            progress(path.read_text(errors="replace")[-_TAIL:])
    for path in folder.iterdir():
        path.unlink()
    seconds = tuple(seconds for moved, seconds in seen if moved)
    return Round(statuses, movers, moves, seconds, (*faults, *broken))


def check(setting: Setting, *, challenge: bool) -> tuple[int, list[str]]:
    """Return the number of moves of the champion on record, and what is broken.

    No process may move an alias. With `challenge` a challenger is chosen afterwards.
    """
    from spaceship.registry.moves import completed_moves, read_records

    store = store_of(setting.outputs[0], setting.uri)
    broken = broken_invariants(store, sorted({path / "locks" for path in setting.outputs}))
    running = runs(store, "attributes.status = 'RUNNING'")
    broken += [f"{len(running)} runs stand as running"] if running else []
    entity = store.client.get_registered_model(MODEL)
    if challenge:
        number = "2" if str(entity.aliases.get("champion")) == "1" else "1"
        store.client.set_registered_model_alias(MODEL, "challenger", number)
    return len(completed_moves(read_records(entity.tags).moves, "champion")), broken


def row(name: str, rounds: Sequence[Round]) -> list[str]:
    """Return a setting's row."""
    statuses = Counter(status for one in rounds for status in one.statuses)
    counts = [
        len(rounds),
        statuses.total(),
        sum(one.movers for one in rounds),
        sum(one.moves for one in rounds),
        statuses[2],
        statuses.total() - statuses[0] - statuses[2],
    ]
    seconds = [value for one in rounds for value in one.seconds]
    each = [max(one.seconds) / one.moves for one in rounds if one.moves]
    wrong = sum(bool(one.broken) for one in rounds)
    return [name, *map(str, counts), spread(seconds), spread(each), str(wrong)]


if __name__ == "__main__":
    sys.exit(main())
