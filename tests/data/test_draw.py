"""A sample is the same whole groups from any format, in any order, whatever is held out."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spaceship.data.cache import load_dataset
from spaceship.data.draw import Sample
from spaceship.data.local import LocalData
from spaceship.data.sql import SqlData
from spaceship.data.synthetic import SyntheticData
from spaceship.errors import DataError
from spaceship.split.holdout import holdout_mask
from spaceship.task.task import Task
from tests.data.databases import Make, make

__all__ = ["make"]  # a fixture
SHOPS = Task.read(
    {
        "name": "shops",
        "problem": "regression",
        "label": "sales",
        "group": "town",
        "columns": {"size": "number", "town": "number"},
        "files": {"train": "train.csv", "test": None, "sample": None},
    }
)
N_ROWS = 3000


@pytest.fixture(scope="module")
def shops() -> pd.DataFrame:
    """Give rows whose groups are numbers, of about three rows each and not side by side."""
    draw = np.random.default_rng(1)
    towns, sizes = draw.integers(1000, size=N_ROWS), np.arange(N_ROWS) / 4
    return pd.DataFrame({"size": sizes, "town": towns, "sales": sizes})


def sizes(source: LocalData | SqlData, size: float) -> list[float]:
    source.sample = Sample(size)
    train = source.drawn(SHOPS).train
    assert train.drawn_from == N_ROWS
    return sorted(train.frame["size"].astype(float))


def in_file(folder: Path, shops: pd.DataFrame, form: str) -> LocalData:
    path = folder / f"train.{form}"
    if form == "parquet":
        shops.astype({"town": "float64"}).to_parquet(path)
    else:
        text = shops.to_csv(index=False).encode()
        path.write_bytes(gzip.compress(text) if form == "csv.gz" else text)
    return LocalData(train=path)


@pytest.mark.parametrize("size", [0.2, 500])
def test_every_format_gives_the_same_rows(shops: pd.DataFrame, tmp_path: Path, size: float) -> None:
    drawn = {form: sizes(in_file(tmp_path, shops, form), size) for form in ("csv", "parquet")}
    drawn["csv.gz"] = sizes(in_file(tmp_path, shops[::-1], "csv.gz"), size)
    assert drawn["csv"] == drawn["parquet"] == drawn["csv.gz"]
    assert 450 < len(drawn["csv"]) < 750
    whole = shops["town"].isin(shops["town"][shops["size"].isin(drawn["csv"])])
    assert whole.sum() == len(drawn["csv"])


@pytest.mark.parametrize("size", [0.2, 500])
def test_a_database_gives_the_rows_of_a_file(
    shops: pd.DataFrame, tmp_path: Path, make: Make, size: float
) -> None:
    values = ", ".join(f"({size_}, {town}, {sales})" for size_, town, sales in shops.to_numpy())
    table = "CREATE TABLE shops (size double precision, town integer, sales double precision)"
    url = make(table, f"INSERT INTO shops VALUES {values}")
    assert sizes(SqlData(url, "shops"), size) == sizes(in_file(tmp_path, shops, "csv"), size)
    ordered = SqlData(url, "SELECT * FROM shops ORDER BY size DESC")
    ordered.sample = Sample(size)
    assert ordered.drawn(SHOPS).train.frame["size"].is_monotonic_decreasing


def test_a_draw_of_so_many_rows_holds_hardly_more(shops: pd.DataFrame) -> None:
    parts = [shops[at : at + 100] for at in range(0, N_ROWS, 100)]
    (few, seen), (more, _) = (Sample(size).draw(parts, SHOPS) for size in (40, 90))
    assert seen == N_ROWS
    assert 40 <= sum(map(len, few)) < 50
    assert {*pd.concat(few)["size"]} < {*pd.concat(more)["size"]}
    assert sum(map(len, Sample(N_ROWS * 2).draw(parts, SHOPS)[0])) == N_ROWS


def test_a_small_share_draws_the_first_group_of_a_larger_one(shops: pd.DataFrame) -> None:
    parts = [shops[at : at + 100] for at in range(0, N_ROWS, 100)]
    (one, _), (few, _) = (Sample(size).draw(parts, SHOPS) for size in (1e-9, 1))
    drawn = pd.concat(one)
    assert len({*drawn["town"]}) == 1
    assert drawn.equals(pd.concat(few))
    assert len(drawn) == (shops["town"] == drawn["town"].iloc[0]).sum()


def test_a_sample_of_much_can_be_one_of_few_rows_to_predict(tmp_path: Path, task: Task) -> None:
    tables = SyntheticData(600, 1, 0.0, 0.3).read(task)
    assert tables.test is not None
    tables.train.frame.to_csv(tmp_path / "train.csv", index=False)
    tables.test.frame.head(3).to_csv(tmp_path / "test.csv", index=False)
    source = LocalData(tmp_path)
    source.sample = Sample(0.1)
    assert load_dataset(source, task, tmp_path)[0].summary.endswith(", predict all")


@pytest.mark.parametrize("salt", ["spaceship", "data.sample"])
def test_what_is_held_out_has_no_say_in_the_draw(task: Task, salt: str) -> None:
    rows = SyntheticData(3000, 1, 0.0, 0.01).read(task).train.frame
    names = task.group_names(rows)
    held, _ = holdout_mask(names, task, fraction=0.2, salt=salt)
    [drawn], _ = Sample(0.3).draw([rows.set_axis(range(len(rows)))], task)
    kept = np.isin(names, task.group_names(drawn))
    assert 0.15 < held[kept].mean() < 0.25
    again, _ = holdout_mask(names[kept], task, fraction=0.2, salt=salt)
    assert (again == held[kept]).all()


def test_rows_without_a_group_column_fail_as_ever(shops: pd.DataFrame, tmp_path: Path) -> None:
    shops.drop(columns="town").to_csv(tmp_path / "train.csv", index=False)
    source = LocalData(tmp_path)
    source.sample = Sample(0.1)
    with pytest.raises(DataError, match="missing: town"):
        load_dataset(source, SHOPS, tmp_path)


def test_a_fault_names_the_line_of_the_file(shops: pd.DataFrame, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        broken = shops.astype({"sales": object}).assign(sales="much")
        path = in_file(tmp_path, broken.astype({"sales": "str"}), form)
        path.sample = Sample(10)
        first = int(path.drawn(SHOPS).train.frame.index[0])
        with pytest.raises(DataError, match=f" {first}[ ,:)]"):
            load_dataset(path, SHOPS, tmp_path)


def test_the_cache_tells_samples_apart(tmp_path: Path, task: Task) -> None:
    found = []
    for size in (None, 0.5, 100, 100):
        source = SyntheticData(300, 1, 0.0, 0.3)
        source.sample = None if size is None else Sample(size)
        found.append(load_dataset(source, task, tmp_path)[0])
    whole, half, few, again = found
    assert (whole.drawn_from, half.drawn_from) == (0, len(whole.train))
    assert len(few.train) < len(half.train) < len(whole.train)
    assert again.train.equals(few.train)
    assert again.drawn_from == len(whole.train)
    assert f"(a sample of {len(whole.train)})" in few.summary
    assert whole.test is not None
    assert few.test is not None
    assert whole.test.equals(few.test)
