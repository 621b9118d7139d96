"""Loading of runs: their hold-out predictions, where the verdict tells them."""

from pathlib import Path

import pandas as pd
import pytest

from spaceship.api.loading import load
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.experiment import Experiment
from spaceship.files import write_json
from spaceship.gate.award import Award
from spaceship.gate.verdict import LoggedVerdict
from spaceship.records import to_plain
from tests.reports import make_report

IDS = pd.Index(["0025", "NA", "1e5"], name="customer")
SLICES = {"plan": ["", "NA", "01"], "probability_band": ["a", "b", "c"]}


def judged_run(experiment: Experiment, folder: Path, *, told: bool | None) -> str:
    """Return the id of a run with a report; None: without a verdict."""
    holdout = HoldOut.of(IDS, [True, False, True], [0.9, 0.1, 0.6], slices=SLICES, label="churned")
    make_report([True], holdout=holdout, recipe={"name": "m"}).write(folder)
    if told is not None:
        verdict = LoggedVerdict(Award.REFUSED, "Refused: no gain.", "relative_gain", told=told)
        write_json(folder / "verdict.json", to_plain(verdict))
    run_id = experiment.store.start_run("a run", {})
    experiment.store.client.log_artifacts(run_id, str(folder))
    return run_id


@pytest.mark.parametrize("told", [False, None])
def test_no_hold_out_is_given_unless_the_verdict_tells_it(
    experiment: Experiment, tmp_path: Path, *, told: bool | None
) -> None:
    (folder := tmp_path / "job").mkdir()
    loaded = load(experiment, judged_run(experiment, folder, told=told))
    assert (loaded.name, loaded.holdout) == ("m", None)


def test_ids_and_slices_of_a_hold_out_are_text(experiment: Experiment, tmp_path: Path) -> None:
    (folder := tmp_path / "job").mkdir()
    rows = load(experiment, judged_run(experiment, folder, told=True)).holdout
    assert rows is not None
    assert (rows.index.name, rows.index.tolist()) == ("customer", IDS.tolist())
    assert rows["probability"].tolist() == [0.9, 0.1, 0.6]
    assert {name: rows[name].tolist() for name in SLICES} == SLICES
    assert [*rows] == ["probability", *SLICES]
