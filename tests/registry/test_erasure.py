"""Erasure: rows and artifacts go, after a kill, beside other cleaners, on servers too."""

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from scripts.mlflow_server import MlflowServer
from scripts.servers import Postgres
from spaceship.registry.erasure import Erasure
from spaceship.registry.old_files import OldFiles
from spaceship.registry.registry import Registry
from spaceship.tracking.store import Store
from tests.registry.old_versions import champions, ended, erase, left, rules, version


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


def test_a_folder_that_a_job_takes_up_meanwhile_stays(registry: Registry, tmp_path: Path) -> None:
    erasure = Erasure(registry.store)
    before = 1000 * time.time()
    for name, seconds in {"old": -60, "resumed": 60}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.log").touch()
        os.utime(tmp_path / name / "run.log", (time.time() + seconds, time.time() + seconds))
        erasure.files(tmp_path / name, OldFiles(tmp_path, [], before, lambda _: False))
    assert not (tmp_path / "old").exists()
    assert (tmp_path / "resumed").is_dir()
    assert erasure.failures == []


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


@pytest.fixture
def served(tmp_path: Path, database: Path) -> Iterator[Registry]:
    """Give a registry on an MLflow server, which keeps the artifacts."""
    backend = shutil.copy(database, tmp_path / "server.db")
    server = MlflowServer(tmp_path / "server", f"sqlite:///{backend}")
    server.start()
    yield Registry(Store(server.uri, None, "spaceship"), "churn-local", tmp_path / "locks")
    server.kill()


@pytest.mark.slow
def test_on_a_server_artifacts_go_and_rows_are_marked(served: Registry, tmp_path: Path) -> None:
    champions(served, 5)
    ended(served.store)
    artifacts = tmp_path / "server" / "artifacts"
    assert len(list(artifacts.rglob("MLmodel"))) == 5
    assert erase(served, rules(served).plan()).failures == []
    active = served.store.client.search_runs([served.store.experiment_id])
    assert len(active) == len(list(artifacts.rglob("report.json"))) == 3
    assert len(list(artifacts.rglob("MLmodel"))) == 3
    plan = rules(served).plan()
    assert [len(plan.versions), len(plan.models), len(plan.runs)] == [0, 0, 0]


@pytest.mark.slow
def test_rows_of_postgresql_are_erased(postgres: Postgres, tmp_path: Path) -> None:
    uri = postgres.new_database("tracking").replace("postgresql:", "postgresql+psycopg:")
    store = Store(uri, str(tmp_path / "mlartifacts"), "spaceship")
    registry = Registry(store, "churn-local", tmp_path / "locks")
    champions(registry, 5)
    assert erase(registry, rules(registry).plan()).failures == []
    assert left(store) == (3, 3)
