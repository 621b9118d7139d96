"""Reports come back bit for bit, or not at all."""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaceship.errors import ConfigError, RegistryError
from spaceship.evaluation.report import DIRECTIONS, HoldOut, Report, better, direction

HOLDOUT = HoldOut(("0001_01", "0001_02", "0002_01"), (True, False, True), (0.1 + 0.2, 1e-17, 0.5))
REPORT = Report(
    name="lgbm",
    data_source="synthetic",
    data_digest="ab12",
    recipe={"model": {"reg": 1e-3, "depth": None, "sizes": [1, 2]}},
    metrics={"cv_accuracy": 0.8 + 1e-16, "holdout_accuracy": 2 / 3, "fit_seconds": 1.5},
    folds=[{"accuracy": 1 / 3}, {"accuracy": 0.7}],
    slices=[{"slice": "deck", "value": "missing", "n": 3, "accuracy": 0.1, "log_loss": 0.7}],
    repeats={"42": {"accuracy": 0.81}},
    holdout=HOLDOUT,
    run_id="run",
)


def test_a_report_comes_back_bit_for_bit(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    assert Report.read(tmp_path) == REPORT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["holdout.csv", "report.json"]


def test_report_json_has_a_version_and_no_holdout_rows(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["version"] == 1
    assert "0001_01" not in (tmp_path / "report.json").read_text()


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    REPORT.write(tmp_path / "a")
    Report.read(tmp_path / "a").write(tmp_path / "b")
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
        repeats={"42": {"accuracy": math.nan}},
    )
    broken.write(tmp_path)
    assert "NaN" not in (tmp_path / "report.json").read_text()
    back = Report.read(tmp_path)
    assert math.isnan(back.metrics["cv_roc_auc"])
    assert math.isnan(back.folds[0]["roc_auc"])
    assert math.isnan(back.repeats["42"]["accuracy"])
    assert back.recipe == REPORT.recipe, "a null of the recipe is no NaN"


def test_a_holdout_of_another_run_is_refused(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    other = replace(HOLDOUT, probabilities=(0.1, 0.2, 0.3))
    (tmp_path / "holdout.csv").write_text(other.to_csv())
    with pytest.raises(RegistryError, match="found another one"):
        Report.read(tmp_path)


def test_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"readable file .*report\.json"):
        Report.read(tmp_path)
    REPORT.write(tmp_path)
    (tmp_path / "holdout.csv").unlink()
    with pytest.raises(RegistryError, match=r"readable file .*holdout\.csv"):
        Report.read(tmp_path)


def test_missing_keys_are_all_named(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    path = tmp_path / "report.json"
    content = json.loads(path.read_text())
    del content["folds"], content["name"]
    path.write_text(json.dumps(content))
    with pytest.raises(RegistryError, match="keys folds, name in"):
        Report.read(tmp_path)


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    REPORT.write(tmp_path)
    path = tmp_path / "report.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 9'))
    with pytest.raises(RegistryError, match=r"expected version 1 .* found 9"):
        Report.read(tmp_path)


@given(st.lists(st.floats(allow_nan=True), max_size=20))
def test_holdout_probabilities_keep_every_digit(
    tmp_path_factory: pytest.TempPathFactory, probabilities: list[float]
) -> None:
    path = tmp_path_factory.mktemp("holdout") / "holdout.csv"
    ids = tuple(f"{i:04d}_01" for i in range(len(probabilities)))
    path.write_text(HoldOut(ids, (True,) * len(ids), tuple(probabilities)).to_csv())
    back = HoldOut.read_csv(path)
    assert back.passenger_ids == ids
    assert list(map(repr, back.probabilities)) == list(map(repr, probabilities))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PassengerId,Transported\n0001_01,True\n",
        "PassengerId,Transported,probability\n0001_01,yes,0.5\n",
        "PassengerId,Transported,probability\n0001_01,True,much\n",
        "PassengerId,Transported,probability\n0001_01,True,0.5\n0001_02,True\n",
        "PassengerId,Transported,probability\n0001_01,True,0.5\n0001_01,True,0.5\n",
    ],
)
def test_a_broken_holdout_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "holdout.csv"
    path.write_text(text)
    with pytest.raises(RegistryError, match="Expected rows of PassengerId, Transported, prob"):
        HoldOut.read_csv(path)


def test_holdout_predicts_above_one_half_and_counts() -> None:
    assert HOLDOUT.predictions == (False, False, False)
    assert HOLDOUT.accuracy == 1 / 3


def test_holdout_accuracy_is_nan_without_rows_or_with_a_nan() -> None:
    assert math.isnan(HoldOut((), (), ()).accuracy)
    assert math.isnan(HoldOut(("a", "b"), (True, True), (0.9, math.nan)).accuracy)


def test_a_holdout_of_unequal_columns_or_double_ids_is_a_bug() -> None:
    with pytest.raises(ValueError, match=r"one length, got \(1, 2, 1\)"):
        HoldOut(("a",), (True, False), (0.5,))
    with pytest.raises(ValueError, match="distinct"):
        HoldOut(("a", "a"), (True, False), (0.5, 0.5))


def test_direction_takes_prefixes() -> None:
    assert set(DIRECTIONS.values()) == {"maximize", "minimize"}
    assert direction("accuracy") == direction("cv_accuracy") == "maximize"
    assert direction("holdout_log_loss") == direction("log_loss") == "minimize"


def test_an_unknown_metric_prints_the_sorted_choices() -> None:
    with pytest.raises(ConfigError, match=r"accuracy, brier, ece, log_loss, roc_auc .* 'cv_f1'"):
        direction("cv_f1")


def test_better_follows_the_direction_and_is_strict() -> None:
    assert better("cv_accuracy", 0.8000000000000002, 0.8)
    assert not better("accuracy", 0.8, 0.8)
    assert better("log_loss", 0.3, 0.4)
    assert not better("log_loss", 0.4, 0.3)
    assert not better("ece", math.nan, 0.4)
    assert not better("accuracy", 0.4, math.nan)


def test_reports_and_gates_need_the_standard_library_only() -> None:
    code = (
        "import sys; before = set(sys.modules); import spaceship.evaluation.report;"
        "import spaceship.gate.policy;"
        "import spaceship.gate.rule.significance;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'spaceship'}))"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
