"""`mode=reproduce`, whole: blend, trial, era and lost version are made again, the same."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from spaceship.files import write_json
from spaceship.record.code import CODE_TAG
from spaceship.record.run_record import Provenance
from spaceship.record.stages import OPTIONAL, ORDER
from spaceship.record.trial import write_trial
from spaceship.records import read_record, to_plain
from spaceship.registry.registry import CHALLENGER, PROVENANCE_FILE
from spaceship.registry.reproduced import NEEDS_PROOF, REPRODUCED
from spaceship.reproduction.proof import PROOF_FILE
from spaceship.tracking.store import FOLDER_TAG, Store
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell

pytestmark = pytest.mark.slow

FEW = [*QUICK, "split.n_folds=2", "data.n_groups=300"]
TUNE = ["mode=tune", *FEW, QUICK_MODEL, "model@mode.start=logistic_regression"]
TUNE += ["++mode.start.bags=2"]  # so that there is a mean, whether or not a trial improves it
TUNE += ["hydra.sweeper.n_trials=2", "hydra.launcher.n_jobs=1"]
SIMULATE = ["mode=simulate", *FEW, QUICK_MODEL, "simulate.groups=300", "simulate.eras=2"]
MODEL = "spaceship_titanic-synthetic"

STAGES = [one for one in ORDER if one not in OPTIONAL]


@pytest.fixture(scope="module")
def shell(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Give a shell with a sweep, its best champion, a simulation and checked data."""
    outputs = tmp_path_factory.mktemp("project") / "outputs"
    outputs.mkdir()
    shutil.copy(database, outputs / "mlflow.db")
    made = Shell(outputs)
    for words in (TUNE, SIMULATE, ["mode=pp", *FEW]):
        done = made(*words)
        assert done.returncode == 0, done.stderr
    return made


def again(shell: Shell, *words: str, **environment: str) -> dict[str, Any]:
    """Make a run again; return the object that the command prints."""
    done = shell("mode=reproduce", *words, "output=json", **environment)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["status"] == done.returncode
    assert list(shell.outputs.glob("**/again-*")) == []
    return answer


def statuses(answer: dict[str, Any]) -> dict[str, str]:
    assert answer["result"] is not None, answer["error"]
    return {one["name"]: one["status"] for one in answer["result"]["stages"]}


