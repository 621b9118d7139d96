"""The champion predicts passengers that may have drifted: what is told, kept and refused."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spaceship.drift.profile import PROFILE_FILE, SCORE, Profile
from spaceship.experiment import Experiment
from spaceship.mode._drift import reference_profile
from spaceship.records import read_record
from spaceship.registry.registry import Version
from tests.commands import QUICK, QUICK_MODEL, SUBMISSION, Shell

pytestmark = pytest.mark.slow

DRIFTED = ("data.n_groups=400", "data.drift=1.0")
STRICT = ("inference.max_drift=0.1", "inference.on_drift=fail")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give outputs that hold a champion of passengers who have not drifted; not to be changed."""
    shell = Shell(tmp_path_factory.mktemp("trained") / "outputs")
    done = shell("mode=train", *QUICK, QUICK_MODEL)
    assert "Verdict: champion" in done.stdout, done.stdout + done.stderr
    return shell.outputs


@pytest.fixture
def shell(trained: Path, tmp_path: Path) -> Shell:
    """Give a shell with a copy of that champion."""
    shutil.copytree(trained, tmp_path / "outputs")
    return Shell(tmp_path / "outputs")


def drift(shell: Shell) -> dict[str, Any]:
    """Return what the last run has kept in its folder."""
    content: dict[str, Any] = json.loads(max(shell.outputs.glob("runs/*/*/drift.json")).read_text())
    return content


def artifacts(shell: Shell) -> set[str]:
    run = shell.runs()[0]
    return {item.path for item in shell.client.list_artifacts(run.info.run_id)}


def test_the_champion_carries_the_profile_of_all_it_was_fitted_on(shell: Shell) -> None:
    (path,) = shell.outputs.glob(f"runs/*/*/{PROFILE_FILE}")
    profile = read_record(path, Profile)
    (data,) = shell.outputs.glob("data/spaceship_titanic/synthetic/*/train.parquet")
    assert profile.rows == len(pd.read_parquet(data))
    assert artifacts(shell) >= {PROFILE_FILE, "report.json", "holdout.csv"}
    holdout = pd.read_csv(path.with_name("holdout.csv"))["probability"]
    binned = pd.cut(holdout, [step / 10 for step in range(11)], include_lowest=True)
    expected = binned.value_counts(normalize=True, sort=False).tolist()
    assert profile.columns[SCORE].shares == pytest.approx(expected)


def test_passengers_like_its_own_are_predicted(shell: Shell) -> None:
    done = shell("mode=inference", "data.n_groups=400", *STRICT, "hydra.verbose=true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "none of 14 columns drifted beyond chance" in done.stdout
    assert (shell.outputs / SUBMISSION).is_file()
    table = re.search(r"^column .*?^PSI below", done.stdout, re.MULTILINE | re.DOTALL)
    assert table is not None, done.stdout
    assert len(table[0].splitlines()) == 1 + 14 + 1
    kept = drift(shell)
    assert {"drift.json", "drift.csv"} <= artifacts(shell)
    assert (kept["champion"], kept["max_drift"], kept["beyond"]) == ("1", 0.1, [])
    assert kept["columns"] == sorted(kept["columns"], key=lambda column: -column["psi"])
    table_kept = max(shell.outputs.glob("runs/*/*/drift.csv")).read_text()
    rows = list(csv.DictReader(table_kept.splitlines()))
    assert [float(row["psi"]) for row in rows] == [one["psi"] for one in kept["columns"]]


def test_drifted_passengers_are_not_predicted_where_that_fails(shell: Shell) -> None:
    written = shell.outputs / SUBMISSION
    written.parent.mkdir()
    written.write_text("mine")
    done = shell("mode=inference", *DRIFTED, *STRICT)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(r"inference\.max_drift=0\.1, found .*HomePlanet at 0\.\d", done.stderr)
    assert "inference.on_drift=warn" in done.stderr
    assert written.read_text() == "mine"
    assert {"drift.json", "drift.csv"} <= artifacts(shell)
    assert shell.runs()[0].info.status == "FAILED"
    assert "HomePlanet" in drift(shell)["beyond"]


def test_a_warning_goes_on(shell: Shell) -> None:
    done = shell("mode=inference", *DRIFTED, "inference.max_drift=0.1")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Above inference\.max_drift=0\.1: .*HomePlanet at 0\.", done.stdout)
    assert (shell.outputs / SUBMISSION).is_file()


def test_a_few_passengers_are_too_few_to_tell(shell: Shell) -> None:
    few = ["data.n_groups=11", "data.test_fraction=0.1", "data.drift=1.0"]
    done = shell("mode=inference", *few, *STRICT)
    assert done.returncode == 0, done.stderr
    assert "too few to judge drift by" in done.stdout
    assert drift(shell)["rows"] < 10
    assert drift(shell)["beyond"] == []


@pytest.mark.parametrize("reaction", ["warn", "fail"])
def test_a_profile_that_was_changed_is_not_used(shell: Shell, reaction: str) -> None:
    (path,) = (shell.outputs / "mlartifacts").rglob(f"evidence/{PROFILE_FILE}")
    path.write_text(path.read_text() + " ")
    done = shell("mode=inference", *DRIFTED, f"inference.on_drift={reaction}", *STRICT[:1])
    told = done.stdout + done.stderr
    assert done.returncode == (2 if reaction == "fail" else 0), told
    assert "profile.json of version 1" in told
    assert "found it changed" in told
    assert (shell.outputs / SUBMISSION).is_file() == (reaction == "warn")


def test_a_champion_from_before_profiles_were_kept_predicts(
    experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    old = Version("1", "0" * 32, {}, {"model": "…"})
    assert reference_profile(experiment, old) is None
    assert "registered without a profile" in caplog.text


@pytest.mark.parametrize(
    ("mode", "setting", "told"),
    [
        ("default", "max_drift=nan", "a number, 0 or more, or null, found nan"),
        ("inference", "on_drift=stop", "one of fail, warn, found 'stop'"),
        ("default", "output=/", "found a folder there"),
        ("inference", f"output={__file__}", "add inference.overwrite=true"),
    ],
)
def test_settings_that_cannot_be_used_are_told_before_the_work(
    shell: Shell, mode: str, setting: str, told: str
) -> None:
    done = shell(f"mode={mode}", *QUICK, f"inference.{setting}")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "Cross-validation" not in done.stdout + done.stderr
    assert not (shell.outputs / SUBMISSION).exists()


def test_the_test_file_is_enough(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    stored = next(shell.outputs.glob("data/spaceship_titanic/synthetic/*/train.parquet"))
    pd.read_parquet(stored).to_csv(data / "train.csv", index=False)
    rows = pd.read_parquet(stored.with_name("test.parquet"))
    rows.to_csv(data / "test.csv", index=False)
    train = ("mode=train", *QUICK[1:], QUICK_MODEL, "data=local", f"data.dir={data}")
    assert shell(*train).returncode == 0
    (data / "train.csv").unlink()
    submission = shell.outputs / "submissions" / "spaceship_titanic-local.csv"
    for given in (f"data.dir={data}", f"data.test={data}/test.csv"):
        done = shell("mode=inference", "data=local", given)
        assert done.returncode == 0, done.stdout + done.stderr
        assert pd.read_csv(submission)["PassengerId"].tolist() == rows["PassengerId"].tolist()
        submission.unlink()
    (data / "test.csv").unlink()
    done = shell("mode=inference", "data=local", f"data.dir={data}")
    assert done.returncode == 2
    assert "test.csv: expected a CSV file, found no such file" in done.stderr
