"""Where the aliases of a registered model point, and how one is moved: intent, move, outcome."""

import logging
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra_plugins.spaceship_optuna.process import is_orphan, process_tags
from spaceship.errors import OutdatedError, RegistryError
from spaceship.registry.moves import CANCELLED, DONE, PREPARING, Move, read_moves
from spaceship.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

LOCK_SECONDS = 300
"""How long a process waits for another one that moves an alias."""
_BACK_OFF_SECONDS = 0.2
"""Mean time after which a process that met another one's open move tries again."""


@dataclass(frozen=True)
class Aliases:
    """The aliases of one registered model in one MLflow store.

    Attributes:
        store: Where MLflow is.
        model: Registered name, such as `spaceship-local`.

    """

    store: Store
    model: str

    @property
    def _client(self) -> "MlflowClient":
        return self.store.client

    def aliases(self) -> dict[str, str]:
        """Return the version each alias points to."""
        entity = self._entity()
        return {} if entity is None else {k: str(v) for k, v in entity.aliases.items()}

    def moves(self) -> Sequence[Move]:
        """Return every move on record, oldest first."""
        entity = self._entity()
        return [] if entity is None else read_moves(entity.tags)

    def prepare(self, alias: str, seen: Mapping[str, str | None], reason: str) -> Move:
        """Put on record that an alias is about to move; until `complete`, nobody else moves one.

        The record is the lock that processes of several machines share: whoever finds the open
        move of another one takes its own back, waits and tries again. The caller holds `lock`.

        Args:
            alias: The alias.
            seen: The version each alias pointed to when the move was decided on.
            reason: On what grounds.

        Raises:
            OutdatedError: An alias points elsewhere by now.
            RegistryError: Another process's move stays open for too long.

        """
        self._create_model()
        deadline = time.monotonic() + LOCK_SECONDS
        while time.monotonic() < deadline:
            move = Move.prepared(alias, seen.get(alias), reason, process_tags())
            self._record(move)
            others = [one for one in self.moves() if one.is_open and one.key != move.key]
            if not any(map(_is_alive, others)):
                self._compare(move, seen)
                return move
            self._withdraw(move)
            time.sleep(random.uniform(0, 2 * _BACK_OFF_SECONDS))  # noqa: S311 - not a secret
            self.reconcile()
        message = f"another process has been moving an alias of {self.model} for {LOCK_SECONDS} s"
        raise RegistryError(f"{message}; if none runs any more, try again in ten minutes")

    def complete(self, move: Move, after: str | None) -> Move:
        """Point the prepared move's alias to a version, or take it away, and record the outcome.

        Raises:
            OutdatedError: The move took so long that another machine has given it up.

        """
        if not any(one.key == move.key and one.state == PREPARING for one in self.moves()):
            message = f"expected to move {move.alias} of {self.model}, found the move given up"
            raise OutdatedError(f"{message} by another process meanwhile; run the command again")
        intent = move.to(after)
        self._record(intent)
        if after is not None:
            self._client.set_registered_model_alias(self.model, move.alias, after)
        elif move.before is not None:
            self._client.delete_registered_model_alias(self.model, move.alias)
        self._record(done := intent.ended(DONE))
        return done

    def move(self, alias: str, after: str | None, reason: str) -> Move:
        """Point an alias to a version, or take it away; the caller holds the lock."""
        return self.complete(self.prepare(alias, {alias: self.aliases().get(alias)}, reason), after)

    def take_away(self, alias: str, number: str, reason: str) -> None:
        """Take an alias away from a version; one that points elsewhere by now is left alone."""
        with suppress(OutdatedError):
            self.complete(self.prepare(alias, {alias: number}, reason), None)

    def _create_model(self) -> None:
        from mlflow import MlflowException

        try:
            self._client.create_registered_model(self.model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _entity(self) -> Any | None:
        from mlflow import MlflowException

        try:
            return self._client.get_registered_model(self.model)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _record(self, move: Move) -> None:
        self._client.set_registered_model_tag(self.model, move.key, move.to_tag())

    def _compare(self, move: Move, seen: Mapping[str, str | None]) -> None:
        """Take a move back that was decided on while the aliases pointed elsewhere."""
        now = self.aliases()
        changed = [name for name, number in seen.items() if now.get(name) != number]
        if changed:
            self._withdraw(move)
            name = changed[0]
            message = (
                f"expected version {seen[name]} of {self.model} to be {name}, found "
                f"{now.get(name)}: it has moved meanwhile; run the command again"
            )
            raise OutdatedError(message)

    def _withdraw(self, move: Move) -> None:
        self._client.delete_registered_model_tag(self.model, move.key)

    def reconcile(self) -> None:
        """Finish or cancel the moves a crash left open: the alias tells which it was."""
        aliases = self.aliases()
        for move in self.moves():
            if move.is_open and not _is_alive(move):
                arrived = move.state != PREPARING and aliases.get(move.alias) == move.after
                outcome = DONE if arrived else CANCELLED
                log.info("A move of %s was interrupted; it is %s.", move.alias, outcome)
                self._record(move.ended(outcome))


def _is_alive(move: Move) -> bool:
    """Tell whether another process may still be at an open move."""
    elsewhere = bool(move.process) and move.process != process_tags()
    return elsewhere and not is_orphan(move.process) and not move.is_stale
