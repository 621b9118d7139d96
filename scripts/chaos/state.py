"""State of MLflow and the outputs folder, read without changing it, and its invariants."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from spaceship.registry.moves import Move
    from spaceship.registry.registry import Registry, Version
    from spaceship.tracking.store import Store

EXPERIMENT = "spaceship"
MODEL = "spaceship_titanic-synthetic"
SQLITE_FILES = "mlflow.db-*"
"""Files that SQLite itself takes up when the database is next opened."""
UNFINISHED = (".unfinished-*", ".*.unfinished*", ".*.tmp")
"""Names of files and folders that exist only while something is being written."""
NEEDED = ("report.json", "holdout.csv")
"""Files of a champion that the next comparison needs, beside its twin."""


@dataclass(frozen=True)
class State:
    """State at one moment."""

    runs: dict[str, str]  # status of each MLflow run, by its id
    versions: dict[str, str]  # run that made each registered version, by its number
    champion: str | None  # version number
    intents: int  # moves of an alias that have begun but not ended
    pending: int  # models whose upload has begun but not ended
    faults: Sequence[str]  # reasons why the champion is not whole
    unfinished: Sequence[str]  # names of unfinished files and folders

    def leftovers(self) -> str:
        """Return everything that no process works on any more."""
        running = sum(status == "RUNNING" for status in self.runs.values())
        counts = {"RUNNING": running, "intent": self.intents, "PENDING": self.pending}
        return ", ".join([*(f"{n} {what}" for what, n in counts.items() if n), *self.unfinished])


NOTHING = State({}, {}, None, 0, 0, (), ())
"""State of an empty folder."""


def passengers(number: int, *overrides: str) -> "pd.DataFrame":
    """Return passengers that a champion has to predict, from the test part of a data set."""
    from scripts.bench.measure import part_to_predict

    return part_to_predict(*overrides).head(number)


def look(outputs: Path, people: "pd.DataFrame") -> State:
    """Return the state of an outputs folder, from a copy of the database: opening could mend it.

    No run may be at work in the folder; the champion has to predict the people.
    """
    patterns = (*UNFINISHED, SQLITE_FILES)
    unfinished = sorted({path.name for name in patterns for path in outputs.rglob(name)})
    if not (outputs / "mlflow.db").exists():
        return replace(NOTHING, unfinished=unfinished)
    with tempfile.TemporaryDirectory() as folder:
        for path in outputs.glob("mlflow.db*"):
            shutil.copy(path, folder)
        store = store_of(outputs, f"sqlite:///{folder}/mlflow.db")
        return replace(look_into(store, people), unfinished=unfinished)


def store_of(outputs: Path, uri: str | None = None) -> "Store":
    """Return the store of an outputs folder, or of an MLflow server."""
    from spaceship.tracking.store import Store

    artifacts = None if (uri or "").startswith("http") else str(outputs / "mlartifacts")
    return Store(uri or f"sqlite:///{outputs}/mlflow.db", artifacts, EXPERIMENT)


def look_into(store: "Store", people: "pd.DataFrame") -> State:
    """Return the state of a store, without the files beside it."""
    from spaceship.registry.registry import CHAMPION, Registry

    registry = Registry(store, MODEL, Path(tempfile.gettempdir()))
    champion = registry.find(CHAMPION)
    models = store.client.search_logged_models([store.experiment_id])
    return State(
        {run.info.run_id: run.info.status for run in runs(store)},
        {str(one.version): str(one.run_id) for one in _versions(store)},
        None if champion is None else champion.number,
        sum(move.is_open for move in registry.aliases.moves()),
        sum(str(model.status) == "PENDING" for model in models),
        [] if champion is None else _champion_faults(registry, champion, people),
        (),
    )


def runs(store: "Store", query: str = "") -> Sequence[Any]:
    """Return the runs of a store."""
    return list(store.client.search_runs([store.experiment_id], query))


def broken_invariants(store: "Store", locks: Sequence[Path] = ()) -> list[str]:
    """Return the invariants that do not hold although no process moves an alias.

    The folders of lock files are `locks`; no file in them may be held.
    """
    from spaceship.registry.moves import completed_moves, read_records

    entity = store.client.get_registered_model(MODEL)
    (moves, unreadable), found = read_records(entity.tags), _versions(store)
    numbers = sorted(int(one.version) for one in found)
    gaps = numbers != list(range(1, len(numbers) + 1))
    files = [path for folder in locks for path in sorted(folder.glob("*.lock"))]
    return [
        *(f"the record {key} is unreadable" for key in unreadable),
        *(f"a move of {move.alias} is open: {move.state}" for move in moves if move.is_open),
        *_history_faults(completed_moves(moves, "champion"), entity.aliases.get("champion")),
        *([f"the versions are {', '.join(map(str, numbers))}"] if gaps else []),
        *(f"version {one.version} is incomplete" for one in found if not _is_complete(one)),
        *(f"the lock {path.name} is held" for path in files if _is_held(path)),
    ]


def _versions(store: "Store") -> Sequence[Any]:
    return list(store.client.search_model_versions(f"name = '{MODEL}'"))


def _champion_faults(
    registry: "Registry", champion: "Version", people: "pd.DataFrame"
) -> list[str]:
    """Return why the champion cannot serve, or cannot be compared with."""
    from spaceship.registry import packaging
    from spaceship.registry import registry as models
    from spaceship.registry.registry import MODEL as SERVED

    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for name in (*NEEDED, models.TWIN, SERVED):
            try:
                path = registry.fetch(champion, name, Path(folder))
                if name in NEEDED:
                    continue
                predicted = packaging.load(str(path)).predict(people)
                if len(predicted) != len(people):
                    faults.append(f"{name} predicts {len(predicted)} of {len(people)}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the champion is not whole
                faults.append(f"{name}: {error}")
    return faults


def _history_faults(champions: Sequence["Move"], alias: Any) -> Iterator[str]:
    """Yield where the history of champions has a gap, or ends elsewhere than the alias."""
    before = None
    for move in champions:
        if move.before != before:
            yield f"the move to {move.after} starts from {move.before}, not from {before}"
        before = move.after
    if alias is None:
        yield "there is no champion"
    elif before != str(alias):
        yield f"version {alias} is champion, the history ends with {before}"


def _is_complete(version: Any) -> bool:
    from spaceship.registry.registry import RECIPE
    from spaceship.tracking.tag_names import value

    recipe = value(version.tags, RECIPE)
    return str(version.status) == "READY" and recipe is not None and bool(version.run_id)


def _is_held(path: Path) -> bool:
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
