"""A recorded run of an older state of the project can be read, and its digests are of its files."""

import numpy as np
import pandas as pd
import pytest

from spaceship.data.digest import table_digest
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.record.model_digest import model_digest
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.stages import OPTIONAL, ORDER, holdout_stage, in_short, split_stage
from tests.record.older_run import COMMIT, older_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RecordedRun:
    return older_run(tmp_path_factory.mktemp("sent"))


def test_its_record_is_read(run: RecordedRun) -> None:
    found = run.provenance
    assert (found.code.commit, found.code.dirty) == (COMMIT, False)
    assert [*in_short(found.stages)] == [one for one in ORDER if one not in OPTIONAL]
    assert found.environment.packages["lightgbm"]
    assert found.later == []
    assert run.raw == found.stages["raw"]["source"].digest


def test_the_typed_tables_have_their_digests(run: RecordedRun) -> None:
    assert run.data is not None
    assert run.rows is not None
    for name, recorded in run.provenance.stages["typed"].items():
        digest, hashes = table_digest(pd.read_parquet(run.data / f"{name}.parquet"))
        assert digest == recorded
        assert name == "test" or np.array_equal(hashes, run.rows["typed"])


def test_split_and_predictions_have_their_digests(run: RecordedRun) -> None:
    stages = run.provenance.stages
    assert run.rows is not None
    assert split_stage(run.rows["fold"].to_numpy()) == stages["split"]
    assert run.out_of_fold is not None
    out_of_fold, _ = table_digest(run.out_of_fold["value"].to_numpy())
    assert out_of_fold.digest == stages["out_of_fold"]["rows"].digest
    assert run.holdout is not None
    ids, values = run.holdout.iloc[:, 0], run.holdout["probability"].map(float)
    assert holdout_stage(HoldOut.of(ids, values > 1, values)) == stages["holdout"]


def test_the_stored_model_has_its_digest(run: RecordedRun) -> None:
    assert model_digest(run.folder / "model") == run.provenance.stages["model"]["serving"]
