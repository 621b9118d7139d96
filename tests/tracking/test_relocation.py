"""An outputs folder that was moved or copied works by itself and leaves the old place alone."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from spaceship.tracking.relocation import FOLDER_TAG
from spaceship.tracking.store import Store


def at(folder: Path) -> Store:
    return Store(f"sqlite:///{folder}/mlflow.db", str(folder / "mlartifacts"), "spaceship")


def filled(store: Store) -> tuple[Path, str]:
    """Return the folder of a store that holds a run, a model and a version, and the run."""
    folder = Path(str(store.artifacts)).parent
    run_id = store.start_run("a run", {FOLDER_TAG: str(folder / "runs" / "1")})
    store.client.log_text(run_id, "text", "a.txt")
    model = store.client.create_logged_model(store.experiment_id, "model", run_id).model_id
    (folder / "model").mkdir()
    (folder / "model" / "MLmodel").write_text("flavors: {}\n")
    store.client.log_model_artifacts(model, str(folder / "model"))
    store.client.finalize_logged_model(model, "READY")
    store.client.create_registered_model("m")
    store.client.create_model_version("m", f"models:/{model}", run_id, model_id=model)
    return folder, run_id


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def texts(database: Path) -> list[str]:
    """Return every text of a database."""
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows = [row for (t,) in tables for row in connection.execute(f'SELECT * FROM "{t}"')]
    return [value for row in rows for value in row if isinstance(value, str)]


@pytest.mark.parametrize("name", ["elsewhere", "données de vol #1", "it's %25 é"])
def test_a_copy_reads_and_writes_itself_alone(store: Store, tmp_path: Path, name: str) -> None:
    folder, run_id = filled(store)
    copy = tmp_path / "deep" / name.replace("%", "")
    shutil.copytree(folder, copy)
    before, there = contents(folder), at(copy)
    assert {item.path for item in there.client.list_artifacts(run_id)} == {"a.txt"}
    there.client.log_text(run_id, "more", "b.txt")
    new = there.start_run("another", {})
    there.client.log_text(new, "new", "c.txt")
    found = there.client.download_artifacts(run_id, "b.txt", str(tmp_path))
    assert Path(found).read_text() == "more"
    location = there.client.get_model_version_download_uri("m", "1")
    assert location.startswith(copy.as_uri())
    assert contents(folder) == before, "the original is as it was"
    assert not [one for one in texts(copy / "mlflow.db") if str(folder) in one]
    assert there.client.get_run(run_id).data.tags[FOLDER_TAG] == str(copy / "runs" / "1")


def test_a_moved_folder_does_not_come_back_at_the_old_place(store: Store, tmp_path: Path) -> None:
    folder, run_id = filled(store)
    there = at(folder.rename(tmp_path / "moved"))
    there.client.log_text(run_id, "more", "b.txt")
    assert there.close_orphans(tmp_path / "moved") == []
    assert not folder.exists()
    again = at((tmp_path / "moved").rename(tmp_path / "moved-again"))
    assert len(again.client.list_artifacts(run_id)) == 2
    assert not (tmp_path / "moved").exists()


def test_original_and_copy_do_not_fight(store: Store, tmp_path: Path) -> None:
    folder, run_id = filled(store)
    shutil.copytree(folder, tmp_path / "copy")
    for n in range(3):
        for place in (folder, tmp_path / "copy"):
            at(place).client.log_text(run_id, f"{place}", f"{n}.txt")
    for place in (folder, tmp_path / "copy"):
        written = [path.read_text() for path in (place / "mlartifacts").rglob("?.txt")]
        assert sorted(written) == sorted(["text", *[str(place)] * 3])


def test_deleting_for_good_in_a_copy_spares_the_original(store: Store, tmp_path: Path) -> None:
    from mlflow.cli import gc

    folder, run_id = filled(store)
    shutil.copytree(folder, tmp_path / "copy")
    copy = at(tmp_path / "copy")
    before = contents(folder)
    copy.client.delete_run(run_id)
    gc(["--backend-store-uri", copy.uri, "--tracking-uri", copy.uri], standalone_mode=False)
    assert contents(folder) == before
    assert not list((tmp_path / "copy").rglob("a.txt"))


def test_the_name_of_the_folder_may_be_a_prefix_of_another(store: Store, tmp_path: Path) -> None:
    folder, run_id = filled(store)
    near = str(tmp_path / "outputs-2" / "runs")
    store.set_tags(run_id, {FOLDER_TAG: near, "note": str(folder)})
    there = at(folder.rename(tmp_path / "moved"))
    tags = there.client.get_run(run_id).data.tags
    assert (tags[FOLDER_TAG], tags["note"]) == (near, str(folder)), "the rest is history"


def test_another_name_of_the_same_folder_changes_nothing(store: Store, tmp_path: Path) -> None:
    folder, _ = filled(store)
    (tmp_path / "link").symlink_to(folder)
    experiment = at(tmp_path / "link").client.get_experiment_by_name("spaceship")
    assert experiment is not None
    assert experiment.artifact_location == (folder / "mlartifacts").as_uri()


def test_artifacts_that_were_put_elsewhere_stay_there(store: Store, tmp_path: Path) -> None:
    folder = Path(str(store.artifacts)).parent
    big = tmp_path / "big disk" / "mlartifacts"
    elsewhere = Store(store.uri, str(big), "spaceship")
    run_id = elsewhere.start_run("a run", {})
    elsewhere.client.log_text(run_id, "text", "a.txt")
    for place in (folder, folder.rename(tmp_path / "moved")):
        later = Store(f"sqlite:///{tmp_path}/moved/mlflow.db", f"{place}/mlartifacts", "spaceship")
        later.client.log_text(run_id, "text", "b.txt")
    assert {path.name for path in big.rglob("*.txt")} == {"a.txt", "b.txt"}


def test_all_experiments_move_together(store: Store, tmp_path: Path) -> None:
    folder, _ = filled(store)
    other = Store(store.uri, store.artifacts, "another")
    other.client.log_text(run_id := other.start_run("x", {}), "text", "a.txt")
    _ = at(folder.rename(tmp_path / "moved")).client
    there = Store(f"sqlite:///{tmp_path}/moved/mlflow.db", str(tmp_path / "moved"), "another")
    assert [item.path for item in there.client.list_artifacts(run_id)] == ["a.txt"]