def test_the_best_of_a_sweep_is_the_same_elsewhere(shell: Shell, tmp_path: Path) -> None:
    before = {one.info.run_id for one in shell.runs()}
    shell.client.set_registered_model_alias(MODEL, CHALLENGER, "1")
    shell.client.set_model_version_tag(MODEL, "1", NEEDS_PROOF, "true")
    elsewhere = {"HOME": str(tmp_path), "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    answer = again(shell, "run=champion", **elsewhere)
    assert answer["error"] is None, answer["error"]
    assert statuses(answer) == dict.fromkeys(STAGES, "same")
    assert "mode=promote" in answer["next"][0]["command"]
    shell.client.delete_registered_model_alias(MODEL, CHALLENGER)
    assert {one.info.run_id for one in shell.runs()} == before
    run = shell.client.get_run(answer["result"]["run_id"])
    assert json.loads(run.data.tags[REPRODUCED])["count"] == 1
    assert PROOF_FILE in {one.path for one in shell.client.list_artifacts(run.info.run_id)}


def test_a_trial_and_a_blend_have_the_same_predictions(shell: Shell) -> None:
    runs = [one for one in shell.runs() if "mlflow.parentRunId" in one.data.tags]
    (best,) = (
        tags["best_run_id"] for one in shell.runs() if "best_run_id" in (tags := one.data.tags)
    )
    trial = next(one for one in runs if "trial" in one.data.tags and one.info.run_id != best)
    found = statuses(again(shell, f"run={trial.info.run_id}"))
    assert found.pop("out_of_fold") == "same"
    assert {*found.values()} == {"not recorded"}
    (blend,) = (one for one in runs if "trial" not in one.data.tags)
    found = statuses(again(shell, f"run={blend.info.run_id}"))
    assert [*found.values()][:5] == ["same"] * 5, "the other stages are of the best alone"
    assert {*found.values()} <= {"same", "not recorded"}


def test_a_simulation_stands_for_its_last_era(shell: Shell) -> None:
    (run,) = (
        one
        for one in shell.runs()
        if one.data.tags.get("mode") == "simulate" and "conclusion" in one.data.tags
    )
    answer = again(shell, f"run={run.info.run_id}")
    assert answer["result"]["name"] == "era-2"
    assert statuses(answer) == dict.fromkeys(STAGES, "same")


def test_a_version_is_made_again_without_its_run(shell: Shell, tmp_path: Path) -> None:
    version = shell.client.get_model_version(MODEL, "1")
    run = shell.client.get_run(str(version.run_id))
    shutil.rmtree(str(run.info.artifact_uri).removeprefix("file://"))
    shutil.rmtree(run.data.tags[FOLDER_TAG])
    answer = again(shell, "run=1", f"reproduce.output={tmp_path / 'kept'}")
    assert answer["error"] is None, answer["error"]
    found = statuses(answer)
    assert found.pop("verdict") == "not compared"
    assert answer["result"]["verdict"] == "the run has no verdict"
    assert {*found.values()} == {"same"}
    assert (tmp_path / "kept" / "model" / "MLmodel").is_file()


def test_a_champion_whose_run_is_deleted_says_so_and_is_made_again(shell: Shell) -> None:
    run_id = str(shell.client.get_model_version(MODEL, "1").run_id)
    shell.client.delete_run(run_id)
    done = shell("mode=compare", "runs=champion,last")
    assert done.returncode == 2, done.stderr
    assert f"expected the run of version 1 of {MODEL}, found it deleted" in done.stderr
    assert "mode=reproduce run=1" in done.stderr
    answer = again(shell, f"run={run_id}")
    assert answer["error"] is None, answer["error"]
    assert answer["result"]["run_id"] == run_id
    assert shell("mode=show").returncode == 2
    shell.client.restore_run(run_id)


def test_other_data_end_with_status_4_and_are_the_suspect(shell: Shell, tmp_path: Path) -> None:
    (run,) = (one for one in shell.runs() if one.data.tags.get("mode") == "pp")
    path = Path(run.data.tags[FOLDER_TAG]) / PROVENANCE_FILE
    record = json.loads(path.read_text())
    record["data"]["seed"] += 1
    (tmp_path / PROVENANCE_FILE).write_text(json.dumps(record))
    answer = again(shell, f"run={tmp_path}", "reproduce.data=present")
    assert (answer["status"], answer["error"]["kind"]) == (4, "DiffersError")
    assert answer["result"]["difference"]["stage"] == "typed"
    assert answer["result"]["suspects"][0]["kind"] == "data"


def test_a_trial_of_a_resumed_sweep_has_the_packages_and_the_code_of_its_own_process(
    database: Path, tmp_path: Path
) -> None:
    """The second trial is run under another scipy, as far as names tell."""
    shell, older = Shell(tmp_path / "outputs"), tmp_path / "older" / "scipy-1.0.dist-info"
    shell.outputs.mkdir()
    shutil.copy(database, shell.outputs / "mlflow.db")
    older.mkdir(parents=True)
    (older / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 1.0\n")
    words = [*TUNE, "mode.blend=null", "hydra.sweeper.study_name=s"]
    for trials, first in (1, ""), (2, f"{older.parent}{os.pathsep}"):
        command = shell.command(*words, f"hydra.sweeper.n_trials={trials}")
        paths = {"PYTHONPATH": f"{first}{os.environ.get('PYTHONPATH', ROOT)}"}
        subprocess.run(command, check=True, env=os.environ | paths, cwd=tmp_path)
    runs = shell.runs()
    (parent,) = (one for one in runs if "best_run_id" in one.data.tags)
    path = tmp_path / PROVENANCE_FILE
    shell.client.download_artifacts(parent.info.run_id, PROVENANCE_FILE, str(tmp_path))
    sweep = read_record(path, Provenance)
    (later,) = sweep.later
    changed = [replace(later, code=replace(sweep.code, digest="changed"))]
    write_json(path, to_plain(replace(sweep, later=changed)))
    shell.client.log_artifact(parent.info.run_id, str(path))
    store = Store(f"sqlite:///{shell.outputs}/mlflow.db", None, "spaceship")
    for trial, scipy, code in ("0", version("scipy"), sweep.code.digest), ("1", "1.0", "changed"):
        (run,) = (one for one in runs if one.data.tags.get("trial") == trial)
        (folder := tmp_path / trial).mkdir()
        of_code = {CODE_TAG: code if trial == "1" else run.data.tags[CODE_TAG]}
        write_trial(store, run.info.run_id, run.data.tags | of_code, folder)
        record = read_record(folder / PROVENANCE_FILE, Provenance)
        assert (record.environment.packages["scipy"], record.code.digest) == (scipy, code)
