"""Random sequences of training, promotion, rollback, changes by hand, kills and set clocks.

Each sequence has a registered model of its own and is compared with a simple model after each step.
Exit status 1 if a sequence shows a fault; the shortest sequence that shows it is printed.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from scripts.bench.measure import machine, parser, table
from scripts.chaos.registry_machine import machine_of
from scripts.chaos.registry_world import World
from scripts.mlflow_server import MlflowServer
from scripts.servers import postgres
from spaceship.cli.main import prepare
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

STEPS = 14  # of a sequence
_HEAD = ["where", "sequences", "of 12 and more steps", "steps", "kills", "s", "faults"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how many sequences were right; return 1 if one was not."""
    options = parser(__doc__)
    options.add_argument("--sequences", type=int, default=2000, help="random sequences")
    options.add_argument("--server", action="store_true", help="an MLflow server on PostgreSQL")
    options.add_argument("--seed", type=int, default=1, help="seed of the sequences")
    given = options.parse_args(arguments)
    prepare()
    logging.disable(logging.WARNING)
    start, faults = time.monotonic(), 0
    with opened(server=given.server) as world:
        try:
            while (missing := given.sequences - world.counts["long"]) > 0:
                run(world, missing, given.seed + world.counts["sequences"])
        except KeyboardInterrupt:
            print("Interrupted: the figures so far.")
        except Exception as error:  # noqa: BLE001 - whatever it is, a sequence shows it
            faults = 1
            print(*getattr(error, "__notes__", ()), error, sep="\n")
    seconds, counts = round(time.monotonic() - start), world.counts
    found = [counts["sequences"], counts["long"], counts["steps"], counts["kills"], seconds, faults]
    print(machine())
    where = "MLflow server, PostgreSQL" if given.server else "SQLite"
    print(table(_HEAD, [[where, *map(str, found)]]))
    return faults


@contextmanager
def opened(*, server: bool) -> Iterator[World]:
    """Give a new store: a SQLite file that waits for no disk, or a server on PostgreSQL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not server:
            uri, artifacts = f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts")
            with hasty_sqlite():
                yield World(Store(uri, artifacts, "chaos"), folder)
            return
        with postgres() as cluster:
            database = cluster.new_database("registry").replace("://", "+psycopg://")
            mlflow = MlflowServer(folder / "server", database)
            mlflow.start()
            try:
                yield World(Store(mlflow.uri, None, "chaos"), folder)
            finally:
                mlflow.kill()


@contextmanager
def hasty_sqlite() -> Iterator[None]:
    """Let new connections to SQLite return from a commit before the disk has it."""

    def set_up(connection: "PoolProxiedConnection", _: "ConnectionPoolEntry") -> None:
        connection.cursor().execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", set_up)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", set_up)


def run(world: World, sequences: int, number: int, *, shrink: bool = True) -> None:
    """Run sequences in a world; raise AssertionError for the shortest one that shows a fault."""
    chosen = settings(
        max_examples=sequences,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=[*HealthCheck],
    )
    with world.patched():
        run_state_machine_as_test(seed(number)(machine_of(world)), settings=chosen)


if __name__ == "__main__":
    sys.exit(main())
