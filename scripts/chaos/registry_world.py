"""World of the random sequences: a store, a clock, and processes that are killed."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast
from unittest import mock

from mlflow.entities.model_registry import (
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from spaceship.files import digest
from spaceship.registry import aliases, moves, packaging
from spaceship.registry.registry import MODEL
from spaceship.tracking.store import Store

_WRITES = ("set_", "delete_", "create_")


class Killed(BaseException):
    """The end of a process, which nothing on the way may catch."""


@dataclass
class MortalClient:
    """A client of MLflow whose process is killed before a write; then it answers nothing."""

    client: Any
    left: int | None = None  # writes before the end; None: it lives on

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the client, or raise Killed."""
        if self.left is not None:
            if self.left < 0 or (name.startswith(_WRITES) and self.left == 0):
                self.left = -1
                raise Killed
            self.left -= name.startswith(_WRITES)
        return getattr(self.client, name)


def read_quickly(database: sqlite3.Connection, name: str) -> RegisteredModel:
    """Return name, tags and aliases of a registered model, read from MLflow's SQLite file.

    MLflow takes 3 ms for that, and reads it before each write: most of the time of a sequence.
    """
    read = database.execute
    if read("SELECT 1 FROM registered_models WHERE name = ?", (name,)).fetchone() is None:
        raise MlflowException(name, RESOURCE_DOES_NOT_EXIST)
    tags = read("SELECT key, value FROM registered_model_tags WHERE name = ?", (name,))
    sql = "SELECT alias, version FROM registered_model_aliases WHERE name = ?"
    alias, tag = cast("Any", RegisteredModelAlias), cast("Any", RegisteredModelTag)
    pointing = [alias(*row) for row in read(sql, (name,))]
    return RegisteredModel(name, tags=[tag(*row) for row in tags], aliases=pointing)


@dataclass
class World:
    """A store with one small model, which the versions of all sequences share."""

    store: Store
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)  # of sequences, steps, kills …
    names: Iterator[int] = field(default_factory=count)
    clock: timedelta = timedelta()  # that it is ahead

    def __post_init__(self) -> None:
        """Upload the model."""
        saved = self.folder / "saved"
        saved.mkdir()
        (saved / "MLmodel").write_text("flavors: {}\n")
        self.client = client = self.store.client
        path = self.store.uri.removeprefix("sqlite:///")
        if path != self.store.uri:
            read = partial(read_quickly, sqlite3.connect(path))
            vars(client)["_client"].get_registered_model = read
        self.mortal = MortalClient(self.client)
        self.store.__dict__["client"] = self.mortal
        self.run = client.create_run(self.store.experiment_id).info.run_id
        model = client.create_logged_model(self.store.experiment_id, "model", self.run)
        client.log_model_artifacts(model.model_id, str(saved))
        client.finalize_logged_model(model.model_id, "READY")
        self.model_id = model.model_id
        self.digests = json.dumps({MODEL: digest(saved)})

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Set the clock, load whatever there is, and give moves elsewhere up at once."""
        with ExitStack() as stack:
            for where, name, value in (
                (moves, "now", lambda: datetime.now(UTC) + self.clock),
                (packaging, "load", lambda _: None),
                (aliases, "SILENCE_SECONDS", 0),
            ):
                stack.enter_context(mock.patch.object(where, name, value))
            yield
