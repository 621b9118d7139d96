"""Two runs have equal records; each of ten differences shows in the records alone."""

import os
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.config.installation import configs
from spaceship.features.table import TableFeatures
from spaceship.record.environment import Environment
from spaceship.record.run_record import Provenance, RunRecord
from spaceship.record.stages import in_short
from spaceship.records import read_record
from spaceship.registry.registry import PROVENANCE_FILE
from tests.record.customers import Customers, customers

DATA = {"raw", "typed"}
SCORED = {"features", "out_of_fold"}
FITTED = {"holdout", "model"}


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customers]:
    folder, before = tmp_path_factory.mktemp("customers"), Path.cwd()
    os.chdir(folder)
    yield Customers(folder)
    os.chdir(before)


@pytest.fixture(scope="module")
def first(train: Customers) -> Provenance:
    return train(customers(), fit=True)


def differing(one: Provenance, other: Provenance) -> set[str]:
    mine, theirs = in_short(one.stages), in_short(other.stages)
    return {name for name, digest in theirs.items() if mine[name] != digest}


def columns(one: Provenance, other: Provenance, stage: str, table: str = "train") -> list[str]:
    mine, theirs = (record.stages[stage][table].columns for record in (one, other))
    assert [*mine] == [*theirs]
    return [name for name in mine if mine[name] != theirs[name]]


def changed(column: str, row: int, value: str) -> pd.DataFrame:
    rows = customers()
    rows.loc[row, column] = value
    return rows


def test_two_runs_are_equal_in_all_stages(train: Customers, first: Provenance) -> None:
    again = train(customers(), fit=True)
    assert differing(first, again) == set()
    assert {*in_short(again.stages)} == {*DATA, "split", *SCORED, *FITTED}
    assert train.rows(0).equals(train.rows(1))
    assert again.code == first.code
    assert again.environment == first.environment


def test_a_changed_row(train: Customers, first: Provenance) -> None:
    rows = customers()
    rows.loc[5] = ["c-005", "d", "1.5", "2023-02-02T00:00:00+01:00", "yes"]
    other = train(rows)
    assert DATA | {"features"} <= differing(first, other)
    assert columns(first, other, "typed") == ["plan", "fee", "since"]
    typed = train.rows(1)["typed"] != train.rows(0)["typed"]
    assert [*typed.index[typed]] == ["c-005"]


def test_a_changed_cell(train: Customers, first: Provenance) -> None:
    other = train(changed("fee", 9, "0.01"))
    assert differing(first, other) == DATA | SCORED
    assert [*other.stages["raw"]] == ["train"]
    assert columns(first, other, "typed") == ["fee"]
    mine, theirs = train.rows(1), train.rows(0)
    assert np.flatnonzero(mine["typed"] != theirs["typed"]).tolist() == [9]


def test_another_seed(train: Customers, first: Provenance) -> None:
    other = train(customers(), "seed=7")
    assert differing(first, other) == {"split", *SCORED}
    assert columns(first, other, "split") == ["fold"]
    assert (first.config["seed"], other.config["seed"]) == (42, 7)


def test_a_source_line_of_a_feature(
    train: Customers, first: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bent(plain: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        return lambda *given: plain(*given).assign(fee=lambda made: made["fee"] ** 1.5)

    for name in ("fit_transform", "transform"):
        monkeypatch.setattr(TableFeatures, name, bent(getattr(TableFeatures, name)))
    other = train(customers(), fit=True)
    assert differing(first, other) == SCORED | FITTED
    assert columns(first, other, "features", "fold 1 learnt") == ["fee"]


def test_a_feature_inside_of_inner_folds(train: Customers, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = train(customers(), "threshold=tuned")
    transform = TableFeatures.transform

    def bent(features: TableFeatures, frame: pd.DataFrame) -> pd.DataFrame:
        return transform(features, frame).assign(fee=lambda made: made["fee"] ** 1.5)

    monkeypatch.setattr(TableFeatures, "transform", bent)
    other = train(customers(), "threshold=tuned")
    assert columns(plain, other, "features", "fold 1 tested") == []
    assert columns(plain, other, "features", "fold 1 member 1") == ["fee"]
    assert (train.rows(0)["features"] != train.rows(1)["features"]).any()


def test_repeats_with_other_folds(train: Customers) -> None:
    one, other = (
        train(customers(), "gate=strict", f"gate.repeats.seeds=[7,{seeds}]", fit=True)
        for seeds in ("8,9", "8,10")
    )
    assert differing(one, other) == {"repeats"}
    mine, theirs = (record.stages["repeats"] for record in (one, other))
    assert ([*mine], [*theirs]) == (
        ["seed 7", "seed 8", "seed 9"],
        ["seed 7", "seed 8", "seed 10"],
    )
    assert mine["seed 8"] == theirs["seed 8"]
    assert len({table.columns["fold"] for table in (*mine.values(), *theirs.values())}) == 4


def test_a_process_that_goes_on_is_noted_once(train: Customers) -> None:
    experiment, job = train.experiment(customers())
    child = get_context("fork").Process(target=RunRecord.of, args=(experiment, job))
    child.start()
    child.join(60)
    for _ in range(2):
        RunRecord.of(experiment, job)
    found = read_record(job.folder / PROVENANCE_FILE, Provenance)
    (later,) = found.later
    assert (child.exitcode, later.after, later.code) == (0, [], None)
    assert found.process != later.process
    assert later.environment.packages_digest == found.environment.packages_digest


def test_a_yaml_of_a_model(train: Customers, first: Provenance) -> None:
    (train.folder / "configs" / "model").mkdir()
    path = train.folder / "configs" / "model" / "logistic_regression.yaml"
    shipped = configs() / "model" / path.name
    path.write_text(shipped.read_text().replace("C: ", "C: 1"))
    other = train(customers(), fit=True)
    path.unlink()
    assert differing(first, other) == {"out_of_fold", *FITTED}
    for one in ("twin", "serving"):
        assert columns(first, other, "model", one) == ["estimator"]
    assert first.config["model"] != other.config["model"]


def test_an_older_package(
    first: Provenance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scikit_learn-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    present, known = Environment(), first.environment
    assert present.packages_digest != known.packages_digest
    assert present.packages.items() - known.packages.items() == {("scikit_learn", "1.0")}


def test_another_number_of_threads(
    train: Customers, first: Provenance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    other = train(customers())
    assert differing(first, other) == set()  # logistic regression does not depend on it
    mine, theirs = first.environment, other.environment
    assert theirs.variables.items() - mine.variables.items() == {("OMP_NUM_THREADS", "2")}
    assert theirs.packages_digest == mine.packages_digest


def test_another_salt(train: Customers, first: Provenance) -> None:
    other = train(customers(), "split.salt=other")
    assert differing(first, other) == {"split", *SCORED}
    assert columns(first, other, "split") == ["training part", "fold"]


def test_reordered_rows(train: Customers, first: Provenance) -> None:
    other = train(customers()[::-1])
    assert differing(first, other) >= DATA
    one, turned = (record.stages["typed"]["train"] for record in (first, other))
    assert one.digest != turned.digest
    assert one.unordered == turned.unordered
    mine = train.rows(1)["typed"]
    assert mine.equals(train.rows(0)["typed"][mine.index])


def test_another_time_zone_of_a_date(train: Customers, first: Provenance) -> None:
    rows = customers()
    rows["since"] = rows["since"].str.replace("+01:00", "+02:00")
    other = train(rows)
    assert differing(first, other) >= DATA | {"features"}
    assert columns(first, other, "typed") == ["since"]
    assert (train.rows(1)["typed"] != train.rows(0)["typed"]).all()
