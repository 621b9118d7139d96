"""Old versions, runs and logged models in a registry, to be cleaned."""

import json
import tempfile
from pathlib import Path
from typing import Any

from mlflow.entities import ViewType

from spaceship.config.settings import Clean
from spaceship.files import digest
from spaceship.registry.cleaning import Plan, Rules
from spaceship.registry.erasure import Erasure
from spaceship.registry.registry import CHAMPION, DIGESTS, MODEL, Registry
from spaceship.tracking.store import Store


def rules(
    registry: Registry, keep: int = 2, days: float | None = 0, host: str | None = None
) -> Rules:
    settings = Clean(dry_run=False, keep_versions=keep, older_than=days, close_host=host)
    return Rules(registry.store, registry.lock_folder, settings)


def ended(store: Store, status: str = "FINISHED", parent: str | None = None, **tags: str) -> str:
    run_id = store.start_run("job", tags, parent)
    store.client.log_text(run_id, "text" * 100, "report.json")
    store.end_run(run_id, status)
    return run_id


def version(registry: Registry, name: str | None = None) -> str:
    """Register a version with artifacts, and return its number."""
    client, run_id = registry.store.client, ended(registry.store)
    model = client.create_logged_model(registry.store.experiment_id, "model", run_id).model_id
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLmodel").write_text("flavors: {}\n")
        client.log_model_artifacts(model, folder)
        digests = json.dumps({MODEL: digest(Path(folder))})
    client.finalize_logged_model(model, "READY")
    if name is None:
        registry.aliases.create_model()
    else:
        client.create_registered_model(name)
    made = client.create_model_version(
        name or registry.model, f"models:/{model}", run_id, tags={DIGESTS: digests}, model_id=model
    )
    return str(made.version)


def crowned(registry: Registry, *numbers: str) -> None:
    with registry.aliases.lock():
        for number in numbers:
            registry.aliases.move(CHAMPION, number, "better")


def champions(registry: Registry, count: int) -> None:
    """Register versions, each champion after the one before it."""
    for _ in range(count):
        crowned(registry, version(registry))


def erase(registry: Registry, plan: Plan) -> Erasure:
    erasure = Erasure(registry.store)
    for one in plan.versions:
        erasure.version(one)
    for model in plan.models:
        erasure.model(model)
    for run in plan.runs:
        erasure.run(run)
    erasure.shrink()
    return erasure


def left(store: Store) -> tuple[int, int]:
    """Return the numbers of runs, deleted ones too, and of logged models."""
    everything: dict[str, Any] = {"run_view_type": ViewType.ALL}
    runs = store.client.search_runs([store.experiment_id], **everything)
    return len(runs), len(store.client.search_logged_models([store.experiment_id]))
