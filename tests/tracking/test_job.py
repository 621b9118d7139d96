"""A job's folder describes itself."""

from pathlib import Path

import pytest

from spaceship.errors import DataError, TrackingError
from spaceship.evaluation.report import Report
from spaceship.files import read_json
from spaceship.tracking.job import FAILURE_FILE, Job


def test_what_a_folder_holds(tmp_path: Path) -> None:
    job = Job(tmp_path, in_multirun=False)
    assert not job.scored
    assert not job.fitted
    Report("m", "synthetic", "d").write(tmp_path)
    assert job.scored
    job.twin.mkdir()
    assert not job.fitted
    job.model.mkdir()
    assert job.fitted


def test_its_run_is_noted_and_found_again(tmp_path: Path) -> None:
    job = Job(tmp_path, in_multirun=True)
    assert job.run_id is None
    with pytest.raises(TrackingError, match=r"found none; run it with the callback: hydra/call"):
        job.logged_run()
    job.note_run("abc")
    assert Job(tmp_path, in_multirun=False).logged_run() == "abc"


def test_a_failure_is_noted_with_its_cause(tmp_path: Path) -> None:
    try:
        try:
            _ = 1 / 0
        except ZeroDivisionError as cause:
            message = "expected a file"
            raise DataError(message) from cause
    except DataError as error:
        text = Job(tmp_path, in_multirun=False).note_failure(error)
    assert "ZeroDivisionError" in text
    assert "expected a file" in text
    noted = read_json(tmp_path / FAILURE_FILE)
    assert noted == {"type": "DataError", "message": "expected a file"}
