"""Champions made on record and by hand, and what a mode prints of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spaceship.experiment import Experiment
from spaceship.registry.registry import CHAMPION

Verb = Callable[[Experiment], object]


def add(experiment: Experiment, model: Path, alias: str = CHAMPION, reason: str = "made") -> str:
    """Register a version of the model and point an alias to it, on record."""
    registry = experiment.registry
    run_id = registry.store.start_run("job", {})
    number = registry.register({"model": model}, run_id, {"recipe": "{}"})
    with registry.aliases.lock():
        registry.aliases.move(alias, number, reason)
    return number


def damage(experiment: Experiment, number: str) -> None:
    """Change a byte of a version's model."""
    client = experiment.registry.store.client
    source = client.get_model_version(experiment.registry.model, number).source
    found = client.get_logged_model(str(source).rpartition("/")[2]).artifact_location
    path = Path(str(found).removeprefix("file://")) / "MLmodel"
    path.write_text(path.read_text() + " ")


def by_hand(experiment: Experiment, call: str, *arguments: str) -> None:
    getattr(experiment.registry.store.client, call)(experiment.registry.model, *arguments)


def settings(experiment: Experiment, **changes: Any) -> Experiment:
    made = experiment.settings
    return replace(
        experiment,
        settings=made.model_copy(update={"history": made.history.model_copy(update=changes)}),
    )


def told(verb: Verb, experiment: Experiment, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines that a mode prints."""
    caplog.clear()
    with caplog.at_level("INFO"):
        verb(experiment)
    return "\n".join(record.getMessage() for record in caplog.records).splitlines()


def champion(experiment: Experiment) -> str | None:
    return experiment.registry.aliases.current().get(CHAMPION)
