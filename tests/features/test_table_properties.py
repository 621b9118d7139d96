"""Properties of `features=table` on generated tasks: serving equals training, no label leaks."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spaceship.features.table import TableFeatures
from tests.features.tables import Table, rows_of, tables

many = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


def features(table: Table) -> TableFeatures:
    return TableFeatures(table.task.to_plain(), max_levels=5, encoded_levels=3, text_components=4)


def assert_same_bits(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert one.columns.tolist() == other.columns.tolist()
    assert one.index.tolist() == other.index.tolist()
    for name in one:
        left, right = one[name], other[name]
        assert left.dtype == right.dtype
        if left.dtype == np.float64:
            assert left.to_numpy().tobytes() == right.to_numpy().tobytes(), name
        else:
            assert left.equals(right), name


def by_group(table: Table) -> Iterator[pd.DataFrame]:
    for _, rows in table.frame.groupby(table.groups.to_numpy(), sort=False):
        yield rows


@many
@given(tables(), st.integers(0, 100))
def test_all_rows_at_once_shuffled_or_one_group_at_a_time_have_the_same_bits(
    table: Table, seed: int
) -> None:
    fitted = features(table).fit(table.frame, table.y)
    whole = fitted.transform(table.frame)
    shuffled = table.frame.sample(frac=1, random_state=seed)
    assert_same_bits(fitted.transform(shuffled).loc[whole.index], whole)
    alone = pd.concat([fitted.transform(rows) for rows in by_group(table)])
    assert_same_bits(alone.loc[whole.index], whole)


@many
@given(tables())
def test_columns_have_fixed_types_and_safe_unique_names(table: Table) -> None:
    fitted = features(table)
    made = fitted.fit_transform(table.frame, table.y)
    assert made.index.equals(table.frame.index)
    assert made.columns.is_unique
    assert made.columns.tolist() == fitted.get_feature_names_out().tolist()
    assert all(re.fullmatch(r"[\w.-]+", name) for name in made.columns.tolist())
    assert {str(dtype) for dtype in made.dtypes} <= {"float64", "str"}
    assert not np.isinf(made.select_dtypes("float64").to_numpy()).any()
    assert made.dtypes.equals(fitted.transform(table.frame.iloc[:0]).dtypes)


@many
@given(tables(least_rows=30), st.data())
def test_no_column_of_a_training_row_depends_on_labels_of_its_own_group(
    table: Table, data: st.DataObject
) -> None:
    groups = table.groups
    by_size = groups.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    own = (groups == data.draw(st.sampled_from([*by_size.index]))).to_numpy()
    changed = table.y.copy()
    changed[own] = ~changed[own] if changed.dtype == bool else (changed[own] + 1) % 4
    before = features(table).fit_transform(table.frame, table.y)[own]
    after = features(table).fit_transform(table.frame, changed)[own]
    shared = [name for name in before if name in after and not name.endswith("_missing")]
    assert_same_bits(before[shared], after[shared])


@many
@given(tables(least_rows=2), st.integers(0, 100))
def test_values_never_seen_keep_the_types(table: Table, seed: int) -> None:
    fitted = features(table).fit(table.frame, table.y)
    new = rows_of(table.task, 7, np.random.default_rng(seed))
    assert fitted.transform(new).dtypes.equals(fitted.transform(table.frame).dtypes)


@many
@given(tables())
def test_columns_that_only_groups_know_of_are_no_features(table: Table) -> None:
    fitted = features(table).fit(table.frame, table.y)
    made = fitted.get_feature_names_out().tolist()
    assert not any(name.startswith(("the_group", "the_id", "the_label")) for name in made)


@pytest.mark.parametrize("rows", [1, 2])
def test_the_fewest_rows_are_enough(rows: int) -> None:
    frame = pd.DataFrame({"plan": ["a", "b"][:rows], "text": ["", "one two"][:rows]})
    task = {"problem": "regression", "label": "y", "columns": {"plan": "category", "text": "text"}}
    made = TableFeatures(task).fit_transform(frame, np.arange(float(rows)))
    assert made.shape[0] == rows
