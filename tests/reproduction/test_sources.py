"""Data of a run made again: by digest from source, artifacts or cache, else one message."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from spaceship import candidate
from spaceship.data.cache import load_dataset
from spaceship.data.recorded import RecordedData
from spaceship.errors import DataError
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import RunRecord
from spaceship.record.stages import data_stages
from spaceship.reproduction.sources import Found, find_data
from tests.record.customers import Customers, customers


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordedRun:
    """Give a run whose data are cached in its outputs folder, from a source that is there."""
    monkeypatch.chdir(tmp_path)
    experiment, job = Customers(tmp_path).experiment(customers())
    RunRecord.start(experiment, job.folder, None)
    candidate.score(experiment, job, experiment.recipe())
    return RecordedRun.read(job.folder)


def found(run: RecordedRun, *, present: bool = False) -> Found:
    return find_data(run, [run.folder / "outputs"], present=present)


def test_an_unchanged_source_comes_first_then_the_cache_then_the_source_as_it_is(
    run: RecordedRun,
) -> None:
    assert found(run).place == "the source"
    (run.folder / "train.csv").write_text(customers(150).to_csv(index=False))
    assert found(run).place.endswith("outputs; the source has changed since")
    assert found(run, present=True).place == "the source"
    shutil.rmtree(run.folder / "outputs")
    assert found(run).place == "the source, which has changed since"


def test_tables_kept_with_the_run_are_those_of_then(run: RecordedRun, tmp_path: Path) -> None:
    (cached,) = (run.folder / "outputs").glob("data/*/*/*")
    shutil.copytree(cached, run.folder / "data")
    (run.folder / "train.csv").unlink()
    kept = found(run)
    assert kept.tables == run.folder / "data"
    assert kept.task is not None
    kept.store(tmp_path / "other")
    source = RecordedData(kept.node["raw"])
    again = data_stages(load_dataset(source, kept.task, tmp_path / "other")[0])[0]
    assert again == {name: run.provenance.stages[name] for name in ("raw", "typed")}


def test_data_that_are_gone_are_one_message(run: RecordedRun) -> None:
    (run.folder / "train.csv").unlink()
    shutil.rmtree(run.folder / "outputs")
    with pytest.raises(DataError, match="the data of run-1, from their source or a copy, found "):
        found(run)


def test_a_password_is_asked_for_as_then(run: RecordedRun) -> None:
    shutil.rmtree(run.folder / "outputs")
    data = {**run.provenance.data, "url": "postgresql://me:***@host/db"}
    hidden = replace(run, provenance=replace(run.provenance, data=data))
    with pytest.raises(DataError, match="found a password that no record keeps"):
        found(hidden)


def test_a_relative_file_is_that_of_the_folder_of_then(
    run: RecordedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {**run.provenance.data, "dir": run.folder.name}
    moved = replace(run, provenance=replace(run.provenance, data=data))
    monkeypatch.chdir("/")
    assert found(moved).node["dir"] == str(run.folder)
