"""A run that has a record: the record and the files beside it, as a folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import pandas as pd

from spaceship.data._base import Key
from spaceship.errors import RegistryError, expected
from spaceship.evaluation.holdout_predictions import HOLDOUT_FILE
from spaceship.evaluation.out_of_fold import OUT_OF_FOLD_FILE
from spaceship.record.run_record import DATA_FOLDER, ROWS_FILE, Provenance
from spaceship.records import read_record
from spaceship.registry.registry import PROVENANCE_FILE

RECORD_FILES = (PROVENANCE_FILE, ROWS_FILE, OUT_OF_FOLD_FILE, HOLDOUT_FILE)
"""Files of a record; all but the first may be missing."""


@dataclass(frozen=True)
class RecordedRun:
    """The record of a run, in a folder that holds `RECORD_FILES`.

    >>> from spaceship.record.run_record import RunRecord
    >>> RunRecord.start(experiment, tmp_path, None).loaded(people)
    >>> run = RecordedRun.read(tmp_path)
    >>> run.name == tmp_path.name, [*run.provenance.stages], run.rows is None
    (True, ['raw', 'typed'], True)
    """

    name: str  # in messages: an id, `champion`, `version 3`, the name of a folder
    folder: Path
    provenance: Provenance

    @classmethod
    def read(cls, folder: Path, name: str = "") -> Self:
        """Return the run of a folder; raise RegistryError if its record is missing or broken."""
        path, name = folder / PROVENANCE_FILE, name or folder.name
        if not path.is_file():
            do = "take a run that trained or prepared, of this release or a later one"
            raise RegistryError(expected(f"the record of {name}", f"no {PROVENANCE_FILE}", do))
        return cls(name, folder, read_record(path, Provenance))

    @property
    def raw(self) -> Key:
        """The fingerprint of the data source, as `DataSource.fingerprint`; empty: not recorded."""
        tables = {name: one.digest for name, one in self.provenance.stages.get("raw", {}).items()}
        return tables.get("source", tables or "")

    @cached_property
    def rows(self) -> pd.DataFrame | None:
        """A line per labelled row: `id`, `typed`, `fold`, `features`; None: not recorded."""
        return self._table(ROWS_FILE)

    @cached_property
    def out_of_fold(self) -> pd.DataFrame | None:
        """Out-of-fold predictions by `id`; None: not recorded."""
        return self._table(OUT_OF_FOLD_FILE)

    @cached_property
    def holdout(self) -> pd.DataFrame | None:
        """Predictions for the hold-out, as text; None: not recorded."""
        path = self.folder / HOLDOUT_FILE
        return pd.read_csv(path, dtype="str", keep_default_na=False) if path.is_file() else None

    @property
    def data(self) -> Path | None:
        """The folder of the typed tables; None: not recorded."""
        folder = self.folder / DATA_FOLDER
        return folder if folder.is_dir() else None

    def _table(self, name: str) -> pd.DataFrame | None:
        path = self.folder / name
        return pd.read_parquet(path) if path.is_file() else None
