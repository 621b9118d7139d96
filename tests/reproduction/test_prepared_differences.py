"""Ten differences, each alone: the first one that shows is found, and its cause is named."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from spaceship.config.installation import configs
from spaceship.features.table import TableFeatures
from spaceship.record.code import Code
from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.differences import ORDER_OF_ROWS, Difference, compare_stages
from spaceship.reproduction.suspects import find_suspects
from tests.record.customers import Customers, customers

THREADS = "OMP_NUM_THREADS"
Found = tuple[Difference, list[str]]


class Runs:
    """Runs of customers, each compared with the first one on the same settings."""

    def __init__(self, folder: Path) -> None:
        self.train = Customers(folder)
        self.first = self.run(customers())

    def run(self, rows: pd.DataFrame, *overrides: str, fit: bool = False) -> RecordedRun:
        self.train(rows, *overrides, fit=fit)
        return RecordedRun.read(self.train.folder / f"run-{self.train.count}")

    def __call__(self, rows: pd.DataFrame, *overrides: str) -> Found:
        """Return the first difference, and the suspects."""
        return found(self.first, self.run(rows, *overrides))


def found(first: RecordedRun, again: RecordedRun) -> Found:
    compared = compare_stages(first, again)
    assert not compared.equal
    assert compared.difference is not None
    suspects = find_suspects(first, again, compared)
    return compared.difference, [f"{one.kind}: {one.text}" for one in suspects]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder, before = tmp_path_factory.mktemp("customers"), Path.cwd()
    os.chdir(folder)
    yield Runs(folder)
    os.chdir(before)


def test_equal(runs: Runs) -> None:
    again = runs.run(customers())
    compared = compare_stages(runs.first, again)
    assert compared.equal
    assert [str(line.status) for line in compared.stages] == ["same"] * 5 + ["not recorded"] * 3
    assert find_suspects(runs.first, again, compared) == ()


def test_a_changed_row(runs: Runs) -> None:
    rows = customers()
    rows.loc[5] = ["c-005", "d", "1.5", "2023-02-02T00:00:00+01:00", "yes"]
    difference, suspects = runs(rows)
    assert (difference.stage, difference.row, difference.rows) == ("typed", "c-005", 1)
    assert difference.columns == ("plan", "fee", "since")
    assert suspects == ["data: train: 1 row changed, from c-005: plan, fee, since"]


def test_a_changed_cell(runs: Runs) -> None:
    rows = customers()
    rows.loc[9, "fee"] = "0.01"
    difference, suspects = runs(rows)
    assert (difference.row, difference.column, difference.rows) == ("c-009", "fee", 1)
    assert suspects == ["data: train: 1 row changed, from c-009: fee"]


def test_a_removed_row(runs: Runs) -> None:
    difference, suspects = runs(customers().drop(index=7))
    assert (difference.row, difference.rows) == ("c-007", 1)
    assert suspects == ["data: train: 160 rows → 159, from row c-007"]


def test_another_seed(runs: Runs) -> None:
    difference, suspects = runs(customers(), "seed=7")
    assert (difference.stage, difference.columns) == ("split", ("fold",))
    assert {difference.recorded, difference.again} == {"fold 1", "fold 2"}
    assert suspects == ["config: seed 42 → 7"]


def test_a_source_line_of_a_feature(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def bent(plain: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        return lambda *given: plain(*given).assign(fee=lambda made: made["fee"] ** 1.5)

    for name in ("fit_transform", "transform"):
        monkeypatch.setattr(TableFeatures, name, bent(getattr(TableFeatures, name)))
    path, code = "spaceship/features/table.py", Code.present()
    other = {"spaceship/mode/show.py": "ab", "configs/model/lgbm.yaml": "cd", path: "ef"}
    changed = replace(code, files=code.files | other)
    monkeypatch.setattr(Code, "present", lambda: changed)
    difference, suspects = runs(customers())
    assert (difference.stage, difference.column, difference.row) == ("features", "fee", "c-000")
    assert suspects == [f"code: {path}"]


def test_a_yaml_of_a_model(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    path = runs.train.folder / "configs" / "model" / "logistic_regression.yaml"
    path.parent.mkdir()
    shipped = configs() / "model" / path.name
    path.write_text(shipped.read_text().replace("C: ", "C: 1"))
    name, code = f"configs/model/{path.name}", Code.present()
    changed = replace(code, files=code.files | {name: "ab"})
    monkeypatch.setattr(Code, "present", lambda: changed)
    difference, suspects = runs(customers())
    path.unlink()
    assert (difference.stage, difference.column, difference.row) == (
        "out_of_fold",
        "value",
        "c-000",
    )
    assert difference.distance is not None
    assert difference.distance > 2**40
    assert suspects == [f"config: model.estimator.C 0.3 → 10.3 ({name})"]


def test_an_older_package(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = LogisticRegression.predict_proba
    nudged = lambda model, rows: np.nextafter(now(model, rows), 1)  # noqa: E731
    monkeypatch.setattr(LogisticRegression, "predict_proba", nudged)
    for name in ("scikit_learn-1.0", "mlflow-2.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    difference, suspects = runs(customers())
    assert (difference.stage, difference.distance, difference.rows) == ("out_of_fold", 1, 139)
    version = runs.first.provenance.environment.packages["scikit_learn"]
    assert suspects == [f"package: scikit_learn {version} → 1.0"]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: OpenMP makes one thread")
def test_threads_of_a_model_that_depends_on_them(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, made = customers(16000), []
    rows["plan"] = [f"p{at % 19}" for at in range(len(rows))]  # one-hot: sums are long and wide
    for threads in (1, 2):
        monkeypatch.setenv(THREADS, str(threads))
        with threadpool_limits(threads):
            made.append(runs.run(rows, "model.estimator.solver=newton-cholesky"))
    difference, (suspect,) = found(*made)
    assert difference.stage == "out_of_fold"
    assert suspect.startswith("threads: ")
    assert f"{THREADS} 1 → 2" in suspect


def test_another_salt(runs: Runs) -> None:
    difference, suspects = runs(customers(), "split.salt=other")
    assert (difference.stage, difference.columns) == ("split", ("training part", "fold"))
    assert suspects == ["config: split.salt spaceship → other"]


def test_reordered_rows(runs: Runs) -> None:
    difference, suspects = runs(customers()[::-1])
    assert (difference.column, difference.rows) == (ORDER_OF_ROWS, 160)
    assert (difference.recorded, difference.again) == ("c-000", "c-159")
    assert suspects == ["data: train: the same rows in another order, from number 1"]


def test_another_time_zone_of_a_date(runs: Runs) -> None:
    rows = customers()
    rows["since"] = rows["since"].str.replace("+01:00", "+02:00")
    difference, suspects = runs(rows)
    assert (difference.column, difference.rows) == ("since", 160)
    words = "another time zone of the date column since, in every row"
    assert suspects == [f"data: train: {words}"]
