"""Columns of `features=table` on small frames: each kind of column, state, speed."""

from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spaceship.errors import ConfigError
from spaceship.features.table import TableFeatures
from spaceship.task.raw_frame import typed
from spaceship.task.task import Task


def task(columns: dict[str, Any], problem: str = "binary", **more: Any) -> dict[str, Any]:
    known = {"positive": "yes"} if problem == "binary" else {}
    return {"problem": problem, "label": "left", "columns": columns, **known, **more}


def random_levels(n_levels: int, n_rows: int, seed: int = 0) -> pd.Series:
    numbers = np.random.default_rng(seed).integers(0, n_levels, n_rows)
    return pd.Series(numbers, dtype="str")


def frame_of(code: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"code": code})


def test_numbers_booleans_and_few_levels_stay_as_they_are() -> None:
    frame = pd.DataFrame({"age": [1.5, None], "senior": ["yes", None], "plan": ["a", None]})
    columns = {"age": "number", "senior": "boolean", "plan": "category"}
    made = TableFeatures(task(columns)).fit_transform(frame)
    assert made["age"].tolist() == [1.5, pytest.approx(np.nan, nan_ok=True)]
    assert made["senior"].tolist() == [1.0, pytest.approx(np.nan, nan_ok=True)]
    assert made["plan"].dtype == "str"


def test_constant_and_empty_columns_are_left_out() -> None:
    frame = pd.DataFrame({"a": [1.0, 1.0], "b": [None, None], "c": ["x", "x"], "d": [1.0, None]})
    columns = {"a": "number", "b": "text", "c": "category", "d": "number"}
    assert TableFeatures(task(columns)).fit_transform(frame).columns.tolist() == ["d"]


def test_a_table_without_any_column_left_has_one() -> None:
    made = TableFeatures(task({"a": "number"})).fit_transform(pd.DataFrame({"a": [1.0, 1.0]}))
    assert made.to_dict("list") == {"constant": [0.0, 0.0]}


def test_dates_become_parts_elapsed_days_and_days_between_them() -> None:
    frame = pd.DataFrame(
        {
            "since": ["2024-02-29", "2023-01-01", None],
            "seen": ["2024-03-01 12:00", "2025-12-31 00:00", "2024-01-01 06:00"],
        }
    )
    made = TableFeatures(task({"since": "date", "seen": "datetime"})).fit_transform(frame)
    since = made[["since_year", "since_month", "since_day", "since_weekday", "since_days"]]
    assert [*since.loc[0]] == [2024, 2, 29, 3, 8825]
    assert made["seen_hour"].tolist() == [12, 0, 6]
    assert made["since_minus_seen"].tolist()[:2] == [-1.5, -1095]
    assert since.loc[2].isna().all()


def test_many_levels_become_mean_labels_and_counts_of_training_rows() -> None:
    code = random_levels(50, 2000)
    left = code.astype(int) % 2 == 0
    fitted = TableFeatures(task({"code": "category"})).fit(frame_of(code), left)
    made = fitted.transform(pd.DataFrame({"code": ["2", "3", "unseen", None]}))
    assert made.columns.tolist() == ["code_target", "code_count"]
    assert made["code_target"].tolist()[:3] == pytest.approx([0.5, -0.5, 0], abs=0.05)
    assert made["code_count"].tolist()[:3] == [(code == "2").sum(), (code == "3").sum(), 0]
    assert made.loc[3].isna().all()


def test_several_levels_become_mean_labels_beside_the_category() -> None:
    code = random_levels(8, 400)
    made = TableFeatures(task({"code": "category"})).fit_transform(frame_of(code), code == "3")
    assert [*made] == ["code", "code_target"]
    rows = code[:99]
    few = TableFeatures(task({"code": "category"})).fit_transform(frame_of(rows), rows == "3")
    assert [*few] == ["code"]
    assert [*TableFeatures(task({"code": "category"})).fit_transform(frame_of(code))] == ["code"]


def test_mean_labels_without_a_signal_shrink_to_nothing() -> None:
    code = frame_of(random_levels(200, 1000))
    left = np.random.default_rng(1).random(1000) < 0.5
    fitted = TableFeatures(task({"code": "category"})).fit(code, left)
    assert fitted.transform(code)["code_target"].abs().max() < 0.1


def test_several_classes_have_a_column_each() -> None:
    code = random_levels(50, 500)
    fitted = TableFeatures(task({"code": "category"}, "multiclass"))
    made = fitted.fit_transform(frame_of(code), code.astype(int) % 3)
    assert made.columns.tolist() == [
        "code_target_0",
        "code_target_1",
        "code_target_2",
        "code_count",
    ]


def test_training_rows_have_mean_labels_of_other_groups() -> None:
    code = random_levels(40, 400)
    frame = pd.DataFrame({"code": code, "house": code})  # each level within one group
    features = TableFeatures(task({"code": "category"}, group="house"))
    left = code.astype(int) % 2 == 0
    assert (features.fit_transform(frame, left)["code_target"] == 0).all()
    assert (features.transform(frame)["code_target"] != 0).all()


