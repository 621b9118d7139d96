"""A recorded run of an older state is made again: equal, or what has changed since is named."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spaceship.data.digest import table_digest
from spaceship.errors import MissingDependencyError
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.evaluation.report import OUT_OF_FOLD, REPORT_FILE
from spaceship.files import write_json
from spaceship.gate.verdict import VERDICT_FILE
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import DATA_FOLDER, ROWS_FILE
from spaceship.records import to_plain
from spaceship.registry.registry import PROVENANCE_FILE
from spaceship.reproduction.environment import locked_python
from tests.commands import Shell
from tests.forks import Done
from tests.record.older_run import COMMIT, older_run

NUMBERS = {"features", OUT_OF_FOLD, "holdout", "model", "verdict"}
"""Stages in which packages and the CPU may have a say."""
OFFLINE = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
PRESENT = "reproduce.code=present"


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return older_run(tmp_path)


def again(shell: Shell, run: RecordedRun, *words: str, **environment: str) -> Done:
    return shell("mode=reproduce", f"run={run.folder}", "output=json", *words, **environment)


def answer(shell: Shell, run: RecordedRun) -> dict[str, Any]:
    """Return the comparison, on the present code if this clone has not the commit."""
    done = again(shell, run, **OFFLINE)
    if done.returncode == 2:
        assert COMMIT[:12] in fault(done)
        done = again(shell, run, PRESENT, **OFFLINE)
    found: dict[str, Any] = json.loads(done.stdout)["result"]
    differing = [one["name"] for one in found["stages"] if one["status"] == "differs"]
    assert done.returncode == (4 if differing else 0)
    return found | {"differing": {*differing}}


def fault(done: Done) -> str:
    """Return the one message of a command that could not make a run again."""
    assert done.returncode == 2, done.stdout
    message = str(json.loads(done.stdout)["error"]["message"])
    assert message.startswith("expected ")
    assert "Traceback" not in done.stderr
    return message


def changed(run: RecordedRun, **facts: Any) -> None:
    write_json(run.folder / PROVENANCE_FILE, to_plain(replace(run.provenance, **facts)))


def test_it_is_equal_or_what_has_moved_is_named(shell: Shell, run: RecordedRun) -> None:
    found = answer(shell, run)
    assert found["differing"] <= NUMBERS
    if found["differing"]:
        kinds = {one["kind"] for one in found["suspects"]}
        assert kinds & {"package", "cpu", "threads", "environment", "code"}


def test_a_package_that_has_moved_is_the_answer_where_other_files_are_lost_too(
    shell: Shell, run: RecordedRun
) -> None:
    assert run.out_of_fold is not None
    for name in (ROWS_FILE, HOLDOUT_FILE, REPORT_FILE, VERDICT_FILE):
        (run.folder / name).unlink()
    values = run.out_of_fold["value"]
    values.iloc[5] = np.nextafter(values.iloc[5], 1)
    run.out_of_fold.assign(value=values).to_parquet(run.folder / OUT_OF_FOLD_FILE)
    record = run.provenance
    packages = record.environment.packages | {"lightgbm": "4.0.0"}
    rows, _ = table_digest(values.to_numpy())
    rows = replace(rows, columns={}, unordered="")
    changed(
        run,
        environment=replace(record.environment, packages=packages),
        stages=record.stages | {OUT_OF_FOLD: {"rows": rows}},
    )
    found = answer(shell, run)
    assert found["differing"] == {found["difference"]["stage"]} <= NUMBERS
    texts = [one["text"] for one in found["suspects"] if one["kind"] == "package"]
    assert any(text.startswith("lightgbm 4.0.0 → ") for text in texts)
    if found["difference"]["stage"] == OUT_OF_FOLD and found["difference"]["rows"] == 1:
        assert found["difference"]["distance"] == 1  # all else is as it was made here


@pytest.mark.parametrize("missing", ["git", "commit"])
def test_without_the_code_the_present_one_is_offered(
    shell: Shell, run: RecordedRun, missing: str
) -> None:
    if missing == "commit":
        changed(run, code=replace(run.provenance.code, commit="0" * 40))
    message = fault(again(shell, run, **({"PATH": ""} if missing == "git" else {})))
    assert missing in message
    assert PRESENT in message


def test_without_the_data_their_place_is_named(shell: Shell, run: RecordedRun) -> None:
    shutil.rmtree(run.folder / DATA_FOLDER)
    place, target = str(run.folder / "gone"), "spaceship.data.local.LocalData"
    changed(run, data={"name": "local", "_target_": target, "dir": place})
    message = fault(again(shell, run))
    assert place in message
    assert "record.data=true" in message


def test_without_a_record_there_is_nothing_to_make(shell: Shell, run: RecordedRun) -> None:
    (run.folder / PROVENANCE_FILE).unlink()
    assert PROVENANCE_FILE in fault(again(shell, run))


def test_without_a_network_the_present_packages_are_offered(
    shell: Shell, run: RecordedRun, tmp_path: Path
) -> None:
    words = ("reproduce.environment=locked", PRESENT)
    message = fault(again(shell, run, *words, UV_CACHE_DIR=str(tmp_path), **OFFLINE))
    assert "reproduce.environment=present" in message


def test_without_uv_the_present_packages_are_offered(
    run: RecordedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(MissingDependencyError, match=r"expected uv.*environment=present"):
        locked_python(run.provenance.environment, ["numpy"], tmp_path)
