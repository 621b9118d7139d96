"""Whole commands before and after cleaning: gate, predictions, rollback and sweeps still work."""

import csv
import json
from pathlib import Path

import pytest

from scripts.bench.filled_store import Filler
from spaceship.tracking.store import FOLDER_TAG
from spaceship.tracking.trial_runs import TrialRun
from tests.commands import QUICK, QUICK_MODEL, SUBMISSION, Keep, Shell

MODEL = "spaceship_titanic-synthetic"
FORCED = ("mode=train", *QUICK, QUICK_MODEL, "gate.force=true", "reason=first")
CLEAN = ("mode=clean", "clean.dry_run=false", "clean.keep_versions=2")
TUNE = ("mode=tune", *QUICK, QUICK_MODEL, "mode.blend=null", "hydra.launcher.n_jobs=1")


@pytest.fixture
def old(shell: Shell) -> Shell:
    """Give a shell with eight versions, each once champion, and twelve runs, all but one old."""
    assert shell(*FORCED).returncode == 0
    Filler(shell.outputs, MODEL, age=60).fill(versions=7, runs=4, looks=5)
    assert shell.champion() == "8"
    return shell


def listed(shell: Shell) -> dict[str, int]:
    """Return how many things of each kind the latest list names."""
    path = max(shell.outputs.glob("runs/*/*/clean.csv"))
    with path.open(newline="") as file:
        kinds = [row["kind"] for row in csv.DictReader(file)]
    return {kind: kinds.count(kind) for kind in kinds}


def versions(shell: Shell) -> list[int]:
    found = shell.client.search_model_versions(f"name = '{MODEL}'")
    return sorted(int(one.version) for one in found)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_the_champion_gates_predicts_and_goes_back_after_cleaning(old: Shell) -> None:
    shell, before = old, size(old.outputs)
    shown = shell("mode=clean", "clean.keep_versions=2")
    command = shown.stdout.partition("Next: delete it; nothing is deleted yet\n")[2]
    assert "mode=clean clean.keep_versions=2" in command, shown.stdout + shown.stderr
    assert "clean.dry_run=false\n" in command
    assert listed(shell) == {"versions": 5, "stored models": 5, "runs": 8, "job folders": 8}
    assert len(versions(shell)) == 8
    done = shell(*CLEAN)
    assert done.returncode == 0, done.stderr
    assert versions(shell) == [6, 7, 8]
    assert len(shell.runs()) == 4
    assert size(shell.outputs) < before
    assert "Nothing to delete. 3 versions and 4 runs stay.\n" in shell(*CLEAN).stdout
    gated = shell("mode=train", *QUICK, QUICK_MODEL)
    assert "candidate  champion  difference" in gated.stdout, gated.stdout + gated.stderr
    assert shell("mode=inference", *QUICK).returncode == 0
    assert (shell.outputs / SUBMISSION).is_file()
    for number in ("7", "6"):
        assert f"is now version {number}" in shell("mode=rollback").stdout
    assert shell("mode=rollback").returncode == 2
    assert shell("mode=inference", *QUICK).returncode == 0
    assert "version   1" in shell("mode=history").stdout, "history is complete"
    tags = shell.client.get_registered_model(MODEL).tags
    assert sum(key.startswith("look-0123abcd-") for key in tags) == 5


def test_cleaners_and_a_training_at_once(old: Shell, processes: Keep) -> None:
    started = [processes(old.start(*CLEAN)) for _ in range(2)]
    started.append(processes(old.start(*FORCED)))
    for process in started:
        assert process.communicate() is not None
        assert process.returncode == 0
    assert old.champion() == "9"
    assert {7, 8, 9} <= {*versions(old)}
    assert {run.info.status for run in old.runs()} == {"FINISHED"}
    assert old("mode=inference", *QUICK).returncode == 0


def test_a_sweep_goes_with_its_folder_and_its_study_as_a_whole(shell: Shell) -> None:
    name = "hydra.sweeper.study_name=old"
    assert shell(*TUNE, name, "hydra.sweeper.n_trials=2", "gate.dry_run=true").returncode == 0
    assert len(shell.runs()) == 3
    assert "Nothing to delete. " in shell(*CLEAN).stdout, "it is young"
    assert shell(*CLEAN, "clean.older_than=0").returncode == 0
    assert listed(shell) == {"runs": 3, "job folders": 1, "studies": 2}
    assert shell.runs() == []
    assert list((shell.outputs / "studies").iterdir()) == []
    assert list(shell.outputs.glob("multiruns/*/*")) == []
    assert shell(*TUNE, name, "hydra.sweeper.n_trials=1").returncode == 0, "a study of the name"


def test_runs_of_a_machine_that_is_gone_are_shown_then_closed(shell: Shell) -> None:
    assert shell("mode=pp", *QUICK).returncode == 0
    client, (made,) = shell.client, shell.runs()
    tags = {"spaceship.host": "old-box", "spaceship.process": json.dumps([1, 0.0])}
    lost = client.create_run(made.info.experiment_id, run_name="lost", tags=tags).info.run_id
    own = {"mlflow.spaceship.host": "old-box", "mlflow.parentRunId": lost}
    TrialRun("svm #3", tags | own, {}).save(shell.outputs / "multiruns" / "1" / "3")
    client.set_tag(lost, FOLDER_TAG, str(shell.outputs / "multiruns" / "1"))
    close = "clean.close_host=old-box"
    assert "To close as KILLED: run lost of old-box" in shell("mode=clean", close).stdout
    assert client.get_run(lost).info.status == "RUNNING"
    assert shell(*CLEAN, "clean.older_than=0").returncode == 0
    assert client.get_run(lost).info.status == "RUNNING"
    assert "Closed as KILLED: run lost of old-box" in shell(*CLEAN, close).stdout
    (trial,) = [run for run in shell.runs() if run.info.run_name == "svm #3"]
    assert client.get_run(lost).info.status == trial.info.status == "KILLED"


@pytest.mark.parametrize(
    "setting",
    ["clean.keep_versions=0", "clean.older_than=-1", "clean.dry_run=no-thanks", "clean.keep=1"],
)
def test_settings_that_cannot_be_used_delete_nothing(shell: Shell, setting: str) -> None:
    done = shell("mode=clean", f"+{setting}" if "keep=" in setting else setting)
    assert done.returncode == 2
    assert f"expected {setting.partition('=')[0]} " in done.stderr
