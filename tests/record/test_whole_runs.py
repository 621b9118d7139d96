"""Records of whole commands: complete with the run and its version, equal anywhere on a machine."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
from mlflow.entities import Run

from spaceship.data.digest import digest
from spaceship.files import digest as file_digest
from spaceship.record.environment import ENVIRONMENT_TAG
from spaceship.record.run_record import Provenance
from spaceship.record.stages import OPTIONAL, ORDER, in_short
from spaceship.records import read_record
from spaceship.registry.registry import DIGESTS, PROVENANCE_FILE
from spaceship.tracking.store import FOLDER_TAG
from spaceship.tracking.tag_names import hidden
from tests.commands import QUICK, QUICK_MODEL, ROOT, Shell

ALL = [one for one in ORDER if one not in OPTIONAL]
TRAIN = ["mode=train", *QUICK, QUICK_MODEL, "split.n_folds=2"]
_FEATURES = Path("spaceship") / "features" / "raw.py"


def record(folder: Path) -> Provenance:
    return read_record(folder / PROVENANCE_FILE, Provenance)


def artifacts(shell: Shell, run: Run, folder: Path) -> Path:
    folder.mkdir()
    shell.client.download_artifacts(run.info.run_id, "", str(folder))
    return folder


def stages_of(run: Run) -> dict[str, str]:
    found: dict[str, str] = json.loads(run.data.tags[hidden("stages")])
    return found


def test_the_record_lies_with_run_and_version_and_the_data_if_wanted(
    shell: Shell, tmp_path: Path
) -> None:
    assert shell(*TRAIN, "record.data=true").returncode == 0
    (run,) = shell.runs()
    logged = artifacts(shell, run, tmp_path / "logged")
    found = record(logged)
    assert found == record(Path(run.data.tags[FOLDER_TAG]))
    assert [*in_short(found.stages)] == ALL
    assert found.later == []
    assert found.command == run.data.tags["command"]
    assert found.run_id == run.info.run_id
    assert stages_of(run).items() <= in_short(found.stages).items()
    frames = (pd.read_parquet(logged / "data" / f"{part}.parquet") for part in ("train", "test"))
    assert digest(*frames) == run.data.tags["data_digest"]
    version = shell.client.get_model_version("spaceship_titanic-synthetic", str(shell.champion()))
    registered = json.loads(version.tags[DIGESTS])
    assert registered[PROVENANCE_FILE] == file_digest(logged / PROVENANCE_FILE)


def test_equal_in_another_folder_home_locale_and_hash_seed_but_for_a_changed_line(
    shell: Shell, database: Path, tmp_path: Path
) -> None:
    assert shell(*TRAIN, "gate.dry_run=true", PYTHONHASHSEED="1").returncode == 0
    copy = tmp_path / "copy"
    for name in ("spaceship", "hydra_plugins", "configs", "scripts"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("local", "__pyc*"))
    git = ["git", "-C", str(copy), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    source = (copy / _FEATURES).read_text()
    (copy / _FEATURES).write_text(source + "\n# changed\n")
    (copy / "new.txt").write_text("new")
    elsewhere = Shell(tmp_path / "elsewhere")
    elsewhere.outputs.mkdir()
    shutil.copy(database, elsewhere.outputs / "mlflow.db")
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),
        "HOME": str(tmp_path),
        "PYTHONHASHSEED": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C",
        "LANG": "C",
        "TZ": "Asia/Tokyo",
    }
    words = [*TRAIN, "gate.dry_run=true", f"paths.outputs={elsewhere.outputs}"]
    script = [sys.executable, str(copy / "scripts" / "run.py")]
    subprocess.run([*script, *words], cwd=tmp_path, env=environment, check=True, timeout=300)
    one, other = (
        record(Path(place.runs()[0].data.tags[FOLDER_TAG])) for place in (shell, elsewhere)
    )
    assert in_short(other.stages) == in_short(one.stages)
    assert other.environment.digest != one.environment.digest
    assert other.environment.variables["TZ"] == "Asia/Tokyo"
    files = {
        name
        for name, one_digest in other.code.files.items()
        if one.code.files.get(name) != one_digest
    }
    assert files == {_FEATURES.as_posix()}
    assert "+# changed" in other.code.diff
    assert other.code.dirty
    assert [*other.code.untracked] == ["new.txt"]


def test_a_sweep_its_trials_and_its_best(shell: Shell, tmp_path: Path) -> None:
    words = ["mode=tune", *TRAIN[1:], "hydra.sweeper.n_trials=2", "hydra.sweeper.study_name=s"]
    words += ["model@mode.start=logistic_regression", "++mode.start.bags=2"]
    assert shell(*words).returncode == 0
    runs = shell.runs()
    (parent,) = (run for run in runs if "best_run_id" in run.data.tags)
    whole = artifacts(shell, parent, tmp_path / "parent")
    assert record(whole).command == parent.data.tags["command"]
    trials = [run for run in runs if "trial" in run.data.tags]
    environments = {run.data.tags[ENVIRONMENT_TAG] for run in trials}
    assert {f"environment-{one}.json" for one in environments} == {
        path.name for path in whole.glob("environment-*")
    }
    assert all("out_of_fold" in stages_of(run) for run in trials)
    best = shell.client.get_run(parent.data.tags["best_run_id"])
    found = record(artifacts(shell, best, tmp_path / "best"))
    assert [*in_short(found.stages)] == ALL
    assert in_short(found.stages)["out_of_fold"] == stages_of(best)["out_of_fold"]
    (blend,) = (run for run in runs if run.data.tags.get("candidate", "").startswith("blend"))
    of_blend = record(artifacts(shell, blend, tmp_path / "blend"))
    assert of_blend.command == parent.data.tags["command"]
    assert sum(member["bags"] for member in of_blend.recipe["members"]) >= 2
    features = of_blend.stages["features"]
    assert [*features] == [
        f"fold {fold} {name}" for fold in (1, 2) for name in ("learnt", "tested", "member 1")
    ]
    assert shell(*TRAIN, "gate=off").returncode == 0
    (alone,) = (run for run in shell.runs() if "gate=off" in run.data.tags.get("command", ""))
    of_alone = record(artifacts(shell, alone, tmp_path / "alone")).stages["features"]
    assert features["fold 2 member 1"] == of_alone["fold 2 tested"]
    assert shell(*words).returncode == 0
    (later,) = record(Path(parent.data.tags[FOLDER_TAG])).later
    assert (later.after, later.code) == ([], None)
    assert later.environment.packages == found.environment.packages


def test_each_era_of_a_simulation_has_a_record(shell: Shell) -> None:
    words = ["mode=simulate", *TRAIN[1:], "simulate.eras=2", "simulate.groups=150"]
    assert shell(*[one for one in words if not one.startswith("data.")]).returncode == 0
    (run,) = shell.runs()
    folder = Path(run.data.tags[FOLDER_TAG])
    eras = [record(folder / "simulation" / f"era-{era}") for era in (1, 2)]
    assert all([*in_short(era.stages)] == ALL for era in eras)
    assert eras[1].data["last"] == "2"
    assert record(folder).stages == {}
