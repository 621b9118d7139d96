"""Tables of a recorded run by stage, as far as their values are recorded."""

from collections.abc import Collection

import pandas as pd
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from spaceship.evaluation.holdout_predictions import places_of_values
from spaceship.evaluation.report import OUT_OF_FOLD
from spaceship.record.recorded_run import RecordedRun
from spaceship.record.run_record import DATA_FOLDER
from spaceship.record.stages import OUTSIDE, UNTESTED

HASHES = ("typed", "features")  # columns of `RecordedRun.rows`: they name a row, no value
_SIDES = {OUTSIDE: "outside the training part", UNTESTED: "tested by no fold"}


def table_of(
    run: RecordedRun, stage: str, table: str, columns: Collection[str]
) -> pd.DataFrame | None:
    """Return a table of a stage with an index of ids; None: its values are not recorded.

    Of the typed tables it has the given columns, of features a hash of the row.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> table_of(RecordedRun.read(tmp_path), "split", "train", ["fold"]) is None
    True
    """
    if stage == "typed":
        return typed_table(run, table, columns)
    if stage == "split":
        folds = _rows(run, "fold")
        return None if folds is None else folds.assign(fold=folds["fold"].map(_side))
    if stage == "features":
        return _rows(run, "features")
    if stage == OUT_OF_FOLD and (found := run.out_of_fold) is not None:
        return found[[name for name in found if str(name).startswith("value")]]
    if stage == "holdout" and (found := run.holdout) is not None:
        values = found.iloc[:, places_of_values([*map(str, found.columns)])]
        return values.map(float).set_index(found.iloc[:, 0].astype("str"))
    return None


def typed_hashes(run: RecordedRun) -> pd.DataFrame | None:
    """Return a hash of the typed values of each labelled row, by id; None: not recorded.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> typed_hashes(RecordedRun.read(tmp_path)) is None
    True
    """
    return _rows(run, "typed")


def typed_table(run: RecordedRun, table: str, columns: Collection[str]) -> pd.DataFrame | None:
    """Return columns of a typed table by id, those that it has; None: not recorded.

    >>> from spaceship.data.cache import write_dataset
    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> write_dataset(people, tmp_path / DATA_FOLDER)
    >>> typed_table(RecordedRun.read(tmp_path), "train", [task.label]).columns.tolist() == [
    ...     task.label
    ... ]
    True
    """
    path = run.folder / DATA_FOLDER / f"{table}.parquet"
    if not path.is_file():
        return None
    name = run.provenance.config.get("task", {}).get("id")
    known = pq.read_schema(path).names
    found = pd.read_parquet(path, columns=[one for one in known if one in {name, *columns}])
    if name is None:
        return found.set_axis((found.index + 1).astype("str"))
    return found.set_index(found[name].astype("str"))[[one for one in found if one in columns]]


def _rows(run: RecordedRun, column: str) -> pd.DataFrame | None:
    rows = run.rows
    return None if rows is None else rows.set_index(rows["id"].astype("str"))[[column]]


def _side(fold: int) -> str:
    return _SIDES.get(fold, f"fold {fold}")
