"""Runs that compare only in part: of other tasks, sources or data, without ids, without files."""

import pandas as pd
import pytest

from spaceship.comparison.comparison import FigureChange
from spaceship.comparison.data_changes import RowChanges, by_contents
from tests.comparison.runs import Runs
from tests.record.customers import customers
from tests.tracking.scored_runs import scored


def test_runs_of_two_tasks_have_no_scores_in_common(runs: Runs, first: str) -> None:
    assert runs.experiment is not None
    other = scored(runs.experiment.store, "lgbm", 0.9, {"task": "wine", "git_sha": "ba7"})
    found = runs.compare(first, other)
    assert found.notes[0].startswith("The runs are of different tasks (task and wine)")
    assert not found.same
    assert (found.data, found.metrics, found.tests, found.slices) == (None, (), (), ())
    assert str(found.changes.commit) == "commit f00 → ba7"


def test_runs_without_files_are_compared_by_tables_alone(runs: Runs, first: str) -> None:
    assert runs.experiment is not None
    store, tags = runs.experiment.store, {"task": "task", "data_source": "local"}
    one, other = (scored(store, "lgbm", score, tags) for score in (0.5, 0.75))
    found = runs.compare(one, other)
    assert found.metrics == [FigureChange("cv_accuracy", 0.5, 0.75)]
    assert f"No paired test: no out-of-fold predictions of {one} and {other}." in found.notes
    assert runs.compare(one, scored(store, "lgbm", 0.5, tags)).same
    assert runs.compare(first, one).data is not None, "another digest is all that is known"


def test_rows_of_another_source_are_the_same_if_all_values_are(runs: Runs, first: str) -> None:
    rows = customers()
    rows["fee"] = (rows["fee"].astype(float) + (rows.index % 2)).astype(str)
    run_id = runs.train(rows=rows, judge=False)
    assert runs.experiment is not None
    runs.experiment.store.client.set_tag(run_id, "data_source", "sql")
    found = runs.compare(first, run_id)
    assert found.notes[0].startswith("The data come from different sources (local and sql)")
    assert f"The typed tables of {run_id} are not stored" in found.notes[1]
    (test,) = found.tests
    ids = runs.out_of_fold(run_id).index
    assert test.rows == sum(int(one.removeprefix("c-")) % 2 == 0 for one in ids)
    assert found.data is None, "ids of two sources are no common names"


@pytest.mark.parametrize(
    ("old", "new", "added", "removed", "reordered"),
    [
        ([1, 2, 3], [1, 2, 3], 0, 0, False),
        ([1, 2, 3], [9, 1, 2, 3], 1, 0, False),
        ([1, 2, 2], [1, 2], 0, 1, False),
        ([1, 2, 3], [3, 1, 2], 0, 0, True),
        ([], [1, 1], 2, 0, False),
    ],
)
def test_rows_without_ids_are_named_by_their_contents(
    old: list[int], new: list[int], *, added: int, removed: int, reordered: bool
) -> None:
    sides = (by_contents(pd.Series(one, dtype="uint64")) for one in (old, new))
    found = RowChanges.between(*sides)
    assert (found.added, found.removed, found.changed) == (added, removed, 0)
    assert found.reordered == reordered
