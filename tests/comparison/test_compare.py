"""`mode=compare`: what differs between two runs, and nothing else."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.comparison.paired_tests import PairedTest
from spaceship.errors import ConfigError, RegistryError
from spaceship.mode.compare import CompareResult, compare
from spaceship.registry.registry import PROVENANCE_FILE
from tests.comparison.runs import Runs
from tests.mode.champions import told
from tests.record.customers import customers

GATE = ["gate=predecessor", "gate.floor.minimum=0.5"]
KINDS = ("config", "commit", "code", "packages", "threads", "environment")


@pytest.fixture(scope="session")
def other_seed(runs: Runs) -> str:
    """Give a run with other folds."""
    return runs.train(*GATE, "seed=7")


@pytest.fixture(scope="session")
def stronger(runs: Runs) -> str:
    """Give a run of a recipe with less regularization, in the same folds."""
    return runs.train(*GATE, "model.estimator.C=0.001", "threads=1")


@pytest.fixture(scope="session")
def more_rows(runs: Runs) -> str:
    """Give a run on other data: two rows are gone, three are new, one cell is another."""
    rows = customers()
    rows.loc[9, "fee"] = "0.01"
    new = customers(163).iloc[160:]
    return runs.train(*GATE, rows=pd.concat([rows.iloc[2:], new]))


def differing(found: CompareResult) -> dict[str, list[str]]:
    """Return the names in each kind of change."""
    lists = {kind: getattr(found.changes, kind) for kind in KINDS}
    return {kind: [one.name for one in found] for kind, found in lists.items() if found}


def one_test(found: CompareResult, metric: str, part: str = "out of fold") -> PairedTest:
    (test,) = [one for one in found.tests if (one.metric, one.part) == (metric, part)]
    return test


def test_equal_runs_are_one_line(runs: Runs, first: str, caplog: pytest.LogCaptureFixture) -> None:
    again = runs.train(*GATE)
    found = runs.compare(first, again)
    assert found.same
    assert (found.stages, found.data, found.metrics, found.tests, found.slices) == (
        *([], None),
        *([], [], []),
    )
    assert differing(found) == {}
    lines = told(compare, runs.asking([first, again]), caplog)
    assert "are the same in all that is recorded; they took " in lines[0]
    assert lines[1].startswith("Next: ")
    assert "are one run: run " in told(compare, runs.asking(["1", first]), caplog)[0]


def test_a_setting_and_its_effects_alone(runs: Runs, first: str, stronger: str) -> None:
    found = runs.compare(first, stronger)
    assert differing(found) == {"config": ["model.estimator.C"], "threads": ["threads"]}
    assert found.stages == ["out_of_fold", "holdout", "model"]
    assert (found.data, found.notes, found.same) == (None, [], False)
    names = {one.name for one in found.metrics}
    assert {"cv_log_loss", "holdout_log_loss"} <= names
    assert not names & {"fit_seconds", "model_mb"}
    assert "seconds" in {one.name for one in found.costs}


def test_a_paired_test_is_that_of_the_same_rows(runs: Runs, first: str, stronger: str) -> None:
    found = runs.compare(first, stronger)
    test = one_test(found, "log_loss")
    tables = [load(runs, one).set_index("id") for one in (first, stronger)]
    gains = tables[0]["log_loss"] - tables[1]["log_loss"]
    assert test.rows == test.groups == len(gains) == len(tables[0])
    assert test.difference == pytest.approx(-gains.mean())
    error = np.sqrt(((gains - gains.mean()) ** 2).sum()) / len(gains)
    assert test.high - test.low == pytest.approx(2 * 1.96 * error)
    assert test.old == pytest.approx(tables[0]["log_loss"].mean())
    assert test.same_folds
    assert test.p < 0.001
    back = one_test(runs.compare(stronger, first), "log_loss")
    assert (back.difference, back.p) == (-test.difference, test.p)
    held = one_test(found, "log_loss", "held out")
    assert held.same_folds is None
    shown = {one.name: one for one in found.metrics}["holdout_log_loss"]
    assert (held.old, held.new) == pytest.approx((shown.old, shown.new))


def load(runs: Runs, run_id: str) -> pd.DataFrame:
    """Return the log loss of each row out of fold, from the run's file and the raw labels."""
    rows = runs.out_of_fold(run_id)
    churn = (customers().set_index("customer")["churn"] == "yes").reindex(rows.index)
    loss = -np.log(np.where(churn, rows["value"], 1 - rows["value"]))
    return pd.DataFrame({"id": rows.index, "log_loss": loss})


def test_other_folds_are_said(runs: Runs, first: str, other_seed: str) -> None:
    found = runs.compare(first, other_seed)
    assert differing(found) == {"config": ["seed"]}
    assert found.stages[:2] == ["split", "features"]
    assert {one.same_folds for one in found.tests if one.part == "out of fold"} == {False}


