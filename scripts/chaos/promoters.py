"""Many processes move the champion at once, again and again: every move is on record, none is lost.

Each round starts real commands (training, promoting, going back) in processes of their own, which
meet at the door: the lock of the registry. Then nobody moves, and the promises of
docs/reliability.md are looked at. Exit status 1 if any round broke one.
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
from typing import Any

from scripts.bench import measure as bench
from scripts.chaos import forks as bench_forks
from scripts.chaos.door import Door
from scripts.chaos.postgres import postgres
from scripts.chaos.promises import broken
from scripts.chaos.servers import MlflowServer
from scripts.chaos.state import EXPERIMENT
from spaceship.cli.main import prepare

MODEL = "spaceship-synthetic"
SMALL = (
    *("data.n_groups=150", "features=raw", "split.n_folds=2", "threads=1"),
    *("model=logistic_regression", "gate.floor.minimum=0"),
)
FORCED = ("mode=train", "gate.force=true", "reason=forced")
MOVERS = (FORCED, ("mode=rollback",), ("mode=promote",))
"""What processes do, in turn; a round starts with a challenger and champions to go back to."""
SETTINGS = ("sqlite", "server", "machines")
_TAIL = 1500


@dataclass(frozen=True)
class Place:
    """Where processes move the champion.

    Attributes:
        uri: MLflow's URI.
        outputs: Each process's outputs folder; they may be one and the same.
        tracking: The overrides that lead there.

    """

    uri: str
    outputs: Sequence[Path]
    tracking: tuple[str, ...]

    def command(self, process: int, *arguments: str) -> list[str]:
        """Return the arguments of one process's command."""
        own = (*self.tracking, f"paths.outputs={self.outputs[process]}")
        return [*SMALL, *arguments, *own]

    def store(self) -> Any:
        """Return the store, in a process that may open it."""
        from spaceship.tracking.store import Store

        return Store(self.uri, str(self.outputs[0] / "mlartifacts"), EXPERIMENT)


