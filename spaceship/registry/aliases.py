"""Aliases of a registered model: the lock, and moves written as preparing, intent, done."""

import logging
import random
import shlex
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hydra_plugins.spaceship_optuna.config_text import redact
from hydra_plugins.spaceship_optuna.process import is_here, process_tags
from spaceship.errors import OutdatedError, RegistryError, RoleError, expected
from spaceship.gate.award import Award
from spaceship.registry.moves import Move, MoveState, Records, read_records
from spaceship.registry.role import ADVICE, SETTING, VARIABLE, may_promote
from spaceship.registry.steps import Step, steps_of
from spaceship.tracking.connection import code_of
from spaceship.tracking.store import Store

log = logging.getLogger(__name__)

LOCK_SECONDS = 900  # that a process waits for others that move an alias
SILENCE_SECONDS = 600  # that it waits, by its own watch, before it gives up a move it cannot see
_BACK_OFF_SECONDS = 0.2  # mean time after which a process that found an open move tries again


@dataclass(frozen=True)
class Aliases:
    """The aliases of one registered model in one MLflow store.

    >>> with registry.aliases.lock():
    ...     _ = registry.aliases.move("challenger", None, "there is none, so none is taken away")
    >>> registry.aliases.current(), [move.alias for move in registry.aliases.moves()]
    ({}, ['challenger'])
    """

    store: Store
    model: str  # registered name, such as `spaceship_titanic-local`
    lock_folder: Path  # of the lock that lets one process of this machine move aliases
    promotes: bool = True  # False: `champion` is not moved, whatever the environment says

    def current(self) -> dict[str, str]:
        """Return the version number of each alias."""
        return {alias: str(number) for alias, number in self._entity().aliases.items()}

    def tags(self) -> Mapping[str, str]:
        """Return the tags of the registered model: the records of moves, and other tools' tags."""
        return dict(self._entity().tags)

    def moves(self) -> Sequence[Move]:
        """Return every move on record, oldest first; raise RegistryError if one is unreadable."""
        return self.read()[0].moves

    def steps(self, alias: str) -> list[Step]:
        """Return the steps of an alias; raise RegistryError if a record is unreadable."""
        records, current = self.read()
        return steps_of(records.moves, alias, current.get(alias))

    def read(self, *, strict: bool = True) -> tuple[Records, Mapping[str, str]]:
        """Return the records and the version number of each alias, both of one moment.

        Raise RegistryError if a record is unreadable, unless strict is false.
        """
        entity = self._entity()
        records = read_records(entity.tags)
        if records.unreadable and strict:
            raise RegistryError(self.unreadable(records))
        return records, {alias: str(number) for alias, number in entity.aliases.items()}

    def unreadable(self, records: Records) -> str:
        """Return a message that names unreadable records and the command that removes them.

        >>> print(registry.aliases.unreadable(Records([], {"move-1": "no JSON"})))
        expected readable records of spaceship_titanic-synthetic, found the tag move-1 ...
        """
        keys = [*records.unreadable]
        calls = [f"c.delete_registered_model_tag({self.model!r}, {key!r})" for key in keys]
        uri = redact(self.store.uri)
        code = "; ".join(["import mlflow", f"c = mlflow.MlflowClient({uri!r}, {uri!r})", *calls])
        found = ", ".join(f"the tag {ascii(key)[1:-1]}" for key in keys)
        reason = records.unreadable[keys[0]]
        do = "if no process moves an alias now, remove what is no record:"
        command = f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"
        what = f"readable records of {self.model}"
        return expected(what, f"{found} ({reason})", f"{do}\n  {command}")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep the other processes of this machine from moving an alias during the block.

        Moves that a crash left open are closed first; those that an exception in the block leaves
        open, at once. Raise RegistryError if another process holds the lock for too long.
        """
        from filelock import FileLock, Timeout

        self.lock_folder.mkdir(parents=True, exist_ok=True)
        path = self.lock_folder / f"{self.model}.lock"
        try:
            with FileLock(path, timeout=LOCK_SECONDS, is_singleton=True):
                self._close_dead_moves()
                try:
                    yield
                except BaseException:
                    with suppress(Exception):  # the next holder of the lock tries again
                        self._close_dead_moves()
                    raise
        except Timeout as error:
            found = f"another process holding it for {LOCK_SECONDS} s"
            raise RegistryError(expected(f"the lock {path}", found, "try again later")) from error

    @property
    def may_promote(self) -> bool:
        """Whether `champion` may be moved: by this object, and by this process."""
        return self.promotes and may_promote()

    def check_role(self, alias: str = Award.CHAMPION) -> None:
        """Raise RoleError if the alias may not be moved here."""
        if alias == Award.CHAMPION and not self.may_promote:
            found = f"{SETTING} or {VARIABLE}=false"
            what = f"a process that may move champion of {self.model}"
            raise RoleError(expected(what, found, f"a person decides: {ADVICE}"))

    def prepare(self, alias: str, seen: Mapping[str, str | None], reason: str) -> Move:
        """Record that an alias is about to move; until `complete`, no other process moves one.

        The record is the lock between machines: a process that finds another open move, or a record
        written since it read them, withdraws its own, waits and tries again. The caller holds
        `lock`. Raise OutdatedError if an alias no longer points to the version in `seen`, on which
        the move was decided, RegistryError if another process's move stays open for too long, and
        RoleError if this process may not move the alias.
        """
        self.check_role(alias)
        self.create_model()
        watched: dict[str, float] = {}
        deadline = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < deadline:
            self._close_dead_moves(watched)
            earlier = self.moves()
            if not any(one.is_open for one in earlier):
                last = earlier[-1] if earlier else None
                move = Move.prepared(alias, seen.get(alias), reason, process_tags(), last)
                self.record(move)
                records, current = self.read()
                if [one for one in records.moves if one.key != move.key] == earlier:
                    self._compare(move, seen, current)
                    return move
                self._withdraw(move)
            time.sleep(random.uniform(0, 2 * _BACK_OFF_SECONDS))  # noqa: S311 - not a secret
        found = f"another process moving one for {LOCK_SECONDS} s"
        do = "wait until it has ended, or end it, and try again"
        raise RegistryError(expected(f"to move an alias of {self.model}", found, do))

    def complete(self, move: Move, after: str | None) -> Move:
        """Point the prepared move's alias to a version, or take it away, and record the outcome.

        Raise OutdatedError if the move took so long that another machine has given it up, and
        RoleError if this process may not move the alias.
        """
        self.check_role(move.alias)
        if move not in self.moves():
            found = "the move given up by another process meanwhile"
            what = f"to move {move.alias} of {self.model}"
            raise OutdatedError(expected(what, found, "run the command again"))
        intent = move.to(after)
        self.record(intent)
        if after is not None:
            self.store.client.set_registered_model_alias(self.model, move.alias, after)
        elif move.before is not None:
            self.store.client.delete_registered_model_alias(self.model, move.alias)
        self.record(done := intent.ended(MoveState.DONE))
        return done

    def move(self, alias: str, after: str | None, reason: str) -> Move:
        """Point an alias to a version, or take it away; the caller holds the lock."""
        return self.complete(self.prepare(alias, {alias: self.current().get(alias)}, reason), after)

    def take_away(self, alias: str, number: str, reason: str) -> None:
        """Take an alias away from a version, unless it points elsewhere by now."""
        with suppress(OutdatedError):
            self.complete(self.prepare(alias, {alias: number}, reason), None)

    def create_model(self) -> None:
        """Create the registered model if it is missing."""
        client, query = self.store.client, f"name = '{self.model}'"
        if client.search_model_versions(query, max_results=1) or self._found():
            return  # far quicker than a refused creation, which reads every tag of the model
        try:
            client.create_registered_model(self.model)
        except Exception as error:
            if code_of(error) != "RESOURCE_ALREADY_EXISTS":
                raise

    def record(self, move: Move) -> None:
        """Write a move's tag."""
        self.store.client.set_registered_model_tag(self.model, move.key, move.to_tag())

    def _entity(self) -> Any:
        """Return the registered model, one without aliases and tags if it is missing."""
        return self._found() or SimpleNamespace(aliases={}, tags={})

    def _found(self) -> Any:
        """Return the registered model, or None; a refused call would open MLflow's own client."""
        found = self.store.client.search_registered_models(f"name = '{self.model}'")
        return found[0] if found else None

    def _compare(self, move: Move, seen: Mapping[str, str | None], now: Mapping[str, str]) -> None:
        """Withdraw the move and raise if an alias points elsewhere than when it was decided on."""
        for name, number in seen.items():
            if now.get(name) != number:
                self._withdraw(move)
                found = f"{now.get(name)}: it has moved meanwhile"
                what = f"version {number} of {self.model} to be {name}"
                raise OutdatedError(expected(what, found, "run the command again"))

    def _withdraw(self, move: Move) -> None:
        self.store.client.delete_registered_model_tag(self.model, move.key)

    def _close_dead_moves(self, watched: dict[str, float] | None = None) -> None:
        """Record moves that a crash left open as done if the alias has moved, else as cancelled.

        `watched` notes since when this process has seen each open record as it is; without it, no
        move of a process that cannot be seen is closed.
        """
        records, current = self.read()
        for move in (one for one in records.moves if one.is_open):
            if move.is_dead or (watched is not None and _is_silent(move, watched)):
                settled = move.settled(current.get(move.alias))
                log.info("A move of %s was interrupted; it is %s.", move.alias, settled.state)
                self.record(settled)


def _is_silent(move: Move, watched: dict[str, float]) -> bool:
    """Return whether an unseen process has left its record as it is for `SILENCE_SECONDS`."""
    if (record := move.to_tag()) not in watched:
        watched[record] = time.monotonic()
        log.info("Waiting for the move of %s that %s has begun.", move.alias, move.by)
    silent = time.monotonic() - watched[record] >= SILENCE_SECONDS
    return silent and not is_here(move.process)