def test_rows_and_cells_are_counted_by_id(runs: Runs, first: str, more_rows: str) -> None:
    data = runs.compare(first, more_rows).data
    assert data is not None
    assert data.rows is not None
    assert (data.rows.old, data.rows.new) == (160, 161)
    assert (data.rows.added, data.rows.removed, data.rows.changed) == (3, 2, 1)
    assert data.rows.added_ids == ["c-160", "c-161", "c-162"]
    assert data.rows.removed_ids == ["c-000", "c-001"]
    assert data.rows.changed_ids == ["c-009"]
    assert not data.rows.reordered
    assert [(one.column, one.rows) for one in data.columns] == [("fee", 1)]
    assert (data.drift, data.test) == ([], "")


def test_rows_that_only_one_run_has_are_not_tested(runs: Runs, first: str, more_rows: str) -> None:
    found = runs.compare(first, more_rows)
    test = one_test(found, "log_loss")
    ids = [{*load(runs, one)["id"]} for one in (first, more_rows)]
    assert test.rows == len(ids[0] & ids[1]) < min(map(len, ids))


def test_a_row_with_another_label_is_another_row(runs: Runs, first: str) -> None:
    rows = customers()
    rows["churn"] = np.where(
        rows.index % 2, rows["churn"], rows["churn"].map({"yes": "no", "no": "yes"})
    )
    found = runs.compare(first, runs.train("gate.floor.minimum=0.0", rows=rows))
    ids = load(runs, first)["id"]
    odd = [one for one in ids if int(one.removeprefix("c-")) % 2]
    assert one_test(found, "log_loss").rows == len(odd)


def test_drift_is_that_of_the_columns_that_moved(runs: Runs, first: str) -> None:
    rows = customers()
    rows["fee"] = (rows["fee"].astype(float) + 40).astype(str)
    found = runs.compare(first, runs.train("gate.floor.minimum=0.0", rows=rows))
    assert found.data is not None
    assert [(one.column, one.size) for one in found.data.drift] == [("fee", "large")]


def test_a_hold_out_on_the_ladder_is_not_tested(runs: Runs, first: str) -> None:
    ladder = runs.train(*GATE, "gate.reveal=ladder", "seed=8")
    found = runs.compare(first, ladder)
    assert {one.part for one in found.tests} == {"out of fold"}
    assert any("hold-out" in one for one in found.notes)
    held = [one for one in found.metrics if one.name.startswith("holdout_")]
    assert all(one.new is None for one in held)


def test_a_run_without_a_record_is_compared_by_what_mlflow_has(runs: Runs, first: str) -> None:
    run_id = runs.train("seed=11", judge=False)
    assert runs.experiment is not None
    store = runs.experiment.store
    place = Path(store.client.get_run(run_id).info.artifact_uri.removeprefix("file://"))
    (place / PROVENANCE_FILE).unlink()
    (runs.folders[run_id] / PROVENANCE_FILE).unlink()
    found = runs.compare(first, run_id)
    assert any(one.startswith(f"No record of {run_id}") for one in found.notes)
    assert ("seed", "42", "11") in [(c.name, c.old, c.new) for c in found.changes.config]
    assert found.changes.packages == ()
    assert one_test(found, "log_loss").rows > 0


def test_files_hold_the_whole_comparison(
    runs: Runs, first: str, stronger: str, tmp_path: Path
) -> None:
    found = runs.compare(first, stronger, output=tmp_path / "both.json")
    content = json.loads((tmp_path / "both.json").read_text())
    assert (found.output, content["version"]) == (str(tmp_path / "both.json"), 1)
    assert len(content["tests"]) == len(found.tests)
    runs.compare(first, stronger, output=tmp_path / "both.md")
    text = (tmp_path / "both.md").read_text()
    for part in (
        "# Comparison of two runs\n",
        "\n## Config\n",
        "| model.estimator.C |",
        "| threads |",
        "\n## Paired tests, how to read them\n",
    ):
        assert part in text


def test_runs_are_named_by_words_and_versions(runs: Runs, first: str, stronger: str) -> None:
    assert runs.compare("1", stronger[:8]).old.run_id == first
    last = runs.train("seed=12", judge=False)
    assert runs.compare(stronger[:8], "last").new.run_id == last


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        (None, ConfigError, "expected runs=OLD,NEW, two runs, found none; name"),
        ("champion", ConfigError, "found 1: champion; name"),
        (["1", "2", "3"], ConfigError, "found 3: 1, 2, 3; name"),
        (["1", "lats"], ConfigError, "did you mean last: .* runs=1,last "),
        (["nobody{}", "1"], ConfigError, "found 'nobody{}'; see the ids of all runs"),
        (["challenger", "1"], RegistryError, "expected a challenger"),
    ],
)
@pytest.mark.usefixtures("first")
def test_runs_that_are_not_two(
    runs: Runs, given: list[str] | str | None, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        compare(runs.asking(given))


def test_a_file_of_another_kind(runs: Runs, first: str) -> None:
    with pytest.raises(ConfigError, match=r"expected compare.output=FILE.md or FILE.json"):
        runs.compare(first, first, output=Path("x.csv"))