@dataclass(frozen=True)
class Round:
    """What came of one round.

    Attributes:
        statuses: How each process ended.
        movers: Processes that ended with status 0 and had moved the champion.
        moves: Moves of the champion on record since the round began.
        seconds: From the door to the end, of each process that moved the champion.
        broken: Promises that are broken.

    """

    statuses: tuple[int, ...]
    movers: int
    moves: int
    seconds: tuple[float, ...]
    broken: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row a setting; return 1 if any round is wrong."""
    parser = bench.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="rounds in each setting")
    parser.add_argument("--promoters", type=int, default=8, help="processes at once")
    parser.add_argument("--settings", type=bench.names, default=",".join(SETTINGS), help="where")
    parser.add_argument("--seed", type=int, default=1, help="seed of who does what")
    asked = parser.parse_args(arguments)
    prepare()
    bench_forks.warm()
    rows, wrong = [], False
    for setting in asked.settings:
        with place(setting, asked.promoters) as where, tempfile.TemporaryDirectory() as told:
            first = [bench_forks.run(where.command(0, *FORCED), Path(told, "0")) for _ in range(3)]
            if any(first):
                sys.exit(f"expected three champions, found {first}\n{Path(told, '0').read_text()}")
            draw = random.Random(asked.seed)  # noqa: S311 - nothing secret
            rounds = []
            for number in range(1, asked.rounds + 1):
                rounds.append(compete(where, draw, Path(told)))
                say(f"{setting} | round {number} | {rounds[-1]}")
        rows.append(row(setting, rounds))
        wrong |= any(one.broken for one in rounds)
    print(bench.machine())
    head = ["where", "rounds", "processes", "moved the champion", "moves on record", "turned away"]
    print(bench.table([*head, "failed", "a move, s", "a round / moves, s", "wrong rounds"], rows))
    return int(wrong)


@contextmanager
def place(setting: str, promoters: int) -> Iterator[Place]:
    """Give a place to move champions in: one folder, one server, or a server for many machines."""
    with tempfile.TemporaryDirectory() as folder:
        shared = setting != "machines"
        names = ["all" if shared else f"machine-{number}" for number in range(promoters)]
        outputs = [Path(folder, name) for name in names]
        if setting == "sqlite":
            yield Place(f"sqlite:///{outputs[0]}/mlflow.db", outputs, ())
            return
        with postgres() as cluster:
            database = cluster.new_database("registry").replace("://", "+psycopg://")
            server = MlflowServer(Path(folder, "server"), database)
            server.start()
            try:
                yield Place(server.uri, outputs, ("tracking=server", f"tracking.uri={server.uri}"))
            finally:
                server.kill()


def compete(where: Place, draw: random.Random, told: Path) -> Round:
    """Let processes move the champion at once, and look at what is left."""
    started = len(where.outputs)
    before = bench_forks.aside(lambda: stand(where, challenge=True))
    meeting = multiprocessing.get_context("fork").Barrier(started)
    kinds = [MOVERS[number % len(MOVERS)] for number in range(started)]
    draw.shuffle(kinds)
    doors = [Door(meeting, told / f"door-{number}") for number in range(started)]
    pids = [
        bench_forks.start(
            where.command(number, *kind),
            told / f"{number}",
            partial(door.watch, MODEL),
            door.write_down,
        )
        for number, (kind, door) in enumerate(zip(kinds, doors, strict=True))
    ]
    statuses = tuple(bench_forks.wait(pid) for pid in pids)
    after = bench_forks.aside(lambda: stand(where, challenge=False))
    seen = [door.read() for door in doors]
    faults = [
        f"{' '.join(kind)}: status {status}, moved the champion {moved} times"
        for kind, status, (moved, _) in zip(kinds, statuses, seen, strict=True)
        if status not in {0, 2} or moved != (status == 0)
    ]
    moves, movers = after[0] - before[0], sum(moved for moved, _ in seen)
    if moves != movers:
        faults.append(f"{movers} moved the champion, {moves} moves are on record")
    if faults or after[1]:
        for path in sorted(told.glob("[0-9]")):
            say(path.read_text(errors="replace")[-_TAIL:])
    for path in told.iterdir():
        path.unlink()
    took = tuple(seconds for moved, seconds in seen if moved)
    return Round(statuses, movers, moves, took, (*faults, *after[1]))


def stand(where: Place, *, challenge: bool) -> tuple[int, list[str]]:
    """Return how many moves of the champion are on record and what is broken.

    Args:
        where: The place; nobody may move an alias in it.
        challenge: Whether to see to it that there is a challenger.

    """
    from spaceship.registry.moves import completed_moves, read_moves

    store = where.store()
    wrong = broken(store, MODEL, sorted({path / "locks" for path in where.outputs}))
    running = store.client.search_runs([store.experiment_id], "attributes.status = 'RUNNING'")
    wrong += [f"{len(running)} runs stand as running"] if running else []
    entity = store.client.get_registered_model(MODEL)
    if challenge:
        number = "2" if entity.aliases.get("champion") == "1" else "1"
        store.client.set_registered_model_alias(MODEL, "challenger", number)
    return len(completed_moves(read_moves(entity.tags), "champion")), wrong


def row(setting: str, rounds: Sequence[Round]) -> list[str]:
    """Return a setting's row."""
    statuses = Counter(status for one in rounds for status in one.statuses)
    seconds = [value for one in rounds for value in one.seconds]
    each = [max(one.seconds) / one.moves for one in rounds if one.moves]
    return [
        setting,
        str(len(rounds)),
        str(statuses.total()),
        str(sum(one.movers for one in rounds)),
        str(sum(one.moves for one in rounds)),
        str(statuses[2]),
        str(statuses.total() - statuses[0] - statuses[2]),
        bench.spread(seconds),
        bench.spread(each),
        str(sum(bool(one.broken) for one in rounds)),
    ]


def say(text: str) -> None:
    """Tell how far it is, beside the table."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
