"""Rules of cleaning: what stays is what aliases, history, rollback and running jobs need."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import ViewType

from hydra_plugins.spaceship_optuna.process import process_tags
from spaceship.config.settings import Clean
from spaceship.registry.cleaning import Plan, Rules, promised_versions
from spaceship.registry.erasure import Erasure
from spaceship.registry.registry import CHALLENGER, CHAMPION, Registry
from spaceship.tracking.store import Store

GONE = {**process_tags(), "spaceship.host": "a-machine-that-is-gone"}


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
    client.finalize_logged_model(model, "READY")
    folder = Path(str(registry.store.artifacts), "models", model, "artifacts")
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    if name is None:
        registry.aliases.create_model()
    else:
        client.create_registered_model(name)
    made = client.create_model_version(
        name or registry.model, f"models:/{model}", run_id, tags={"recipe": "{}"}, model_id=model
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


def going(plan: Plan) -> list[str]:
    return sorted((str(one.version) for one in plan.versions), key=int)


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


def test_the_latest_versions_and_champions_stay(registry: Registry) -> None:
    champions(registry, 6)
    plan = rules(registry).plan()
    assert going(plan) == ["1", "2", "3"]
    assert [len(plan.models), len(plan.runs)] == [3, 3]
    assert going(rules(registry, keep=10).plan()) == []


def test_what_rollback_comes_back_to_stays_however_old_it_is(registry: Registry) -> None:
    champions(registry, 7)
    crowned(registry, "6", "5", "4")  # rolled back, and next to 3
    assert going(rules(registry).plan()) == ["1"]
    assert registry.previous_champion() == "3"


def test_aliases_stay_also_those_that_were_set_by_hand(registry: Registry) -> None:
    champions(registry, 8)
    client = registry.store.client
    client.set_registered_model_alias(registry.model, "audited", "1")
    client.set_registered_model_alias(registry.model, CHALLENGER, "3")
    assert going(rules(registry).plan()) == ["2", "4", "5"]
    client.set_registered_model_alias(registry.model, CHAMPION, "5")  # the way back leads to 4, 3
    assert going(rules(registry).plan()) == ["2"]


@pytest.mark.parametrize(
    ("path", "champion", "kept"),
    [
        ("12345", "5", "345"),
        ("123454", "4", "2345"),
        ("1234", None, "234"),
        ("12345", "2", "12345"),
        ("", None, ""),
        ("", "2", "2"),
    ],
)
def test_the_way_back_ends_where_a_version_came_back(
    registry: Registry, path: str, champion: str | None, kept: str
) -> None:
    for _ in range(5):
        version(registry)
    crowned(registry, *path)
    moves = registry.aliases.moves()
    assert "".join(sorted(promised_versions(moves, champion, [*"12345"], 2))) == kept


def test_a_model_registered_by_hand_stays_and_keeps_its_run(registry: Registry) -> None:
    version(registry, "prod-model")
    plan = rules(registry, keep=1).plan()
    assert [len(plan.versions), len(plan.models), len(plan.runs)] == [0, 0, 0]


def test_runs_stay_while_young_running_or_needed(registry: Registry) -> None:
    champions(registry, 1)
    store = registry.store
    old = ended(store)
    store.start_run("at work", {})
    assert [run.info.run_id for run in rules(registry).plan().runs] == [old]
    assert rules(registry, days=1).plan().runs == []
    assert rules(registry, days=None).plan().runs == []


def test_the_runs_of_a_sweep_go_together(registry: Registry) -> None:
    store = registry.store
    parent = store.start_run("sweep", {})
    child = ended(store, parent=parent)
    grandchild = ended(store, parent=child)
    ended(store, parent="of a run that is not there")
    assert len(rules(registry).plan().runs) == 1
    store.end_run(parent, "FINISHED")
    found = {run.info.run_id for run in rules(registry).plan().runs}
    assert found > {parent, child, grandchild}


def test_what_is_deleted_is_gone_from_database_and_disk(registry: Registry) -> None:
    champions(registry, 5)
    store = registry.store
    store.client.delete_run(ended(store))  # on MLflow's page
    before = set(Path(str(store.artifacts)).rglob("*"))
    assert left(store) == (6, 5)
    assert erase(registry, rules(registry).plan()).failures == []
    assert left(store) == (3, 3)
    names = {path.name for path in Path(str(store.artifacts)).rglob("m-*")}
    assert len(names) == 3
    assert len(set(Path(str(store.artifacts)).rglob("*"))) < len(before)
    plan = rules(registry).plan()
    assert [len(plan.versions), len(plan.models), len(plan.runs)] == [0, 0, 0]
    assert len(registry.aliases.moves()) == 5, "history is complete"
    assert version(registry) == "6"


def test_tags_of_looks_and_moves_stay(registry: Registry) -> None:
    champions(registry, 5)
    client = registry.store.client
    client.set_registered_model_tag(registry.model, "look-0123abcd-run", "{}")
    before = client.get_registered_model(registry.model).tags
    erase(registry, rules(registry, keep=1).plan())
    assert client.get_registered_model(registry.model).tags == before


def test_an_alias_that_came_meanwhile_saves_its_version(registry: Registry) -> None:
    champions(registry, 5)
    plan = rules(registry).plan()
    registry.store.client.set_registered_model_alias(registry.model, "audited", "1")
    erase(registry, plan)
    assert registry.version("1").number == "1"


def test_a_run_that_was_resumed_meanwhile_stays(registry: Registry) -> None:
    store = registry.store
    resumed, again, gone = (ended(store) for _ in range(3))
    plan = rules(registry).plan()
    store.client.update_run(resumed, status="RUNNING")
    time.sleep(0.01)
    store.end_run(again, "FINISHED")
    erase(registry, plan)
    found = {run.info.run_id for run in store.client.search_runs([store.experiment_id])}
    assert found == {resumed, again} - {gone}


def test_two_cleaners_at_once_share_the_work(registry: Registry) -> None:
    champions(registry, 5)
    plan = rules(registry).plan()
    assert erase(registry, plan).failures == erase(registry, plan).failures == []
    assert left(registry.store) == (3, 3)


@pytest.mark.parametrize("steps", [1, 4, 8])
def test_a_cleaner_killed_after_any_step_is_finished_by_the_next(
    registry: Registry, steps: int
) -> None:
    champions(registry, 5)
    plan, erasure = rules(registry).plan(), Erasure(registry.store)
    deletions: Sequence[tuple[Any, Any]] = [
        *((erasure.version, one) for one in plan.versions),
        *((erasure.model, one) for one in plan.models),
        *((erasure.run, one) for one in plan.runs),
    ]
    for delete, one in deletions[:steps]:
        delete(one)
    assert erase(registry, rules(registry).plan()).failures == []
    assert left(registry.store) == (3, 3)
    assert len(list(Path(str(registry.store.artifacts)).rglob("MLmodel"))) == 3


def test_artifacts_elsewhere_are_named_and_their_run_stays(
    registry: Registry, tmp_path: Path
) -> None:
    store = registry.store
    run_id = ended(store)
    elsewhere = tmp_path / "of another folder"
    elsewhere.mkdir()
    plan = rules(registry).plan()
    plan.runs[0].info._artifact_uri = elsewhere.as_uri()
    (failure,) = erase(registry, plan).failures
    assert failure.startswith(f"run {run_id}: expected artifacts in ")
    assert elsewhere.is_dir()
    assert left(store) == (1, 0)


def test_only_running_runs_of_a_machine_that_is_gone_are_closed(registry: Registry) -> None:
    store = registry.store
    lost = store.client.create_run(store.experiment_id, tags=GONE).info.run_id
    store.start_run("here", {})
    ended(store)
    found = rules(registry, host="a-machine-that-is-gone").on_host()
    assert [run.info.run_id for run in found] == [lost]
    assert rules(registry).on_host() == []
    assert rules(registry, host="no-such-machine").on_host() == []
