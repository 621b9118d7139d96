"""Reports come back bit for bit, or not at all."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spaceship.errors import RegistryError
from spaceship.evaluation.holdout_predictions import HoldOut
from spaceship.evaluation.protocol import Protocol
from spaceship.evaluation.report import Report
from spaceship.evaluation.slices import SliceScore
from tests.reports import labels_of

IDS = ["0001_01", "0001_02", "0002_01"]
HOLDOUT = HoldOut.of(IDS, [True, False, True], [0.1 + 0.2, 1e-17, 0.5])
REPORT = Report(
    name="lgbm",
    data_source="synthetic",
    data_digest="ab12",
    recipe={"model": {"reg": 1e-3, "depth": None, "sizes": [1, 2]}},
    metrics={"cv_accuracy": 0.8 + 1e-16, "holdout_accuracy": 2 / 3, "fit_seconds": 1.5},
    folds=[{"accuracy": 1 / 3}, {"accuracy": 0.7}],
    slices=[SliceScore("deck", "missing", n=3, accuracy=0.1, log_loss=0.7)],
    repeats={"42": {"accuracy": 0.81}},
    holdout=HOLDOUT,
    run_id="run",
    protocol=Protocol(holdout_fraction=0.2, salt="a", n_folds=5, seed=1),
)


def test_a_report_comes_back_bit_for_bit(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    assert Report.read(tmp_path, labels_of(HOLDOUT)) == REPORT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holdout.csv", "report.json"]


def test_report_json_has_a_version_and_no_holdout_rows(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["version"] == 1
    assert "0001_01" not in (tmp_path / "report.json").read_text()


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    REPORT.write(tmp_path / "a")
    Report.read(tmp_path / "a", labels_of(HOLDOUT)).write(tmp_path / "b")
    for name in ("report.json", "holdout.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_report_without_holdout_ignores_an_older_one(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    replace(REPORT, holdout=None).write(tmp_path)
    assert Report.read(tmp_path).holdout is None


def test_nan_is_null_in_the_file_and_nan_when_read(tmp_path: Path) -> None:
    broken = replace(
        REPORT,
        metrics={"cv_roc_auc": math.nan},
        folds=[{"roc_auc": math.nan}],
        slices=[SliceScore("deck", "A", n=1, accuracy=math.nan, log_loss=math.nan)],
        repeats={"42": {"accuracy": math.nan}},
    )
    broken.write(tmp_path)
    assert "NaN" not in (tmp_path / "report.json").read_text()
    back = Report.read(tmp_path)
    assert math.isnan(back.metrics["cv_roc_auc"])
    assert math.isnan(back.folds[0]["roc_auc"])
    assert math.isnan(back.repeats["42"]["accuracy"])
    assert math.isnan(back.slices[0].log_loss)
    assert back.recipe == REPORT.recipe, "a null of the recipe is no NaN"


def test_a_holdout_of_another_run_is_refused(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    other = replace(HOLDOUT, values=np.full(3, 0.1))
    (tmp_path / "holdout.csv").write_text(other.to_csv())
    with pytest.raises(RegistryError, match="found another one"):
        Report.read(tmp_path, labels_of(HOLDOUT))


def test_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"readable file .*report\.json"):
        Report.read(tmp_path)
    REPORT.write(tmp_path)
    (tmp_path / "holdout.csv").unlink()
    with pytest.raises(RegistryError, match=r"readable file .*holdout\.csv"):
        Report.read(tmp_path, labels_of(HOLDOUT))


def test_missing_keys_are_all_named(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    path = tmp_path / "report.json"
    content = json.loads(path.read_text())
    del content["folds"], content["metrics"]
    path.write_text(json.dumps(content))
    with pytest.raises(RegistryError, match="keys folds, metrics in"):
        Report.read(tmp_path)


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    path = tmp_path / "report.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(RegistryError, match=r"expected version 1 .* found 9"):
        Report.read(tmp_path)


def test_a_report_of_old_has_neither_protocol_nor_threshold(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    path = tmp_path / "report.json"
    content = json.loads(path.read_text())
    del content["threshold"]
    for protocol in (dict[str, object](), None):
        path.write_text(json.dumps(content | {"protocol": protocol}))
        old = Report.read(tmp_path, labels_of(HOLDOUT))
        assert old == replace(REPORT, protocol=None)
        assert not old.may_have_seen_holdout_of(REPORT)
    del content["protocol"]
    path.write_text(json.dumps(content))
    assert Report.read(tmp_path).protocol is None
