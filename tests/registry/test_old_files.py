"""Old files: folders of jobs, cached data sets and studies that nothing needs any more."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow.entities import Run

from spaceship.registry.old_files import OldFiles
from spaceship.tracking.job import Job
from spaceship.tracking.store import Store

DAY = 24 * 3600
MONTH_AGO = 1000 * (time.time() - 30 * DAY)
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def folder(name: str, days: float = 60, **files: str) -> Path:
        path = tmp_path / name
        path.mkdir(parents=True)
        for file, text in ({"run.log": "text"} | files).items():
            (path / file).write_text(text)
        for one in path.iterdir():
            then = time.time() - days * DAY
            os.utime(one, (then, then))
        return path

    return folder


def old(outputs: Path, *kept: Run, before: float = MONTH_AGO) -> OldFiles:
    return OldFiles(outputs, kept, before, elsewhere=lambda run_id: run_id == "elsewhere")


def run(store: Store, **tags: str) -> Run:
    return store.client.get_run(store.start_run("job", tags))


def names(outputs: Path, found: list[Path]) -> list[str]:
    return [path.relative_to(outputs).as_posix() for path in found]


def test_old_folders_of_jobs_without_a_run_that_stays_go(make: Make, tmp_path: Path) -> None:
    make("runs/2026-01-02/10-00-00")
    make("runs/2026-01-02/11-00-00", days=1)
    make("multiruns/2026-01-02/10-00-00/0")
    make("multiruns/2026-01-02/11-00-00/0")
    make("multiruns/2026-01-02/11-00-00/1", days=1)
    make("runs/mine/10-00-00")
    make("submissions/2026-01-02/10-00-00")
    expected = ["multiruns/2026-01-02/10-00-00", "runs/2026-01-02/10-00-00"]
    assert names(tmp_path, old(tmp_path).jobs()) == expected


def test_folders_of_runs_that_stay_are_known_wherever_they_were(
    make: Make, tmp_path: Path, store: Store
) -> None:
    for name in ("runs/2026-01-02/10-00-00", "multiruns/2026-01-02/10-00-00/0"):
        make(name)
    single = run(store, folder=str(tmp_path / "runs/2026-01-02/10-00-00"))
    trial = run(store, folder="/before/it/was/moved/multiruns/2026-01-02/10-00-00/0")
    assert names(tmp_path, old(tmp_path, trial).jobs()) == ["runs/2026-01-02/10-00-00"]
    assert old(tmp_path, single, trial).jobs() == []


def test_the_run_that_a_folder_names_counts(make: Make, tmp_path: Path) -> None:
    for name, run_id in {"10-00-00": "elsewhere", "11-00-00": "gone", "12-00-00": ""}.items():
        folder = make(f"runs/2026-01-02/{name}", run="")
        if run_id:
            Job(folder, in_multirun=False).note_run(run_id)
        else:
            (folder / "mlflow.json").write_text("torn {")
    everything = 1000 * time.time() + 1
    found = names(tmp_path, old(tmp_path, before=everything).jobs())
    assert found == ["runs/2026-01-02/11-00-00"], "a young folder without a run may be starting"


def test_data_sets_stay_that_are_young_latest_or_used(
    make: Make, tmp_path: Path, store: Store
) -> None:
    for name, days in {"a": 90, "b": 80, "c": 70, "d": 60, "e": 1}.items():
        make(f"data/churn/local/{name}", days, **{"meta.json": json.dumps({"digest": name})})
    make("data/churn/local/f", 85)
    make("data/churn/sql/g", 90)
    user = run(store, data_digest="b")
    found = names(tmp_path, old(tmp_path, user).data_sets())
    assert sorted(found) == [f"data/churn/local/{name}" for name in "acdf"]


def test_journals_of_studies_stay_while_a_run_of_theirs_stays(
    make: Make, tmp_path: Path, store: Store
) -> None:
    files = {name: "" for study in "ab" for name in (f"{study}.journal", f"{study}.journal.flock")}
    make("studies", **files)
    (tmp_path / "studies" / "c.journal").write_text("young")
    assert old(tmp_path, run(store, study="b")).studies() == [
        tmp_path / "studies" / "a.journal",
        tmp_path / "studies" / "a.journal.flock",
    ]