def test_group_size_counts_the_rows_of_a_call_where_groups_are_small() -> None:
    frame = pd.DataFrame({"age": [1.0, 2.0, 3.0], "house": ["a", "a", "b"]})
    plan = task({"age": "number"}, group="house")
    assert TableFeatures(plan).fit_transform(frame)["group_size"].tolist() == [2, 2, 1]
    assert "group_size" not in TableFeatures(plan, largest_group=1).fit_transform(frame)


def test_group_size_is_left_out_where_it_has_nothing_to_do_with_the_label() -> None:
    sizes = np.repeat([1, 2, 3], 40)
    house = np.repeat(np.arange(len(sizes)), sizes)
    frame = pd.DataFrame({"age": np.arange(float(len(house))), "house": house.astype(str)})
    features = TableFeatures(task({"age": "number"}, group="house"))
    large = np.repeat(sizes, sizes) == 3
    assert "group_size" in features.fit_transform(frame, large)
    assert "group_size" not in features.fit_transform(frame, house % 2 == 0)


def test_texts_become_components_length_and_words() -> None:
    words = ["red apple", "green apple", "red car", "green car", None]
    frame = pd.DataFrame({"note": pd.Series(words * 4, dtype="str")})
    made = TableFeatures(task({"note": "text"}), text_components=2).fit_transform(frame)
    assert made.columns.tolist() == ["note_length", "note_words", "note_text_1", "note_text_2"]
    assert [*made.loc[0, ["note_length", "note_words"]]] == [9, 2]
    assert made.loc[4].isna().all()


@pytest.mark.parametrize("texts", [["", ""], ["!", "?"], ["a", None], ["x", "x"]])
def test_texts_with_hardly_a_word_are_no_fault(texts: list[str]) -> None:
    frame = pd.DataFrame({"note": texts, "age": [1.0, 2.0]})
    fitted = TableFeatures(task({"note": "text", "age": "number"})).fit(frame)
    new = pd.DataFrame({"note": ["never seen before", None], "age": 1.0})
    assert len(fitted.transform(new)) == 2


def test_gaps_are_flagged_where_they_go_with_the_label() -> None:
    rng = np.random.default_rng(0)
    left = rng.random(400) < 0.5
    paid, due = (np.where(mark, np.nan, 1.0) for mark in (left, rng.random(400) < 0.5))
    frame = pd.DataFrame({"paid": paid, "same": paid, "due": due})
    plan = task(dict.fromkeys(["paid", "same", "due"], "number"))
    assert TableFeatures(plan).fit_transform(frame, left).columns.tolist()[3:] == ["paid_missing"]


def test_names_that_clash_or_that_estimators_refuse_are_mended() -> None:
    frame = pd.DataFrame({"d": ["2024-01-01", "2025-02-02"], "d_year": [1, 2], "x[0]": [1, 2]})
    columns = {"d": "date", "d_year": "number", "x[0]": "number"}
    made = TableFeatures(task(columns)).fit_transform(frame)
    assert made.columns.tolist()[:3] == ["d_year", "x_0", "d_year_2"]


def test_infinite_numbers_are_missing_and_huge_ones_fit_into_32_bits() -> None:
    frame = pd.DataFrame({"pay": [np.inf, -1e300, 1.0]})
    made = TableFeatures(task({"pay": "number"})).fit_transform(frame)["pay"]
    assert made.isna().tolist() == [True, False, False]
    assert np.isfinite(made.astype("float32")[1:]).all()


@pytest.mark.parametrize("limits", [{"max_levels": 1}, {"max_levels": 999}, {"smoothing": 0.0}])
def test_limits_out_of_range_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"features.{next(iter(limits))}"):
        TableFeatures(task({"a": "number"}), **limits).fit(pd.DataFrame({"a": [1.0, 2.0]}))


def test_four_hundred_columns_and_a_hundred_thousand_levels_take_seconds() -> None:
    columns: dict[str, Any] = {f"n{number}": "number" for number in range(400)}
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(100, 400)), columns=[*columns])
    assert TableFeatures(task(columns)).fit_transform(wide).shape == (100, 400)
    code = frame_of(random_levels(100_000, 150_000))
    start = process_time()
    TableFeatures(task({"code": "category"})).fit_transform(code, np.arange(150_000) % 2 == 0)
    assert process_time() - start < 10


def test_a_typed_frame_and_its_raw_one_give_the_same_columns() -> None:
    raw = pd.DataFrame({"n": ["1", "2", None], "t": ["2024-01-01", None, "2024-05-05"]})
    plan = task({"n": "number", "t": "date"})
    fitted = TableFeatures(plan).fit(raw)
    whole = typed(raw, Task.read(plan).raw)
    pd.testing.assert_frame_equal(fitted.transform(raw), fitted.transform(whole))
