"""What stands in MLflow and on disk, looked at without touching it; part of two benchmarks."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from spaceship.registry.registry import Registry, Version
    from spaceship.tracking.store import Store

EXPERIMENT = "spaceship"
UNFINISHED = (".unfinished-*", ".*.unfinished*", ".*.tmp", "mlflow.db-*")
"""Names of what is only there while something is being written."""
ASKED = 200
"""Passengers that the champion has to predict."""
NEEDED = ("report.json", "holdout.csv")
"""What the next comparison wants of a champion's run, beside its twin."""


@dataclass(frozen=True)
class State:
    """What stands at one moment.

    Attributes:
        runs: Status of each MLflow run, by its id.
        versions: The run that made each registered version, by its number.
        champion: The champion's version number, if there is one.
        intents: Moves of an alias that are on record as begun only.
        pending: Models whose upload was begun only.
        faults: Why the champion is not whole.
        unfinished: Files and folders that are only there while something is being written.

    """

    runs: dict[str, str]
    versions: dict[str, str]
    champion: str | None
    intents: int
    pending: int
    faults: Sequence[str]
    unfinished: Sequence[str]

    def running(self) -> int:
        """Return how many runs stand as running."""
        return sum(status == "RUNNING" for status in self.runs.values())

    def champion_run(self) -> str | None:
        """Return the run that made the champion."""
        return None if self.champion is None else self.versions.get(self.champion)

    def leftovers(self) -> str:
        """Return what nobody is working on any more."""
        counts = {"RUNNING": self.running(), "intent": self.intents, "PENDING": self.pending}
        return ", ".join([*(f"{n} {what}" for what, n in counts.items() if n), *self.unfinished])

    def begun_since(self, before: "State") -> str:
        """Return how far a run had come since an earlier look."""
        runs = [status for run, status in self.runs.items() if run not in before.runs]
        versions = sorted(set(self.versions) - set(before.versions))
        words = [f"run {status}" for status in runs] + [f"version {one}" for one in versions]
        counts = {"intent": self.intents, "PENDING": self.pending}
        words += [f"{count} {what}" for what, count in counts.items() if count]
        return ", ".join([*words, *self.unfinished]) or "nothing"


NOTHING = State({}, {}, None, 0, 0, (), ())
"""What stands in an empty folder."""


def look(outputs: Path, source: str, asked: "pd.DataFrame") -> State:
    """Return what stands, from a copy of the database: opening the real one could mend it.

    Args:
        outputs: The outputs folder; no run may be at work in it.
        source: Name of the data source, which the registered model bears.
        asked: Passengers the champion has to predict.

    """
    unfinished = sorted({path.name for name in UNFINISHED for path in outputs.rglob(name)})
    if not (outputs / "mlflow.db").exists():
        return replace(NOTHING, unfinished=unfinished)
    from spaceship.tracking.store import Store

    with tempfile.TemporaryDirectory() as folder:
        for path in outputs.glob("mlflow.db*"):
            shutil.copy(path, folder)
        store = Store(f"sqlite:///{folder}/mlflow.db", str(outputs / "mlartifacts"), EXPERIMENT)
        return replace(look_into(store, f"spaceship-{source}", asked), unfinished=unfinished)


def look_into(store: "Store", model: str, asked: "pd.DataFrame") -> State:
    """Return what stands in a store, without what lies beside it."""
    from spaceship.registry.registry import CHAMPION, Registry

    registry = Registry(store, model, Path(tempfile.gettempdir()))
    found = store.client.search_model_versions(f"name = '{model}'")
    champion = registry.find(CHAMPION)
    models = store.client.search_logged_models([store.experiment_id])
    return State(
        {run.info.run_id: run.info.status for run in _runs(store)},
        {str(version.version): str(version.run_id) for version in found},
        None if champion is None else champion.number,
        sum(move.is_open for move in registry.aliases.moves()),
        sum(str(model.status) == "PENDING" for model in models),
        [] if champion is None else _faults(registry, champion, asked),
        (),
    )


def _runs(store: Any) -> Sequence[Any]:
    return list(store.client.search_runs([store.experiment_id]))


def _faults(registry: "Registry", champion: "Version", asked: "pd.DataFrame") -> list[str]:
    """Return why the champion cannot serve, or cannot be compared with."""
    from spaceship.registry import packaging
    from spaceship.registry.promotion import TWIN
    from spaceship.registry.registry import MODEL

    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for name in (*NEEDED, TWIN, MODEL):
            try:
                path = registry.fetch(champion, name, Path(folder))
                if name in NEEDED:
                    continue
                predicted = packaging.load(str(path)).predict(asked)
                if len(predicted) != len(asked):
                    faults.append(f"{name} predicts {len(predicted)} of {len(asked)}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the champion is not whole
                faults.append(f"{name}: {error}")
    return faults
