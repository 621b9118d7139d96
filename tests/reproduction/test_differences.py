"""Comparison of a run with the run made again: values, distances, tolerance, missing stages."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data.digest import TableDigest
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.record.recorded_run import RecordedRun
from spaceship.reproduction.cells import distance, first_cell
from spaceship.reproduction.differences import Status, compare_stages
from spaceship.reproduction.suspects import find_suspects
from tests.record.customers import Customers, customers

Runs = Callable[..., RecordedRun]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Give a maker of runs, with their typed tables if wanted."""
    folder, before = tmp_path_factory.mktemp("customers"), Path.cwd()
    os.chdir(folder)
    train = Customers(folder)

    def make(rows: pd.DataFrame, *, data: bool = False, fit: bool = False) -> RecordedRun:
        train(rows, fit=fit)
        place = folder / f"run-{train.count}"
        if data:
            (tables,) = place.glob("outputs/data/*/*/*")
            tables.rename(place / "data")
        return RecordedRun.read(place)

    yield make
    os.chdir(before)


@pytest.fixture(scope="module")
def whole(runs: Runs) -> RecordedRun:
    return runs(customers(), data=True, fit=True)


def nudged(run: RecordedRun, factor: float) -> RecordedRun:
    """Return the run with one prediction changed, in its file and its digest."""
    folder = run.folder.parent / f"nudged-{factor}"
    folder.mkdir()
    table = pd.read_parquet(run.folder / OUT_OF_FOLD_FILE)
    table.loc[table.index[3], "value"] *= factor
    table.to_parquet(folder / OUT_OF_FOLD_FILE)
    stages = run.provenance.stages | {"out_of_fold": {"rows": TableDigest("another")}}
    stages["features"] = {"fold 1 learnt": TableDigest("another")}
    return RecordedRun(run.name, folder, replace(run.provenance, stages=stages))


def test_both_values_where_both_tables_are_recorded(runs: Runs, whole: RecordedRun) -> None:
    rows = customers()
    rows.loc[9, "fee"] = "0.01"
    again = runs(rows, data=True)
    difference = compare_stages(whole, again).difference
    assert difference is not None
    was = float(customers()["fee"][9])
    assert (difference.recorded, difference.again) == (repr(was), "0.01")
    assert difference.distance == distance(was, 0.01)
    (again.folder / "data").rename(again.folder / "moved")
    difference = compare_stages(whole, again).difference
    assert difference is not None
    assert (difference.row, difference.recorded, difference.again) == ("c-009", repr(was), None)


def test_moved_dates_tell_by_how_many_hours(runs: Runs, whole: RecordedRun) -> None:
    rows = customers()
    rows["since"] = rows["since"].str.replace("+01:00", "+02:00")
    again = runs(rows, data=True)
    (suspect,) = find_suspects(whole, again, compare_stages(whole, again))
    assert suspect.text.endswith("date column since, in every row: -1 h in row c-000")


def test_a_tolerance_takes_close_predictions_alone(whole: RecordedRun) -> None:
    close, far = nudged(whole, 1 + 1e-10), nudged(whole, 1 + 1e-8)
    assert compare_stages(whole, close).difference is not None
    taken = compare_stages(whole, close, tolerance=True)
    assert taken.equal
    states = {line.name: line for line in taken.stages}
    assert states["features"].status == Status.NOT_COMPARED
    assert states["out_of_fold"].status == Status.SAME
    assert states["out_of_fold"].detail == "1 row within a share of 1e-10"
    refused = compare_stages(whole, far, tolerance=True)
    assert not refused.equal
    assert refused.difference is not None
    assert refused.difference.stage == "out_of_fold"


def test_a_stage_that_was_not_made_again_is_not_equal(runs: Runs, whole: RecordedRun) -> None:
    found = compare_stages(whole, runs(customers()))
    assert found.difference is None
    assert not found.equal
    missing = [line.name for line in found.stages if line.status == Status.NOT_COMPARED]
    assert missing == ["holdout", "model"]


def test_the_same_rows_in_other_bytes_are_equal(runs: Runs, whole: RecordedRun) -> None:
    again = runs(customers().assign(fee=customers()["fee"] + "00"), fit=True)
    assert again.provenance.stages["raw"] != whole.provenance.stages["raw"]
    found = compare_stages(whole, again)
    assert found.equal
    raw = found.stages[0]
    assert (raw.status, raw.detail) == ("same", "other bytes, which mean the same")


@pytest.mark.parametrize(
    ("one", "other", "units"),
    [
        (0.0, -0.0, 0),
        (1.0, float(np.nextafter(1.0, 2.0)), 1),
        (-1.0, float(np.nextafter(-1.0, 0.0)), 1),
        (-5e-324, 5e-324, 2),
        (1.0, 2.0, 2**52),
        (1.0, float("nan"), None),
    ],
)
def test_distance_in_units_in_the_last_place(one: float, other: float, units: int | None) -> None:
    assert distance(one, other) == units == distance(other, one)


def test_an_added_row_has_no_recorded_value_and_the_order_does_not_count() -> None:
    one = pd.DataFrame({"fee": [1.0, None, 3.0]}, index=[*"abc"])
    assert first_cell(one, one[::-1]) is None
    cell = first_cell(one, one.reindex([*"abcd"]))
    assert cell is not None
    assert (cell.row, cell.recorded, cell.again, cell.rows) == ("d", None, "missing", 1)
